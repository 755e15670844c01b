# shellcheck shell=bash disable=SC2034,SC2154 # backup and its other parts have variables in common
# Where backups are made and restored: in a task on the node of the stores, with their volume and the files for it.
# Sourced by deploy/swarm/backup and restore. Check: shellcheck -x -P SCRIPTDIR ../backup

prepare_tools() { # as one config, which is another one only when a file has changed
  local archive
  examine_swarm
  FORMER_VARIABLES=$(of_service web '{{index .Spec.Labels "slipway.variables"}}')
  POSTGRES_IMAGE=${POSTGRES_IMAGE:-$(of_service postgres '{{.Spec.TaskTemplate.ContainerSpec.Image}}')}
  [[ -n $POSTGRES_IMAGE ]] || refuse "the database is not in this stack: which PostgreSQL is it?" \
    "POSTGRES_IMAGE=postgres:18.6 deploy/swarm/${0##*/}"
  archive=$(mktemp)
  pack >"$archive"
  keep tools "$archive" >/dev/null
  rm -f "$archive"
}

pack() { # the same bytes as long as the files are the same
  local as_ever=(--create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX --format=ustar --absolute-names)
  tar "${as_ever[@]}" --directory="$here" --transform='s|.*/||' \
    lib/inside/{with-database,listing,restoring} ../kubernetes/backup/backup \
    ../vps/lib/backups/{compare,contents,create_database,dump,swap_databases}.sql
}

in_a_task() { # in_a_task NAME OPTION... -- TOOL ARGUMENT...: with the volume at a folder that is PostgreSQL's in its image
  local name=$1 options=()
  shift
  until [[ $1 == -- ]]; do options+=("$1") && shift; done
  shift
  once "$name" --no-resolve-image --constraint node.labels.slipway.stores==true --user postgres --limit-memory 1G \
    --config "source=${STACK}_tools_$(newest tools),target=/run/tools.tar" "${options[@]}" \
    --mount "type=volume,source=${STACK}_backups,destination=/var/lib/postgresql" \
    --mount type=tmpfs,destination=/tmp,tmpfs-size=67108864 --env BACKUP_FOLDER=/var/lib/postgresql \
    --workdir /tmp --entrypoint bash "$POSTGRES_IMAGE" -euc 'tar --extract --file=/run/tools.tar; exec bash "$@"' bash "$@"
}
