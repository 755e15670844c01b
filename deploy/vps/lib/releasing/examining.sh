# shellcheck shell=bash
# What must be so before a release is begun; each refusal names the next command.
# Installed as /usr/local/lib/slipway/lib/releasing/examining.sh. Check: shellcheck examining.sh

NEEDED_MEGABYTES=500  # an environment of its own takes most of it
UNITS_OF_A_RELEASE=(slipway-{web@.socket,web@.service,check@.service,migrate@.service} slipway.target)

examine() {
  local unit free
  [[ -d $RELEASES && -r $SETTINGS ]] || refuse "this machine is not prepared" "deploy/vps/provision --domain NAME"
  for unit in "${UNITS_OF_A_RELEASE[@]}"; do
    [[ -e $UNITS/$unit ]] || refuse "the unit $unit is missing" "slipway provision"
  done
  systemctl is-active --quiet nginx.service || refuse "nginx.service does not run" "systemctl status nginx.service"
  [[ ! -e $MAINTENANCE ]] || refuse "Nginx tells everybody that the service is being maintained" "rm $MAINTENANCE"
  [[ -n $(setting PUBLIC_URL) ]] || refuse "$SETTINGS has no PUBLIC_URL" "deploy/vps/provision --domain NAME"
  free=$(df --output=avail --block-size=1M "$RELEASES" | tail -n 1)
  ((free >= NEEDED_MEGABYTES)) \
    || refuse "only ${free//[[:space:]]/} MB are free at $RELEASES, and a release may need $NEEDED_MEGABYTES" \
      "df -h; du -xh --max-depth=2 /var /srv | sort -h | tail"
  refuse_what_is_outside
  refuse_missing_secrets
}

refuse_missing_secrets() { # systemd would start no unit, and say "243/CREDENTIALS"
  local path place
  if read -r path place < <(missing_secrets); then
    refuse "the secret $path is not there, and $place wants it" "install -m 600 /dev/stdin $path  # paste it, Enter, Ctrl-D"
  fi
}

refuse_what_is_outside() { # units without network must not be told to call somebody
  local name
  [[ $(systemctl show --value --property PrivateNetwork slipway-web@blue.service) == yes ]] || return 0
  for name in SENTRY_DSN MAIL_SERVER OTEL_EXPORTER_OTLP_ENDPOINT DATABASE_URL REDIS_URL; do
    if leads_outside "$name"; then
      refuse "$name leads out of this machine, and the units have no network" "slipway provision --outside"
    fi
  done
}

leads_outside() { # leads_outside NAME: as a setting, or as a secret, whose file has the same name in small letters
  local value
  value=$(setting "$1")
  if [[ -z $value && -e $SECRETS/${1,,} ]]; then value=$(<"$SECRETS/${1,,}"); fi
  case $1=$value in
    *= | DATABASE_URL=*'host=/'* | DATABASE_URL=*'host=%2F'* | REDIS_URL=unix://*) return 1 ;;
  esac
}
