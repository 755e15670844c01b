# shellcheck shell=bash
# Who changed what, when, and how it ended: lines in the journal, which `journalctl --identifier slipway` shows.
# Installed as /usr/local/lib/slipway/lib/history.sh. Check: shellcheck history.sh

operator() { # who has asked for this, through sudo too; of a timer, the user that its unit runs as
  echo "${SUDO_USER:-$(logname 2>/dev/null || id -un)}"
}

begin_record() { # begin_record WHAT: it is closed when this process ends; what one command has others do is its own
  [[ -z ${SLIPWAY_RECORDED-} ]] || return 0
  export SLIPWAY_RECORDED=$1
  recorded=$1
  record "begins"
  trap 'end_record "$?"' EXIT
}

end_record() { # end_record STATUS: for commands that have a trap of their own; says what was concluded or refused
  if [[ -z ${recorded-} ]]; then return; fi
  if (($1 > 0 && $1 < 128)); then
    record "FAILED${outcome:+: $outcome}"
  elif (($1 == 0)) && [[ -n ${outcome-} ]]; then
    record "done: $outcome"
  else
    record "cut off"  # by a signal
  fi
  recorded=''
}

record() { # a journal that is away stops nobody
  logger --tag slipway -- "$(operator): $recorded: ${1%%$'\n'*}" || true
}
