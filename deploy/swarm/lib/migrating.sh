# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# The migration: once for each release, as the role that owns the schema.
# Sourced by deploy/swarm/release. Check: shellcheck -x -P SCRIPTDIR ../release

migrate() { # fails, with what it said, when the schema is not what the release needs
  want_network
  once migrate "${RESOLVE[@]}" --mount type=tmpfs,destination=/tmp --limit-memory 512M \
    --config "source=${STACK}_settings_$SETTINGS,target=/etc/slipway/settings" \
    --secret "$(mounted secret_key "$SECRET_KEY")" \
    --secret "$(mounted migrate_database_url "$MIGRATE_DATABASE_URL")" \
    --env APP_CONFIG_FILE=/etc/slipway/settings --env SECRET_KEY_FILE=/run/secrets/secret_key \
    --env DATABASE_URL_FILE=/run/secrets/migrate_database_url --env PROXY_HOPS_PROTO=1 \
    "$IMAGE:$RELEASE" flask db upgrade
}

want_network() { # without a store nobody has needed it yet
  local options=(--driver overlay --label "com.docker.stack.namespace=$STACK")
  if docker network inspect "${STACK}_data" >/dev/null 2>&1; then return; fi
  if grep --quiet '^  data:.*internal: true' "$here/stores.yml"; then options+=(--internal); fi
  docker network create "${options[@]}" "${STACK}_data" >/dev/null || refuse "the network ${STACK}_data cannot be made"
}
