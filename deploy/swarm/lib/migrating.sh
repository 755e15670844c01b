# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# The migration: once for each release, as the role that owns the schema.
# Sourced by deploy/swarm/release. Check: shellcheck -x -P SCRIPTDIR ../release

migrate() { # fails, with what it said, when the schema is not what the release needs
  local options as_service=()
  want_network
  options=$(secrets_of_service && variables_of_service) || refuse "a secret of web has no name at the end of stack.yml"
  mapfile -t as_service <<<"$options"
  once migrate "${RESOLVE[@]}" --mount type=tmpfs,destination=/tmp --limit-memory 512M \
    --config "source=${STACK}_settings_$SETTINGS,target=/etc/slipway/settings" \
    "${as_service[@]}" --secret "$(mounted migrate_database_url "$MIGRATE_DATABASE_URL" database_url)" \
    "$IMAGE:$RELEASE" flask db upgrade
}

# What web starts with: a setting that wants another one, or a secret, would be refused without. But the address of the
# database is the one of the role that owns the schema, and has the place of the other one.
secrets_of_service() {
  local source target version
  while read -r source target; do
    [[ $source != database_url ]] || continue
    read -r source version < <(
      sed -n "s/^  $source: .*\"\${STACK}_\([a-z0-9_]*\)_\${\([A-Z0-9_]*\)}\".*/\1 \2/p" "$here/stack.yml"
    ) || return
    printf '%s\n' --secret "$(mounted "$source" "${!version}" "$target")"
  done < <(
    common_lines \
      | sed -n '/^  secrets:/,/^  [^ ]/s/^    - {source: \([a-z0-9_]*\), target: \([^,} ]*\).*/\1 \2/p'
  )
}

variables_of_service() {
  common_lines \
    | sed -n 's/^    \([A-Z][A-Z0-9_]*\): *"\{0,1\}\([^"]*[^" ]\)"\{0,1\}\( *#.*\)\{0,1\}$/--env\n\1=\2/p'
}

common_lines() { sed -n '/^x-slipway:/,/^x-update:/p' "$here/stack.yml"; }

want_network() { # without a store nobody has needed it yet
  local options=(--driver overlay --label "com.docker.stack.namespace=$STACK")
  if docker network inspect "${STACK}_data" >/dev/null 2>&1; then return; fi
  if grep --quiet '^  data:.*internal: true' "$here/stores.yml"; then options+=(--internal); fi
  docker network create "${options[@]}" "${STACK}_data" >/dev/null || refuse "the network ${STACK}_data cannot be made"
}
