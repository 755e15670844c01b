# shellcheck shell=bash
# How commands speak: plain lines for what is done, one refusal with the next command to type.
# Installed as /usr/local/lib/slipway/lib/saying.sh. Check: shellcheck saying.sh

say() { # say TEXT...
  printf '%s\n' "$*"
}

conclude() { # conclude TEXT...: what the command has come to; the journal has it too
  outcome=$*
  say "$outcome"
}

complain() { # complain TEXT...: what an operator has to know, beside what was done
  printf '%s\n' "$*" >&2
}

refuse() { # refuse REASON [NEXT-COMMAND]: end with status 1
  outcome=$1
  printf '%s: %s\n' "slipway ${0##*/}" "$1" >&2
  if [[ -n ${2-} ]]; then printf 'Next: %s\n' "$2" >&2; fi
  exit 1
}

usage() { # usage PROBLEM: end with status 2
  printf '%s: %s; --help explains\n' "slipway ${0##*/}" "$1" >&2
  exit 2
}

show_help() { # the comment at the top of the script
  sed -n '1d; /^#/!q; s/^# \{0,1\}//p' "$0"
}

need_root() { # need_root [ARGUMENT...]: those of the command, to be shown again
  local command=$0
  if [[ $0 == "$LIB"/* ]]; then command="slipway ${0##*/}"; fi
  ((EUID == 0)) || refuse "only root may do this" "sudo $command${*:+ $*}"
}

setting() { # setting NAME: its value in the settings file, or nothing; quotes are the shell's
  local line
  [[ -r $SETTINGS ]] || return 0
  line=$(sed -nE "s/^[[:space:]]*(export )?$1=//p" "$SETTINGS" | tail -n 1)
  line=${line%%[[:space:]]#*}
  line=${line//[\"\']/}
  printf '%s' "${line%"${line##*[![:space:]]}"}"
}
