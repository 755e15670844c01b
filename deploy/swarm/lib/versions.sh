# shellcheck shell=bash disable=SC2034,SC2154 # release and its other parts have variables in common
# Configs and secrets of the swarm: what is there cannot be changed, so each value has a name with a number of its own.
# Sourced by deploy/swarm/release, put, backup and restore. Check: shellcheck -x -P SCRIPTDIR ../release

STACK=${STACK:-slipway}

named() { # named configs|secrets: those that the stack files name, each once
  sed -n "/^$1:/,/^[a-z]/s/.*\"\${STACK}_\([a-z0-9_]*\)_\${\([A-Z0-9_]*\)}\".*/\1 \2/p" "$here/stores.yml" "$here/stack.yml" \
    | awk 'toupper($1) == $2 { print $1 }' | sort -u
}

read -ra CONFIGS <<<"$(named configs | paste -sd ' ')"
read -ra SECRETS <<<"$(named secrets | paste -sd ' ')"
SECRETS+=(migrate_database_url)  # the migration's, which is in no file

is_used() { [[ " ${CONFIGS[*]} ${SECRETS[*]} " == *" $1 "* ]]; }

kind() { # kind NAME: config, which the swarm shows to whoever asks a manager; or secret, which it shows to nobody
  if [[ " ${CONFIGS[*]} tools " == *" $1 "* ]]; then echo config; else echo secret; fi
}

newest() { # newest NAME: the number of its last version; 0 when there is none
  local number
  number=$(docker "$(kind "$1")" ls --format '{{.Name}}' | sed -n "s/^${STACK}_$1_\([0-9][0-9]*\)$/\1/p" | sort -n | tail -n 1)
  echo "${number:-0}"
}

missing() { [[ $(newest "$1") == 0 ]]; }

put() { # put NAME < VALUE: as its next version, whose name is printed
  local name
  name=${STACK}_$1_$(($(newest "$1") + 1))
  docker "$(kind "$1")" create "$name" - >/dev/null || return
  echo "$name"
}

keep() { # keep NAME FILE: a config whose source is the tree; another version only if the file says something else now
  missing "$1" || ! says "${STACK}_$1_$(newest "$1")" "$2" || return 0
  put "$1" <"$2"
}

says() { # says CONFIG FILE
  docker config inspect --format '{{printf "%s" .Spec.Data}}' "$1" | head --bytes=-1 | cmp --quiet - "$2"
}

make_what_is_missing() { # secrets that an operator has put stay, and so does what is said of the front
  make_them | sed 's/^/Made /'
}

make_them() {
  local from=$here/.. name
  if missing front; then put front <"$from/docker/edge/front.conf"; fi
  keep postgres_start "$here/lib/inside/start-postgres"
  keep postgres_roles "$from/docker/postgres/roles.sql"
  keep postgres_privileges "$from/vps/lib/preparing/privileges.sql"
  keep redis_start "$from/docker/redis/start"
  keep redis_conf "$from/redis/slipway.conf"
  for name in secret_key postgres_password slipway_password slipway_migrate_password redis_password; do
    # A store that somebody else looks after is not in stores.yml, and its passwords are not ours.
    if has_store "$name" && missing "$name"; then renew "$name" keep_url; fi
  done
}

stores() { # the services of stores.yml
  sed -n '/^services:/,/^[a-z]/s/^  \([a-z][a-z0-9_-]*\):.*/\1/p' "$here/stores.yml"
}

has_store() { # has_store SECRET: is what it opens in stores.yml?
  local there
  there=" $(stores | paste -sd ' ') "
  case $1 in
    redis_password) [[ $there == *' redis '* ]] ;;
    postgres_password | slipway_password | slipway_migrate_password) [[ $there == *' postgres '* ]] ;;
  esac
}

renew() { # renew NAME [keep_url]: the next version, by chance; with a password goes the URL that has it, unless one is kept
  local value made url='' at_postgres='postgres:5432/slipway'
  value=$(openssl rand -hex 32)
  has_store "$1" || { complain "What $1 opens is not in stores.yml."; return 1; }
  case $1 in
    secret_key | postgres_password) ;;
    slipway_password) url=database_url made=postgresql://slipway:$value@$at_postgres ;;
    slipway_migrate_password) url=migrate_database_url made=postgresql://slipway_migrate:$value@$at_postgres ;;
    redis_password) url=redis_url made=redis://:$value@redis:6379/0 ;;
    *) complain "Not by chance: $1 has to be what somebody else knows."; return 1 ;;
  esac
  printf %s "$value" | put "$1" || return
  if [[ -n $url && (-z ${2-} || $(newest "$url") == 0) ]]; then printf %s "$made" | put "$url"; fi
}
