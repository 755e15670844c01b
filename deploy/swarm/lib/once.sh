# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# What is done once: a service of one task that is not started again, and is gone afterwards.
# Sourced by deploy/swarm/release, backup and restore. Check: shellcheck -x -P SCRIPTDIR ../release

PATIENCE_SECONDS=${PATIENCE_SECONDS:-600}  # for all that is started; a swarm with a slow registry needs some of it

once() { # once NAME OPTION... IMAGE COMMAND...: says what it says; fails when it fails, or never begins
  local state try
  JOB=${STACK}_$1
  shift
  make_way
  # An engine that has much to do now and then cannot start a container, and could a moment later.
  for try in 1 2 3; do
    try_job "$@"
    [[ $state == *'starting container failed'* && $try != 3 ]] || break
  done
  [[ $state == Complete* ]] || { complain "$state"; return 1; }
}

make_way() { # for this one; the name is taken as long as another one is at it, so there are never two
  local states _
  # Whoever sees his to its end removes it within this time; of one that was ended, or whose machine was, it stays.
  for _ in {1..10}; do
    docker service inspect "$JOB" >/dev/null 2>&1 || return 0
    states=$(docker service ps --no-trunc --format '{{.CurrentState}}' "$JOB")
    if grep --quiet --invert-match --extended-regexp '^(Complete|Failed|Rejected|Shutdown|Orphaned|$)' <<<"$states"; then
      refuse "another one is at it: $JOB, ${states%%$'\n'*}" \
        "docker service rm $JOB   ends it, should nobody wait for it; docker service logs $JOB has what it says"
    fi
    sleep 1
  done
  say "$JOB has ended, and was left by who had begun it: removed."
  docker service rm "$JOB" >/dev/null
}

try_job() { # sets state
  create_job "$@" >/dev/null || refuse "the swarm does not take $JOB; above is why"
  trap 'docker service rm "$JOB" >/dev/null' EXIT
  began_at=$SECONDS
  until state=$(ended); do sleep 1; done
  docker service logs --raw "$JOB" 2>&1 | sed 's/^/  | /'
  docker service rm "$JOB" >/dev/null
  trap - EXIT
}

create_job() { # not in the mode replicated-job, which leaves its container on the node when the service is removed
  docker service create --detach --quiet --name "$JOB" --restart-condition none --endpoint-mode dnsrr \
    --with-registry-auth --no-healthcheck --stop-grace-period 60s --network "${STACK}_data" \
    --read-only --cap-drop ALL --limit-pids 64 "$@"
}

ended() { # its last state, once that does not change any more; what nothing can be done about for so long counts as such
  local state
  state=$(docker service ps --no-trunc --format '{{.CurrentState}}: {{.Error}}' "$JOB" | head -n 1)
  case $state in
    Complete* | Failed* | Rejected*) say "$state" ;;
    Running* | Starting*) return 1 ;;
    *) ((SECONDS - began_at > PATIENCE_SECONDS)) && say "not begun after $PATIENCE_SECONDS s: $state" ;;
  esac
}

mounted() { # mounted NAME VERSION TARGET: for the user of the service's image alone
  echo "source=${STACK}_$1_$2,target=$3,uid=10001,gid=10001,mode=0400"
}
