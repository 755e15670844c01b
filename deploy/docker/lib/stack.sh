# shellcheck shell=bash disable=SC2034,SC2154 # those that use it have variables in common
# What release, backup and restore share: one at a time, which containers there are, and programs beside PostgreSQL.
# Sourced by deploy/docker/{release,backup,restore}, from the folder of docker-compose.yml.
# Check: shellcheck -x -P SCRIPTDIR ../release

shopt -s inherit_errexit # an engine that does not answer is no empty list

quietly() { docker compose --progress quiet "$@"; }

containers() { # containers SERVICE: the ids of those that run, or try to
  quietly ps --quiet --status running --status restarting --status paused "$1"
}

serving() { # the release of the web that runs, or nothing
  local ids
  ids=$(containers web)
  if [[ -n $ids ]]; then docker inspect --format '{{.Config.Image}}' "${ids%%$'\n'*}" | sed 's/.*://'; fi
}

only_one() { # only_one FOLDER WHAT: until this process ends, however it does
  exec {lock_fd}<"$1"
  flock --nonblock "$lock_fd" || refuse "somebody else $2 at this moment; nothing was done"
}

find_backups() { # where they are: as the environment says, or .env, or as on a VPS
  SETTINGS=.env
  BACKUP_DIRECTORY=${BACKUP_DIRECTORY:-$(setting BACKUP_DIRECTORY)}
  BACKUP_DIRECTORY=$(readlink -m "${BACKUP_DIRECTORY:-/var/backups/slipway}")
}

in_postgres() { # in_postgres PROGRAM...: beside the server, in $folder, as who runs this: files are theirs
  # shellcheck disable=SC2016 # it is for the shell in there
  quietly run --rm --no-deps --no-TTY --user "$(id -u):$(id -g)" \
    --env PGHOST=postgres --env PGUSER=postgres --env PGCONNECT_TIMEOUT=10 \
    --volume "$folder:/backups" --volume "$PWD/deploy/vps/lib/backups:/sql:ro" --workdir /backups \
    --entrypoint sh postgres -c 'umask 077; export PGPASSWORD="$(cat /run/secrets/postgres_password)"; exec "$@"' sh "$@"
}
