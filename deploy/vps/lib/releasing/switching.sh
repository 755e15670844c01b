# shellcheck shell=bash
# Puts a release into service beside the one that serves, and takes back whatever was done when a step fails.
# Installed as /usr/local/lib/slipway/lib/releasing/switching.sh. Check: shellcheck switching.sh

phase=nothing  # what `undo` has to take back: nothing, started, switched; or finished

put_into_service() { # put_into_service RELEASE
  former=$(live_colour) next=$(idle_colour)
  former_at_next=$(readlink "/srv/slipway/$next" || true)
  former_current=$(readlink "$CURRENT" || true)
  printf -v began '%(%s)T' -1

  phase=started
  point "/srv/slipway/$next" "releases/$1"
  systemctl stop "slipway-web@$next.service" "slipway-web@$next.socket"  # should somebody have started it by hand
  say "Starting $next"
  start_instance "$next" || refuse "$1 did not become ready"
  smoke_test "$1" --unix-socket "/run/slipway/$next/web.sock" || refuse "$1 has started, but does not answer as it should"

  phase=switched
  switch_to "$next" "releases/$1"
  say "Switched to $next"
  smoke_test_in_public "$1" || refuse "the public address does not answer as it should"
  if [[ -n $former ]]; then drain "$former"; fi
  workers_settle "$began" || refuse "a worker does not run" "journalctl --unit 'slipway-worker@*' --lines 50"

  phase=finished
  if [[ -n $former_current && ${former_current##*/} != "$1" ]]; then point "$FORMER_RELEASE" "$former_current"; fi
  if [[ -n $former ]]; then stop_instance "$former"; fi
  systemctl start slipway.target
}

serve_again() { # serve_again RELEASE: one that was built before, with the settings as they are now
  run_unit "slipway-check@$1.service" || refuse "$1 does not start here; what it says is above" "mend $SETTINGS"
  put_into_service "$1"
  tell_who_serves "$1"
}

tell_who_serves() { # tell_who_serves RELEASE
  conclude "$(called "$1") serves at $next since $(date +%T), $SECONDS s after the beginning."
}

switch_to() { # switch_to COLOUR CURRENT: nobody's connection is closed; either may be empty, before the first release
  point "$LIVE" "${1:+/run/slipway/$1}"
  point "$CURRENT" "$2"
  sync --file-system "${LIVE%/*}" "${CURRENT%/*}"
  if [[ -n $2 ]]; then restart_workers; else stop_workers; fi
}

smoke_test() { # smoke_test RELEASE OPTION...: the test that came with the release, as the user that Nginx is
  local said command=(sh "$RELEASES/$1/deploy/smoke_test.sh" "${@:2}")
  if [[ $(setting HSTS_SECONDS) == 0 ]]; then command+=(--no-hsts); fi
  if said=$(cd / && runuser -u www-data -- "${command[@]}" "$(setting PUBLIC_URL)" 2>&1); then return 0; fi
  printf '%s\n' "$said" | sed 's/^/  | /' >&2
  return 1
}

smoke_test_in_public() { # smoke_test_in_public RELEASE: that a certificate has ended is no reason to go back
  local trust=(--insecure)
  if openssl x509 -in "$TLS/fullchain.pem" -noout -checkend 0 >/dev/null; then
    install --mode 644 "$TLS/fullchain.pem" "$scratch/chain.pem"
    trust=(--cacert "$scratch/chain.pem")
  fi
  smoke_test "$1" --resolve 127.0.0.1 "${trust[@]}"
}

undo() { # at the end of the command, however it came: take back what does not stand
  local status=$?
  trap '' EXIT INT TERM HUP
  set +e
  if [[ $phase == switched ]]; then
    switch_to "$former" "$former_current"
    if [[ -n $former ]]; then say "Switched back to $former"; fi
    drain "$next"
  fi
  if [[ $phase == started || $phase == switched ]]; then
    stop_instance "$next"
    point "/srv/slipway/$next" "$former_at_next"
  fi
  if [[ -n ${made-} && $phase != finished ]]; then rm -rf -- "$made"; fi
  if [[ -n ${made-} || $phase != nothing ]] && [[ $phase != finished ]]; then
    complain "Not done; as before, $(serving) serves."
  fi
  rm -rf -- "${scratch:?}"
  end_record "$status"
  exit "$status"
}

undo_if_it_fails() { # once the lock is held
  rm -rf -- "$RELEASES"/.building-*  # of one that was killed
  scratch=$(mktemp --directory "$RELEASES/.building-XXXXXX")
  chmod 711 "$scratch"
  trap undo EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
