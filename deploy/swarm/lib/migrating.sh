# shellcheck shell=bash disable=SC2154 # release and its other parts have variables in common
# The migration: a service of one task that is not started again, once for each release, as the role that owns the schema.
# Sourced by deploy/swarm/release. Check: shellcheck -x -P SCRIPTDIR ../release

migrate() { # fails, with what it said, when the schema is not what the release needs
  local state
  JOB=${STACK}_migrate
  # The name is taken as long as another release is at it, so there are never two.
  start_job >/dev/null || refuse "is another release migrating? Above is what the swarm says" "docker service logs $JOB"
  trap 'docker service rm "$JOB" >/dev/null' EXIT
  until state=$(docker service ps --no-trunc --format '{{.CurrentState}}: {{.Error}}' "$JOB" \
    | grep -E '^(Complete|Failed|Rejected)'); do
    sleep 1
  done
  docker service logs --raw "$JOB" 2>&1 | sed 's/^/  | /'
  docker service rm "$JOB" >/dev/null
  trap - EXIT
  [[ $state == Complete* ]] || { complain "$state"; return 1; }
}

start_job() { # not in the mode replicated-job, which leaves its container on the node when the service is removed
  docker service create --detach --quiet --name "$JOB" --restart-condition none --endpoint-mode dnsrr \
    --with-registry-auth "${RESOLVE[@]}" --network "${STACK}_data" --no-healthcheck --stop-grace-period 60s \
    --read-only --mount type=tmpfs,destination=/tmp --cap-drop ALL --limit-memory 512M --limit-pids 64 \
    --config "source=${STACK}_settings_$SETTINGS,target=/etc/slipway/settings" \
    --secret "$(mounted secret_key "$SECRET_KEY")" \
    --secret "$(mounted migrate_database_url "$MIGRATE_DATABASE_URL")" \
    --env APP_CONFIG_FILE=/etc/slipway/settings --env SECRET_KEY_FILE=/run/secrets/secret_key \
    --env DATABASE_URL_FILE=/run/secrets/migrate_database_url --env PROXY_HOPS_PROTO=1 \
    "$IMAGE:$RELEASE" flask db upgrade
}

mounted() { # mounted NAME VERSION: for the user of the image alone
  echo "source=${STACK}_$1_$2,target=$1,uid=10001,gid=10001,mode=0400"
}
