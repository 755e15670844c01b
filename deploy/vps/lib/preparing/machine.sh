# shellcheck shell=bash
# The machine itself: packages, users, folders, memory to fall back on, and what a firewall should let through.
# Installed as /usr/local/lib/slipway/lib/preparing/machine.sh. Check: shellcheck machine.sh

PACKAGES=(ca-certificates certbot curl iproute2 nginx openssl postgresql python3 python3-venv redis-server util-linux)

packages() {
  local package missing=()
  for package in "${PACKAGES[@]}"; do
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] \
      || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || change "packages ${missing[*]}" install_packages "${missing[@]}"
}

install_packages() { # install_packages PACKAGE...
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2 || refuse "the package lists could not be fetched" "apt-get update"
  apt-get install --quiet=2 --yes --no-install-recommends "$@" >/dev/null \
    || refuse "the packages could not be installed" "apt-get install $*"
  # It came just now, so nobody uses its default instance, which would listen at 127.0.0.1 without a password.
  if [[ " $* " == *" redis-server "* ]]; then systemctl --quiet disable --now redis-server.service; fi
}

accounts() {
  local name
  for name in slipway slipway_migrate; do
    id "$name" >/dev/null 2>&1 || change "user $name, without shell and home" useradd --system --user-group \
      --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
  done
}

folders() {
  local path
  for path in {/etc,/srv,/var/lib,/var/cache}/slipway "$RELEASES" "$VENVS" "$STATIC" "$ACME" "$LIB"; do
    folder "$path" 755 root
  done
  folder "$SECRETS" 700 root
  folder "$PIP_CACHE" 700 root
}

swap_file() { # swap_file SIZE: a file of that size, unless the machine has some swap
  [[ -z $(swapon --show --noheadings) ]] || return 0
  change "swap of $1 in /swapfile" make_swap "$1"
}

make_swap() {
  fallocate --length "$1" /swapfile
  chmod 600 /swapfile
  mkswap --quiet /swapfile
  swapon /swapfile || refuse "this machine takes no swap file" "rm /swapfile, and again without --swap"
  grep --quiet '^/swapfile ' /etc/fstab || echo '/swapfile none swap sw 0 0' >>/etc/fstab
}

firewall_hint() { # nothing is changed: a mistake there locks the operator out
  if [[ $(nft list ruleset 2>/dev/null) != *'hook input'* ]]; then
    say "No firewall is at work on this machine. The world needs 80 and 443, you need ssh; for instance:"
    say "  apt-get install ufw && ufw allow OpenSSH && ufw allow 80/tcp && ufw allow 443/tcp && ufw enable"
  fi
}

backup_folders() { # what `slipway backup` writes to
  [[ -d $BACKUPS && -e /etc/slipway/backup.conf ]] || change "folders and settings of backups" prepare_backups
}
