# shellcheck shell=bash disable=SC2034 # release has a variable in common
# A service's containers, replaced without a moment in which nobody is there: new ones beside, then without the former.
# Sourced by deploy/docker/release. Check: shellcheck -x -P SCRIPTDIR ../release

PASSED_OVER=3 # seconds; fail_timeout in deploy/docker/edge/slipway.conf is less

replace() { # replace SERVICE: fails, and leaves the former as they were, if the new ones do not become ready
  local ids
  service=$1 failed=''
  remove_ended
  ids=$(containers "$service") || return
  # shellcheck disable=SC2206 # an id is one word
  former=($ids)
  kept=$(tags "${former[@]}")
  trap remove_new EXIT
  trap 'exit 130' INT TERM
  start_beside && await_new || failed=yes
  if [[ -n $failed ]]; then
    tell_of_new >&2
    remove_new
  fi
  trap - EXIT INT TERM
  if [[ -n $failed ]]; then return 1; fi
  if ((${#former[@]})); then
    sleep "$PASSED_OVER" # the edge finds a container before it listens, and passes over who has refused it
    docker stop "${former[@]}" >/dev/null || complain "One of the former had to be killed."
    docker rm --force --volumes "${former[@]}" >/dev/null
  fi
}

remove_ended() { # who serves nobody, and would be counted, and started
  local ended
  mapfile -t ended < <(quietly ps --all --quiet --status exited --status created --status dead "$service")
  if ((${#ended[@]})); then docker rm --force --volumes "${ended[@]}" >/dev/null; fi
}

tags() { # tags CONTAINER...: the releases of these, each once
  if (($#)); then docker inspect --format '{{.Config.Image}}' "$@" | sed 's/.*://' | sort -u | paste -sd ' '; fi
}

start_beside() { # as many as there are, one at least; a sick former counts, for it is replaced like the others
  local count=${#former[@]}
  quietly up --detach --no-deps --no-recreate --no-build --scale "$service=$((count + (count ? count : 1)))" "$service"
}

added() { # the new ones, whatever state they are in
  local id
  for id in $(quietly ps --all --quiet "$service"); do
    if [[ " ${former[*]} " != *" $id "* ]]; then say "$id"; fi
  done
}

await_new() { # whatever the former say
  local id new end=$((SECONDS + ${WAIT_SECONDS:-120}))
  new=$(added)
  for id in ${new:?none was started}; do
    until [[ $(docker inspect --format '{{.State.Health.Status}}' "$id") == healthy ]]; do
      ((SECONDS < end)) || return 1
      sleep 1
    done
  done
}

tell_of_new() {
  local id
  for id in $(added); do
    docker inspect --format '{{.Name}}: {{.State.Status}}, {{.State.Health.Status}}' "$id"
    docker logs --tail 5 "$id" 2>&1 | sed 's/^/  | /'
  done
}

remove_new() {
  local id
  for id in $(added); do
    docker rm --force --volumes "$id" >/dev/null
  done
}
