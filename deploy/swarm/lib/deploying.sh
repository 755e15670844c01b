# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# Hands the description to the swarm, waits for what the swarm makes of it, and says why when that is not what was asked.
# Sourced by deploy/swarm/release. Check: shellcheck -x -P SCRIPTDIR ../release

deploy() { # deploy FILE...: those services are as the files say from now on, others are left alone
  local file variables files=() options=("${RESOLVE_STACK[@]}")
  # The option is of newer clients, which complain without it.
  if [[ $(docker stack deploy --help) == *--detach* ]]; then options+=(--detach=true); fi
  for file; do files+=(--compose-file "$here/$file.yml"); done
  read -ra variables <<<"$VARIABLES"
  began=$(date --utc '+%F %T')
  env "${variables[@]}" VARIABLES="$VARIABLES" docker stack deploy --with-registry-auth "${options[@]}" "${files[@]}" \
    "$STACK" >/dev/null || refuse "the swarm does not take the description; above is why"
}

# For a moment after a change nothing is under way yet; tasks of the former description are told by this.
WHAT_RUNS='{{.Image}} {{json .Args}} {{json .Env}} {{json .Secrets}} {{json .Configs}}'

settle() { # settle SERVICE...: until each runs as described; fails, with reasons, when one is taken back or left failed
  local service state failed='' end=$((SECONDS + PATIENCE_SECONDS))
  for service; do
    until state=$(state_of "$service"); do
      if ((SECONDS > end)); then state="not settled after $PATIENCE_SECONDS s$(waiting "$service")" && break; fi
      sleep 1
    done
    if [[ $state != settled ]]; then
      complain "$service: $state"
      explain "$service" >&2
      failed=yes
    fi
  done
  [[ -z $failed ]]
}

state_of() { # state_of SERVICE: settled, or what is wrong; fails as long as the swarm is at it
  local wanted tasks running
  case $(of_service "$1" '{{with .UpdateStatus}}{{.State}}{{end}}') in
    updating | rollback_started) return 1 ;;
    rollback_completed) echo "the swarm took the update back" && return ;;
    paused | rollback_paused) echo "the swarm has stopped in the middle of an update" && return ;;
  esac
  wanted=$(of_service "$1" "{{with .Spec.TaskTemplate.ContainerSpec}}$WHAT_RUNS{{end}}")
  tasks=$(docker service ps --quiet --no-trunc --filter desired-state=running "${STACK}_$1")
  if [[ -z $tasks ]]; then
    [[ $(scaled "$1") != 0 ]] || { echo settled && return; }
    # Between two tries there is none that should run, but one that is to.
    [[ -z $(docker service ps --quiet --filter desired-state=ready "${STACK}_$1") ]] || return 1
    echo "it ended too often, and the swarm has left it so" && return
  fi
  # shellcheck disable=SC2086 # one argument for each
  running=$(docker inspect --type task --format "{{.Status.State}} {{with .Spec.ContainerSpec}}$WHAT_RUNS{{end}}" $tasks)
  if grep --quiet --invert-match --line-regexp --fixed-strings "running $wanted" <<<"$running"; then return 1; fi
  echo settled
}

waiting() { # waiting SERVICE: why its tasks have not begun, such as for want of a node
  docker service ps --no-trunc --filter desired-state=running --format '; {{.CurrentState}} {{.Error}}' "${STACK}_$1" \
    | grep -v '^; Running' | sort -u | tr -d '\n' || true
}

explain() { # explain SERVICE: its last task that failed since the deploy, and what that said
  local task error
  # shellcheck disable=SC2046
  read -r task error < <(
    docker inspect --type task \
      --format '{{.CreatedAt}}|{{.Status.State}}|{{.ID}} {{.Status.Err}}' \
      $(docker service ps --quiet --no-trunc "${STACK}_$1") \
      | awk -F '|' -v began="$began" '$1 >= began && $2 ~ /failed|rejected|complete/' | sort | tail -n 1 | cut -d '|' -f 3
  ) || return 0
  # Who ends in good order for not having become healthy leaves no error.
  say "  task $task: ${error:-ended by the swarm, for it did not become ready}"
  docker service logs --raw --tail 15 "$task" 2>&1 | sed 's/^/  | /'
}

as_many() { sed "s/ $1=[0-9]*/ $1=$2/"; }

go_back() { # all of it, should the swarm have taken back only a part; as many of each as there were
  if [[ -n $FORMER_VARIABLES ]]; then
    VARIABLES=$FORMER_VARIABLES
    VARIABLES=$(as_many WEB_REPLICAS "$WEB_RUNS" <<<"$VARIABLES")
    VARIABLES=$(as_many WORKER_REPLICAS "$WORKER_RUNS" <<<"$VARIABLES")
    deploy stores stack
    settle web worker edge || refuse "$RELEASE did not become ready, and $FORMER_RELEASE does not run as it did" \
      "docker service ps --no-trunc ${STACK}_web"
  fi
  refuse "$RELEASE did not become ready; as before, ${FORMER_RELEASE:-nothing} serves"
}
