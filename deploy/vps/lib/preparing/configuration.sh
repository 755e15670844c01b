# shellcheck shell=bash disable=SC2154 # domain is a variable of provision
# Settings and secrets: made once, and then the operator's.
# Installed as /usr/local/lib/slipway/lib/preparing/configuration.sh. Check: shellcheck configuration.sh

wanted_settings() {
  cat <<END
PUBLIC_URL=https://$domain
DATABASE_URL=postgresql:///slipway?host=/run/postgresql
REDIS_URL=unix:///run/redis-slipway/redis.sock?db=0
PROXY_HOPS_FOR=1
PROXY_HOPS_PROTO=1
END
}

settings() { # what an operator has written stays; what we would have written is told
  local line
  if [[ ! -e $SETTINGS ]]; then
    change "$SETTINGS" write_settings
    return
  fi
  while read -r line; do
    [[ $(setting "${line%%=*}") == "${line#*=}" ]] || say "  (kept as it is in $SETTINGS; it would be $line)"
  done < <(wanted_settings)
}

write_settings() {
  {
    echo "# Settings of the service, one NAME=value a line; .env.example of the release explains them all."
    echo "# Secrets are files in $SECRETS. A change is put to use by: slipway restart"
    wanted_settings
  } >"$SETTINGS.new"
  chmod 644 "$SETTINGS.new"
  mv "$SETTINGS.new" "$SETTINGS"
}

secrets() {
  [[ -s $SECRETS/secret_key ]] || change "$SECRETS/secret_key, which signs cookies" make_secret "$SECRETS/secret_key"
}

make_secret() { # make_secret FILE: it is never shown, and never on a command line
  (umask 077 && openssl rand -hex 32 >"$1.new" && mv "$1.new" "$1")
}
