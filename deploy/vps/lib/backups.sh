# shellcheck shell=bash
# What backup, restore and restore-drill share: their settings, which backups there are, and whether one is whole.
# Installed as /usr/local/lib/slipway/lib/backups.sh. Check: shellcheck -x deploy/vps/backup

METRICS=/var/lib/slipway/metrics  # what node_exporter reads; slipway_migrate's
BACKUP_CONF=${BACKUP_CONF:-/etc/slipway/backup.conf}

prepare_backups() { # the folders that a backup and its figures need, and the settings if there are none
  local name file collected=/var/lib/prometheus/node-exporter
  install -d -o slipway_migrate -g slipway_migrate -m 0700 "$BACKUPS"
  install -d -o slipway_migrate -g slipway_migrate -m 0755 "$METRICS"
  # This one stays root's: what root's own scripts write there must not go through a link of somebody else's.
  install -d "$collected"
  for name in backup offsite restore_drill; do
    file=$METRICS/slipway_$name.prom
    [[ -e $file ]] || install -o slipway_migrate -g slipway_migrate -m 0644 /dev/null "$file"
    ln -sfn "$file" "$collected/"
  done
  [[ -e $BACKUP_CONF ]] || install -D -m 0644 "$(dirname "${BASH_SOURCE[0]}")/../backup.conf" "$BACKUP_CONF"
}

read_backup_settings() {
  local name
  set -a  # for PostgreSQL's programs, and for the commands that are named there
  # shellcheck disable=SC1090
  [[ ! -e $BACKUP_CONF ]] || . "$BACKUP_CONF"
  : "${PGHOST:=/run/postgresql}" "${PGDATABASE:=slipway}" "${PGCONNECT_TIMEOUT:=10}"
  : "${BACKUP_DIRECTORY:=$BACKUPS}" "${BACKUP_KEEP_DAYS:=14}" "${BACKUP_KEEP_COUNT:=7}"
  : "${BACKUP_OFFSITE_COMMAND:=}" "${BACKUP_OFFSITE_TIMEOUT_SECONDS:=3600}" "${BACKUP_ENCRYPT_COMMAND:=}"
  set +a
  for name in BACKUP_KEEP_DAYS BACKUP_KEEP_COUNT BACKUP_OFFSITE_TIMEOUT_SECONDS; do
    [[ ${!name} =~ ^[1-9][0-9]{0,5}$ ]] || refuse "$name is no number above 0" "mend $BACKUP_CONF"
  done
  [[ -d $BACKUP_DIRECTORY ]] || refuse "$BACKUP_DIRECTORY is not there" "deploy/vps/provision"
}

become() { # become USER ARGUMENT...: go on as USER, which root can
  local user=$1
  shift
  if [[ $(id -un) == "$user" ]]; then return; fi
  ((EUID == 0)) || refuse "only root and $user may do this" "sudo slipway ${0##*/}${*:+ $*}"
  exec runuser -u "$user" -- "$(readlink -f "$0")" "$@"
}

only_one() { # only_one WHAT: until this process ends; a second one is refused at once
  local lock=$BACKUP_DIRECTORY/.$1.lock
  # The folder is slipway_migrate's: root creates nothing in it, and writes to nothing.
  if ((EUID)); then touch "$lock"; else runuser -u slipway_migrate -- touch "$lock"; fi
  exec {only_one_fd}<"$lock"
  flock --nonblock "$only_one_fd" || refuse "another $1 is being made; nothing was done"
}

backups() { # the paths of all, without their ending, the newest last
  local file
  for file in "$BACKUP_DIRECTORY"/slipway-*.dump; do
    if [[ -e $file ]]; then say "${file%.dump}"; fi
  done
}

check_backup() { # check_backup PATH: refuse unless its three files are there, and are what was written
  local part
  for part in dump json sha256; do
    [[ -s $1.$part ]] || refuse "$1.$part is missing or empty"
  done
  [[ $(checksums "$1") == "$(<"$1.sha256")" ]] || refuse "$1 is not what was written: its checksum differs"
}

checksums() { (cd "$(dirname "$1")" && sha256sum "${1##*/}.dump" "${1##*/}.json"); }

told() { # told PATH FIELD: what a backup's JSON says of itself
  sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\).*/\1/p" "$1.json"
}

revisions() { # revisions FOLDER: of the migrations in it
  sed -nE "s/^revision(: str)? = [\"'](.*)[\"'].*/\2/p" "$1"/*.py 2>/dev/null || true
}

wanted_schema() { # wanted_schema FOLDER: the last of them, which no other one follows; several, if there are branches
  local followed
  followed=$(sed -nE "/^down_revision/p" "$1"/*.py 2>/dev/null | grep -oE "[\"'][^\"']+[\"']" | tr -d "\"'") || true
  revisions "$1" | grep --line-regexp --fixed-strings --invert-match --file <(echo "${followed:-}") | sort | paste -sd ' ' || true
}

want_room() { # want_room BYTES FOLDER: refuse unless a database of that size, and what is written beside it, fits there
  local free needed=$(($1 * 6 / 5 + (200 << 20)))
  free=$(df --output=avail --block-size=1 "$2" | tail -n 1)
  ((free > needed)) || refuse "$((free >> 20)) MiB are free at $2, and $((needed >> 20)) are needed" "df -h"
}

differences() { # differences PATH PSQL...: a line for each thing that PSQL does not find as the backup's JSON has it
  "${@:2}" --no-psqlrc -qAt --file="$(dirname "${BASH_SOURCE[0]}")/backups/compare.sql" <"$1.json"
}

gauge() { # gauge NAME HELP VALUE
  printf '# HELP %s %s\n# TYPE %s gauge\n%s %s\n' "$1" "$2" "$1" "$1" "$3"
}

publish() { # publish NAME: what comes in are its figures from now on, never read half. If they age, an alert tells
  local file=$METRICS/slipway_$1.prom
  if ! { cat >"$file.$$" && chmod 0644 "$file.$$" && mv "$file.$$" "$file"; }; then
    rm -f "$file.$$"
    complain "The figures could not be written to $METRICS."
  fi
}
