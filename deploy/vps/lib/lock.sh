# shellcheck shell=bash
# One operator at a time: whoever changes what serves holds a lock, and says so in it and in the journal.
# Installed as /usr/local/lib/slipway/lib/lock.sh. Check: shellcheck lock.sh

hold_lock() { # hold_lock WHAT: until this process ends, however it does; a second one is refused at once
  exec {lock_fd}>>"$LOCK"
  if ! flock --timeout 1 "$lock_fd"; then  # `slipway status` looks at it for a moment
    refuse "another operator is at it: $(<"$LOCK")" "slipway status, and try again when that has ended"
  fi
  printf '%s: slipway %s, since %(%FT%T%z)T, process %s\n' "$(operator)" "$1" -1 "$$" >"$LOCK"
  [[ -n ${dry_run-} ]] || begin_record "$1"
}

without_lock() { # without_lock COMMAND...: for programs that may leave something behind, which would keep the lock
  "$@" {lock_fd}>&-
}

lock_holder() { # who holds it, or nothing
  if [[ -e $LOCK ]] && ! flock --nonblock "$LOCK" true; then cat "$LOCK"; fi
}
