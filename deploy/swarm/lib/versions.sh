# shellcheck shell=bash disable=SC2034,SC2154 # release and its other parts have variables in common
# Configs and secrets of the swarm: what is there cannot be changed, so each value has a name with a number of its own.
# Sourced by deploy/swarm/release and put. Check: shellcheck -x -P SCRIPTDIR ../release

STACK=${STACK:-slipway}
CONFIGS=(settings front postgres_roles postgres_privileges redis_start redis_conf)
SECRETS=(secret_key database_url migrate_database_url redis_url
  postgres_password slipway_password slipway_migrate_password redis_password)

kind() { # kind NAME: config, which the swarm shows to whoever asks a manager; or secret, which it shows to nobody
  if [[ " ${CONFIGS[*]} " == *" $1 "* ]]; then echo config; else echo secret; fi
}

newest() { # newest NAME: the number of its last version; 0 when there is none
  local number
  number=$(docker "$(kind "$1")" ls --format '{{.Name}}' | sed -n "s/^${STACK}_$1_\([0-9][0-9]*\)$/\1/p" | sort -n | tail -n 1)
  echo "${number:-0}"
}

put() { # put NAME < VALUE: as its next version, whose name is printed
  local name
  name=${STACK}_$1_$(($(newest "$1") + 1))
  docker "$(kind "$1")" create "$name" - >/dev/null || return
  echo "$name"
}

make_what_is_missing() { # what an operator has put stays; of the rest the files here are the first version
  make_them | sed 's/^/Made /'
}

make_them() {
  local from=$here/..
  missing front && put front <"$from/docker/edge/front.conf"
  missing postgres_roles && put postgres_roles <"$from/docker/postgres/roles.sql"
  missing postgres_privileges && put postgres_privileges <"$from/vps/lib/preparing/privileges.sql"
  missing redis_start && put redis_start <"$from/docker/redis/start"
  missing redis_conf && put redis_conf <"$from/redis/slipway.conf"
  missing secret_key && random | put secret_key
  missing postgres_password && random | put postgres_password
  make_login slipway_password database_url 'postgresql://slipway:%s@postgres:5432/slipway'
  make_login slipway_migrate_password migrate_database_url 'postgresql://slipway_migrate:%s@postgres:5432/slipway'
  make_login redis_password redis_url 'redis://:%s@redis:6379/0'
}

missing() { [[ $(newest "$1") == 0 ]]; }

make_login() { # make_login PASSWORD URL FORMAT: the two secrets that have to agree; nobody ever sees either
  local password
  missing "$1" || return 0
  password=$(random)
  printf %s "$password" | put "$1"
  # shellcheck disable=SC2059
  if missing "$2"; then printf "$3" "$password" | put "$2"; fi
}

random() { openssl rand -hex 32; }
