# shellcheck shell=bash disable=SC2153,SC2154 # here, tree, changes, workers and outside are variables of provision
# The operator's commands and the units, as this tree has them.
# Installed as /usr/local/lib/slipway/lib/preparing/commands.sh. Check: shellcheck commands.sh

commands() { # the folder that provision is in, to where `slipway` looks for them
  our_files "commands" < <(
    echo "$here/slipway /usr/local/sbin/slipway 755"
    find "$here" -type f -executable ! -name slipway -printf "%p $LIB/%P 755\n"
    find "$here" -type f ! -executable -printf "%p $LIB/%P 644\n"
  )
}

repository() { # where `slipway release REF` finds the history
  local clone
  clone=$(git -C "$tree" rev-parse --show-toplevel 2>/dev/null) || return 0
  [[ $(cat "$REPOSITORY_NOTE" 2>/dev/null) == "$clone" ]] \
    || change "releases are taken from $clone" note_repository "$clone"
}

note_repository() {
  echo "$1" >"$REPOSITORY_NOTE"
}

units() {
  local before=$changes n
  [[ $outside != inside || ! -e $OUTSIDE ]] || change "the service calls nobody outside: without $OUTSIDE" rm "$OUTSIDE"
  our_files "units" < <(cd "$tree/deploy/systemd" && find . -type f -printf '%P\n' | sort | while read -r path; do
    place_unit "$path"
  done)
  ((changes == before)) || change "systemd reads its units again" systemctl daemon-reload
  if [[ -e $tree/deploy/systemd/slipway-worker@.service ]]; then # a tree without jobs has none
    for ((n = 1; n <= workers; n++)); do enabled "slipway-worker@$n.service"; done
  fi
  enabled slipway.target
  started slipway-backup.timer slipway-restore-drill.timer slipway-health.timer
}

units_are_newer() { # than the instance that serves, which keeps its sandbox until it ends
  local started
  started=$(property "slipway-web@$(live_colour).service" ActiveEnterTimestamp)
  [[ $started == @[1-9]* && -n $(find "$UNITS"/slipway-* -newermt "$started" -print -quit) ]]
}

place_unit() { # place_unit PATH: prints source, target and mode
  local target
  case $1 in
    outside.conf) target="$OUTSIDE 644" ;;
    *.service | *.socket | *.target | *.timer | *.d/*.conf) target="$UNITS/$1 644" ;;
    *) target="$LIB/$1 755" ;; # what units call
  esac
  [[ $1 == outside.conf && $outside != outside && ! -e $OUTSIDE ]] || echo "$tree/deploy/systemd/$1 $target"
}
