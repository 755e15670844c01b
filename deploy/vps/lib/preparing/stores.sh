# shellcheck shell=bash disable=SC2154 # here, tree, dry_run and changes are variables of provision
# PostgreSQL with one role that owns the schema and one that serves, and a Redis of the service's own.
# Installed as /usr/local/lib/slipway/lib/preparing/stores.sh. Check: shellcheck stores.sh

as_postgres() { # as_postgres OPTION...: of psql
  (cd / && runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@")
}

postgresql() {
  local role
  started postgresql.service
  for role in slipway slipway_migrate; do
    [[ $(as_postgres <<<"SELECT 1 FROM pg_roles WHERE rolname = '$role'" 2>/dev/null) == 1 ]] \
      || change "PostgreSQL role $role" as_postgres --command "CREATE ROLE \"$role\" LOGIN"
  done
  [[ $(as_postgres <<<"SELECT 1 FROM pg_database WHERE datname = 'slipway'" 2>/dev/null) == 1 ]] \
    || change "PostgreSQL database slipway" as_postgres --command \
      "CREATE DATABASE \"slipway\" OWNER slipway_migrate TEMPLATE template0 ENCODING 'UTF8'"
  privileges
}

privileges() { # tried in a transaction: whether they would change anything is asked of the database itself
  local before after
  if { read -r before && read -r after; } < <(apply_privileges ROLLBACK 2>/dev/null) && [[ $before == "$after" ]]; then
    return
  fi
  change "privileges: slipway_migrate owns the schema, slipway reads and writes rows" grant
}

grant() {
  apply_privileges COMMIT >/dev/null
}

apply_privileges() { # apply_privileges COMMIT|ROLLBACK: prints the privileges before and after
  local sql=$here/lib/preparing
  as_postgres --dbname slipway --command BEGIN --file - --command "$1" < <(
    cat "$sql/list_privileges.sql" "$sql/privileges.sql" "$sql/list_privileges.sql"
  )
}

redis() {
  local conf=/etc/redis/redis-slipway.conf
  local before=$changes
  folder /var/lib/redis/slipway 750 redis
  our_file "$tree/deploy/redis/slipway.conf" "$conf"
  our_file "$tree/deploy/redis/service.conf" "$UNITS/redis-server@slipway.service.d/slipway.conf"
  if ((changes > before)) && systemctl is-active --quiet redis-server@slipway.service; then
    change "redis-server@slipway.service is restarted" restart_unit redis-server@slipway.service
  fi
  started redis-server@slipway.service
}

restart_unit() { # restart_unit UNIT: as its file is now
  systemctl daemon-reload
  systemctl restart "$1"
}
