# shellcheck shell=bash disable=SC2154 # scratch is a variable of release
# Removes old releases, and what only they needed: their environments and static files.
# Installed as /usr/local/lib/slipway/lib/releasing/pruning.sh. Check: shellcheck pruning.sh

KEPT_RELEASES=5

prune() { # the newest stay, and whatever a link leads to
  local release link in_use=''
  for link in /srv/slipway/{blue,green} "$CURRENT" "$FORMER_RELEASE"; do in_use+=" $(release_at "$link") "; done
  while read -r release; do
    if [[ $in_use != *" $release "* ]]; then
      rm -rf -- "${RELEASES:?}/$release"
      say "Removed $release, as $KEPT_RELEASES are kept"
    fi
  done < <(releases | tail -n +$((KEPT_RELEASES + 1)))
  prune_environments
  prune_static
}

prune_environments() {
  local environment
  for environment in "$VENVS"/*; do
    if [[ -z $(find "$RELEASES" -mindepth 2 -maxdepth 2 -name .venv -lname "*/${environment##*/}" -print -quit) ]]; then
      rm -rf -- "$environment"
    fi
  done
}

publish_static() { # publish_static RELEASE: beside others', as names carry a hash; by links, so that none is half there
  cp -RT --link --no-clobber "$RELEASES/$1/.static" "$STATIC"
}

prune_static() {
  find "$STATIC" -type f -printf '%P\n' | sort >"$scratch/published"
  find "$RELEASES"/*/.static -type f -printf '%P\n' 2>/dev/null | sort --unique >"$scratch/needed"
  comm -23 "$scratch/published" "$scratch/needed" | while read -r file; do rm -f -- "$STATIC/$file"; done
}
