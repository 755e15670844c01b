# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# What has to be so before anything is changed. Sourced by deploy/swarm/release, backup and restore.
# Check: shellcheck -x -P SCRIPTDIR ../release

examine_swarm() {
  local nodes
  [[ $(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null) == true ]] \
    || refuse "docker speaks to no manager of a swarm" "docker swarm init, or docker context use ..."
  nodes=$(nodes_for stores)
  [[ -n $nodes ]] || refuse "no node is named for the stores" "docker node update --label-add slipway.stores=true NODE"
  [[ $nodes != *' '* ]] \
    || refuse "the data is on one node, and these are named for it: $nodes" "docker node update --label-rm slipway.stores NODE"
}

nodes_for() { docker node ls --filter "node.label=slipway.$1=true" --format '{{.Hostname}}' | paste -sd ' '; }

examine_service() {
  [[ -n $(nodes_for edge) ]] \
    || refuse "no node is named for the edge" "docker node update --label-add slipway.edge=true NODE"
  ! missing settings \
    || refuse "there are no settings yet" "echo PUBLIC_URL=https://app.example.org | deploy/swarm/put settings"
  [[ -n $back ]] || ! endless \
    || refuse "PUBLIC_URL is https://, and who terminates TLS would not be believed: each request would be redirected to itself" \
      "deploy/swarm/put front < deploy/docker/front/edge.conf   with an Nginx on that node, or docs/deploy-swarm.md#front"
}

endless() { # with the front that comes with the edge, and believes nobody
  [[ $(SETTINGS=/dev/stdin setting PUBLIC_URL <<<"$(content settings)") == https://* ]] || return 1
  missing front || cmp --quiet <(content front | grep '^[^#]') <(grep '^[^#]' "$here/../docker/edge/front.conf")
}

content() { docker config inspect --format '{{printf "%s" .Spec.Data}}' "${STACK}_$1_$(newest "$1")"; }

examine_volumes() { # those of this machine
  local store project
  for store in $(stores); do
    project=$(docker volume inspect --format '{{index .Labels "com.docker.compose.project"}}' "${STACK}_$store" 2>/dev/null) \
      || continue
    # Two servers in one folder would spoil it, and Compose starts its own again whenever somebody says `up`.
    [[ -z $project ]] || refuse "the volume ${STACK}_$store is that of $project, which docker compose has made" \
      "docs/deploy-swarm.md#from-compose"
  done
}

want_values() { # of whatever the files name and nobody can make
  local name
  for name in "${CONFIGS[@]}" "${SECRETS[@]}"; do
    ! missing "$name" || ! has_store "$name" \
      || refuse "stack.yml or stores.yml names $name, and there is none" "deploy/swarm/put $name"
  done
}
