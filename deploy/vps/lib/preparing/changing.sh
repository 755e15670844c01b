# shellcheck shell=bash
# Changes to a machine that are made only where something is not yet as it should be, and told.
# Installed as /usr/local/lib/slipway/lib/preparing/changing.sh. Check: shellcheck changing.sh

changes=0
REPLACED=/var/lib/slipway/replaced  # what somebody had changed in our files

change() { # change WHAT COMMAND...: in a dry run it is only told
  changes=$((changes + 1))
  say "  $1"
  if [[ -z $dry_run ]]; then "${@:2}"; fi
}

folder() { # folder PATH MODE OWNER
  [[ $(stat --format '%a %U' "$1" 2>/dev/null) == "$2 $3" ]] \
    || change "folder $1, $2 of $3" install --directory --mode "$2" --owner "$3" --group "$(group_of "$3")" "$1"
}

group_of() { # group_of USER; in a dry run the user may not be there yet
  id --group --name "$1" 2>/dev/null || echo "$1"
}

our_file() { # our_file SOURCE TARGET [MODE]: it is replaced where it differs
  [[ $(stat --format '%a %U' "$2" 2>/dev/null) == "${3-644} root" ]] && cmp --quiet "$1" "$2" && return
  change "$2" put "$1" "$2" "${3-644}"
}

our_files() { # our_files WHAT: standard input has SOURCE, TARGET and MODE a line; told as one change
  local source target mode different=()
  while read -r source target mode; do
    [[ $(stat --format '%a %U' "$target" 2>/dev/null) == "$mode root" ]] && cmp --quiet "$source" "$target" && continue
    different+=("$source" "$target" "$mode")
  done
  if ((${#different[@]})); then
    change "$1: $((${#different[@]} / 3)) files, such as ${different[1]}" put "${different[@]}"
  fi
}

put() { # put [SOURCE TARGET MODE]...: what somebody has made of a file of ours in /etc is kept aside
  while (($#)); do
    if [[ $2 == /etc/* && -e $2 ]] && ! cmp --quiet "$1" "$2"; then
      install -D --mode 600 "$2" "$REPLACED$2"
      say "    $2 was otherwise; what it was is in $REPLACED"
    fi
    install -D --mode "$3" --owner root --group root "$1" "$2"
    shift 3
  done
}

symlink() { # symlink TARGET LINK
  [[ $(readlink "$2" 2>/dev/null) == "$1" ]] || change "$2 leads to $1" ln -sfn "$1" "$2"
}

started() { # started UNIT...: now and at every boot
  local unit
  for unit in "$@"; do
    if ! systemctl is-enabled --quiet "$unit" 2>/dev/null || ! systemctl is-active --quiet "$unit"; then
      change "$unit is started, now and at boot" start_for_good "$unit"
    fi
  done
}

start_for_good() { # start_for_good UNIT
  systemctl --quiet enable --now "$1" || refuse "$1 does not start" "systemctl status $1"
}

enabled() { # enabled UNIT: at boot; the first release starts it
  systemctl is-enabled --quiet "$1" 2>/dev/null || change "$1 is started at boot" systemctl --quiet enable "$1"
}
