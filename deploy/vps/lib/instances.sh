# shellcheck shell=bash
# The units of a release: start them, look whether they are ready, let them drain, show what they said.
# Installed as /usr/local/lib/slipway/lib/instances.sh. Check: shellcheck instances.sh

run_unit() { # run_unit UNIT: start it; when that fails show what it said
  local began result
  printf -v began '%(%s)T' -1
  if systemctl start "$1" 2>/dev/null; then return 0; fi
  result=$(systemctl show --value --property Result "$1")
  complain "$1 failed ($result); its last lines:"
  last_lines "$1" "$began" >&2
  systemctl stop "$1" 2>/dev/null || true
  systemctl reset-failed "$1" 2>/dev/null || true
  return 1
}

last_lines() { # last_lines UNIT SINCE: what it wrote to the journal since that second
  journalctl --sync 2>/dev/null || true
  # With --since, --lines would be the first ones.
  journalctl --quiet --unit "$1" --since "@$2" --output cat --no-pager | tail -n 20 | sed 's/^/  | /'
}

start_instance() { # start_instance COLOUR: now, where systemd waits until it is ready, and at the next boot
  systemctl --quiet enable "slipway-web@$1.socket" "slipway-web@$1.service"
  run_unit "slipway-web@$1.service"
}

stop_instance() { # stop_instance COLOUR: what it is answering is finished first
  local units=("slipway-web@$1.service" "slipway-web@$1.socket")
  systemctl --quiet disable "${units[@]}"
  systemctl stop "${units[@]}"
  systemctl reset-failed "${units[@]}" 2>/dev/null || true
}

connections() { # connections COLOUR: how many are open to the instance's socket; its only client is Nginx
  awk -v path="/run/slipway/$1/web.sock" '$6 == "03" && $8 == path { n++ } END { print n + 0 }' /proc/net/unix
}

drain() { # drain COLOUR: wait until nobody is connected; Nginx opens no new connection there, and keeps one for seconds
  # Told to stop, Gunicorn answers for two more seconds, and closes what is idle then: a POST that is sent at that moment
  # would be lost, because it may not be repeated.
  local deadline=$((SECONDS + 60))
  while (($(connections "$1") > 0)); do
    if ((SECONDS >= deadline)); then
      complain "After a minute $(connections "$1") are still connected to $1; it answers what they asked, and stops."
      return
    fi
    sleep 0.2
  done
}

workers() { # the units of workers that are enabled on this machine
  systemctl show --value --property Wants slipway.target | tr ' ' '\n' | grep '^slipway-worker@' || true
}

restart_workers() { # on the code of `current`; each finishes the job that it has, which is not waited for here
  local units
  mapfile -t units < <(workers)
  if ((${#units[@]})); then systemctl --no-block restart "${units[@]}"; fi
}

stop_workers() { # before the first release there is nothing for them to run
  local units
  mapfile -t units < <(workers)
  if ((${#units[@]})); then systemctl stop "${units[@]}"; fi
}

workers_settle() { # workers_settle SINCE: wait until all were started after that second; 1 if one does not stay up
  local unit deadline=$((SECONDS + 300))
  for unit in $(workers); do
    # Until then it is finishing a job; what is known of it is about the former release.
    until started_since "$unit" "$1" && [[ $(property "$unit" ActiveState) == active ]]; do
      if ((SECONDS >= deadline)) || { started_since "$unit" "$1" && has_failed "$unit"; }; then
        complain "$unit does not stay up; its last lines:"
        last_lines "$unit" "$1" >&2
        return 1
      fi
      sleep 0.2
    done
  done
}

started_since() { # started_since UNIT SECOND
  local started
  started=$(property "$1" ExecMainStartTimestamp)
  ((${started#@} >= $2))
}

has_failed() { # has_failed UNIT: or systemd has started it once more by itself
  [[ $(property "$1" ActiveState) == failed || $(property "$1" NRestarts) != 0 ]]
}

missing_secrets() { # a line for each file that a unit is to take a secret from and that is not there: it, and who names it
  local units id path place
  units=$(workers | xargs systemctl cat slipway-{web@blue,check@any,migrate@any}.service 2>/dev/null)
  awk '/^# \// { place = $2 } sub("^LoadCredential=", "") { sub(":", " "); print $0, place }' <<<"$units" | sort --unique \
    | while read -r id path place; do
      # Where there is a default, the unit starts with that, and the application says what is missing.
      if [[ $path == /* && ! -e $path && $units != *$'\n'"SetCredential=$id:"* ]]; then echo "$path $place"; fi
    done
}

property() { # property UNIT NAME: as systemd has it; times as @SECONDS
  systemctl show --timestamp unix --value --property "$2" "$1"
}
