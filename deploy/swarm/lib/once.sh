# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# What is done once: a service of one task that is not started again, and is gone afterwards.
# Sourced by deploy/swarm/release, backup and restore. Check: shellcheck -x -P SCRIPTDIR ../release

PATIENCE_SECONDS=${PATIENCE_SECONDS:-600}  # for all that is started; a swarm with a slow registry needs some of it

once() { # once NAME OPTION... IMAGE COMMAND...: says what it says; fails when it fails, or never begins
  local state try
  JOB=${STACK}_$1
  shift
  # An engine that has much to do now and then cannot start a container, and could a moment later.
  for try in 1 2 3; do
    try_job "$@"
    [[ $state == *'starting container failed'* && $try != 3 ]] || break
  done
  [[ $state == Complete* ]] || { complain "$state"; return 1; }
}

try_job() { # sets state
  # The name is taken as long as another one is at it, so there are never two.
  create_job "$@" >/dev/null || refuse "is another one at it? Above is what the swarm says" "docker service logs $JOB"
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

mounted() { # mounted NAME VERSION: for the user of the service's image alone
  echo "source=${STACK}_$1_$2,target=$1,uid=10001,gid=10001,mode=0400"
}
