# shellcheck shell=bash disable=SC2034,SC2154 # release and its other parts have variables in common
# What the stack files are filled with: what is asked for now, what was said before, and the newest versions of it all.
# Sourced by deploy/swarm/release. Check: shellcheck -x -P SCRIPTDIR ../release

look_at_former() { # what serves now, as its release has noted it at the service web, and what was said then
  FORMER_VARIABLES=$(of_service web '{{index .Spec.Labels "slipway.variables"}}')
  FORMER_RELEASE=$(former RELEASE)
  if [[ -n $back ]]; then
    RELEASE=$(former BEFORE_RELEASE)
    [[ -n $RELEASE ]] || refuse "no release served before ${FORMER_RELEASE:-this one}"
  fi
  IMAGE=${IMAGE:-$(former IMAGE)}
  IMAGE=${IMAGE:-slipway}
  # Of an image in a registry the digest is looked up, so every node runs the same; others have no digest.
  if [[ $IMAGE == */* ]]; then RESOLVE=() RESOLVE_STACK=(--resolve-image=changed)
  else RESOLVE=(--no-resolve-image) RESOLVE_STACK=(--resolve-image=never); fi
  EDGE_PORT=${EDGE_PORT:-$(former EDGE_PORT)}
  EDGE_PORT=${EDGE_PORT:-8080}
  READY_SECONDS=${READY_SECONDS:-$(former READY_SECONDS)}
  READY_SECONDS=${READY_SECONDS:-30}
  # Whoever has scaled a service by hand keeps that, but for 0: it was stopped then, and a release begins it again.
  WEB_RUNS=$(scaled web)
  WORKER_RUNS=$(scaled worker)
  WEB_REPLICAS=${WEB_REPLICAS:-${WEB_RUNS#0}}
  WEB_REPLICAS=${WEB_REPLICAS:-$(former WEB_REPLICAS)}
  WORKER_REPLICAS=${WORKER_REPLICAS:-${WORKER_RUNS#0}}
  WORKER_REPLICAS=${WORKER_REPLICAS:-$(former WORKER_REPLICAS)}
  EDGE_IMAGE=$(former EDGE_IMAGE)
  if [[ -n $with_edge || -z $EDGE_IMAGE ]]; then EDGE_IMAGE=$IMAGE-edge:$RELEASE; fi
}

former() { # former NAME: its value then, or nothing
  sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$FORMER_VARIABLES"
}

scaled() { of_service "$1" '{{with .Spec.Mode.Replicated}}{{.Replicas}}{{end}}'; }

of_service() { # of_service NAME FORMAT: nothing, if there is no such service
  docker service inspect --format "$2" "${STACK}_$1" 2>/dev/null || true
}

decide_variables() { # all of them in VARIABLES too, to be noted at the service web
  local name names=(STACK RELEASE IMAGE EDGE_IMAGE EDGE_PORT READY_SECONDS WEB_REPLICAS WORKER_REPLICAS)
  WEB_REPLICAS=${WEB_REPLICAS:-2} WORKER_REPLICAS=${WORKER_REPLICAS:-1}
  for name in "${CONFIGS[@]}" "${SECRETS[@]}"; do
    printf -v "${name^^}" %s "$(newest "$name")"
    names+=("${name^^}")
  done
  if [[ -n $back ]]; then SETTINGS=$(former BEFORE_SETTINGS) FRONT=$(former BEFORE_FRONT); fi
  note_what_was_before
  names+=("${BEFORE[@]}")
  # The key before stays good for what it has signed. Of the first there is none before it.
  FORMER_SECRET_KEY=$((SECRET_KEY > 1 ? SECRET_KEY - 1 : 1))
  VARIABLES=''
  for name in "${names[@]}" FORMER_SECRET_KEY; do VARIABLES+="${VARIABLES:+ }$name=${!name}"; done
}

BEFORE=(BEFORE_RELEASE BEFORE_SETTINGS BEFORE_FRONT) # what --back goes back to

note_what_was_before() { # the former; of the same once more, what was before that
  local name prefix=''
  if [[ "$RELEASE $SETTINGS $FRONT" == "$(former RELEASE) $(former SETTINGS) $(former FRONT)" ]]; then prefix=BEFORE_; fi
  for name in RELEASE SETTINGS FRONT; do printf -v "BEFORE_$name" %s "$(former "$prefix$name")"; done
}
