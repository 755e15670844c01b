# shellcheck shell=bash
# Which of the two instances serves, and how that is changed: by replacing one link.
# Installed as /usr/local/lib/slipway/lib/colours.sh. Check: shellcheck colours.sh

live_colour() { # blue, green, or nothing before the first release
  if [[ -L $LIVE ]]; then basename "$(readlink "$LIVE")"; fi
}

idle_colour() { # the one that a release may use
  if [[ $(live_colour) == blue ]]; then echo green; else echo blue; fi
}

release_at() { # release_at LINK: the name of the release that a link of /srv/slipway leads to, or nothing
  if [[ -L $1 ]]; then basename "$(readlink "$1")"; fi
}

serving() { # the release that serves, or the word nothing
  release_at "$CURRENT" | grep . || echo nothing
}

releases() { # the names of all that are kept, the newest first
  find "$RELEASES" -mindepth 1 -maxdepth 1 -type d -name '2*' -printf '%f\n' | sort --reverse
}

point() { # point LINK TARGET: in one step, so that nobody ever finds the link missing; no TARGET removes it
  if [[ -z $2 ]]; then
    rm -f -- "$1"
    return
  fi
  ln -sfn -- "$2" "$1.new"
  mv -T -- "$1.new" "$1"
}

release_name() { # release_name FOLDER: what the release calls itself
  sed -n 's/^RELEASE=//p' "$1/RELEASE.env" 2>/dev/null || true
}

checksum_of_deploy() { # checksum_of_deploy TREE: of what provision installs out of it
  (cd "$1/deploy" && find vps systemd nginx redis -type f -exec sha256sum {} + | sort) | sha256sum
}

find_release() { # find_release NAME: of a folder, or what a release calls itself; a line for each that fits
  local name
  if [[ $1 =~ ^2[^/]*$ && -d $RELEASES/$1 ]]; then
    echo "$1"
    return
  fi
  releases | while read -r name; do
    if [[ $(release_name "$RELEASES/$name") == "$1" ]]; then echo "$name"; fi
  done
}

all_called() { # those that are kept, the newest first, in one line
  local name
  releases | while read -r name; do called "$name"; done | paste -sd , | sed 's/,/, /g'
}

called() { # called NAME: the release, and its own name where that is another
  local own
  own=$(release_name "$RELEASES/$1")
  if [[ -n $own && $own != "$1" ]]; then echo "$1 ($own)"; else echo "$1"; fi
}
