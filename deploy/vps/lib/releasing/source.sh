# shellcheck shell=bash disable=SC2154 # scratch and what was asked for are variables of release
# Where a release comes from: a ref of the repository, or an archive. Sets `commit`, `version`, `name`.
# Installed as /usr/local/lib/slipway/lib/releasing/source.sh. Check: shellcheck source.sh

find_source() { # find_source REF|ARCHIVE|-
  case $1 in
    - | *.tar | *.tar.gz | *.tgz) find_archive "$1" ;;
    *) find_commit "$1" ;;
  esac
  name=$(date --utc +%Y%m%dT%H%M%S)-$short
  version=${given_name:-${version:-$name}}
  version=${version//[^A-Za-z0-9._+\/-]/_}
}

find_commit() { # the newest of the remote's branch, a tag, or any commit
  command -v git >/dev/null || refuse "git is not on this machine, so $1 must be an archive" "apt-get install git"
  repository=${repository:-$(cat "$REPOSITORY_NOTE" 2>/dev/null || true)}
  [[ -n $repository ]] || refuse "no repository is known to take $1 from" "slipway release $1 --repository FOLDER"
  in_repository rev-parse --git-dir >/dev/null \
    || refuse "$repository is no repository that root may read" "slipway release $1 --repository FOLDER"
  if [[ -z $no_fetch && -n $(in_repository remote) ]]; then
    in_repository fetch --quiet --tags --force --prune \
      || refuse "the repository's remote did not answer" "slipway release $1 --no-fetch, for what is in $repository"
  fi
  commit=$(in_repository rev-parse --verify --quiet "refs/remotes/origin/$1^{commit}") \
    || commit=$(in_repository rev-parse --verify --quiet "$1^{commit}") \
    || refuse_unknown "$1"
  short=$(in_repository rev-parse --short "$commit")
  if [[ -n $(in_repository rev-list --max-count 1 "$commit..refs/heads/$1" 2>/dev/null) ]]; then
    complain "What is committed to $1 in $repository and not pushed is not in this release."
  fi
  if [[ $commit == "$(in_repository rev-parse HEAD)" && -n $(in_repository status --porcelain 2>/dev/null) ]]; then
    complain "What is not committed in $repository is not in this release."
  fi
  version=$(in_repository describe --tags --exact-match "$commit" 2>/dev/null || true)
}

refuse_unknown() { # refuse_unknown REF: most often it was committed elsewhere, and not pushed
  local remote
  remote=$(in_repository remote | head -n 1)
  [[ -n $remote ]] || refuse "$repository knows no $1" "git -C $repository branch --all; git -C $repository tag"
  [[ -z $no_fetch ]] || refuse "$repository knows no $1, and $remote was not asked" "slipway release $1"
  refuse "neither $repository nor its remote, $remote, knows $1: is it pushed?" "git push $remote, where it was committed"
}

in_repository() { # in_repository COMMAND...: of git, that leaves no process behind
  without_lock git -C "$repository" -c gc.auto=0 -c maintenance.auto=false "$@"
}

find_archive() { # a file, or standard input
  archive=$1
  if [[ $1 == - ]]; then
    archive=$scratch/release.tar
    cat >"$archive"
  fi
  [[ -s $archive ]] || refuse "there is no archive $1, or it is empty" "git archive --output release.tar HEAD"
  tar --list --file "$archive" >"$scratch/names" 2>/dev/null \
    || refuse "$1 is not an archive that tar can read" "git archive --output release.tar HEAD"
  refuse_dirty "$1"
  local checksum
  checksum=$(sha256sum <"$archive")
  commit=$(commit_of_archive)
  short=${commit:0:8}
  short=${short:-${checksum:0:8}}
}

commit_of_archive() { # `git archive` writes it into the archive's header
  python3 - "$archive" <<'PYTHON'
import re, sys, tarfile
comment = tarfile.open(sys.argv[1]).pax_headers.get("comment", "")
print(comment if re.fullmatch("[0-9a-f]{40,64}", comment) else "")
PYTHON
}

refuse_dirty() { # what must not come with code, and what must
  local found outside='^/|(^|/)\.\.(/|$)' misplaced='^(\./)?(\.env|\.git|\.venv|\.dev|RELEASE\.env)(/|$)'
  if found=$(grep --extended-regexp --max-count=1 "$outside|$misplaced" "$scratch/names"); then
    refuse "$1 holds $found, which has no place in a release" "git archive --output release.tar HEAD"
  fi
  for found in wsgi.py gunicorn.conf.py requirements.txt migrations/env.py; do
    grep --quiet --extended-regexp "^(\./)?$found\$" "$scratch/names" \
      || refuse "$1 has no $found at its top: it is no release of this service" "git archive --output release.tar HEAD"
  done
}

unpack() { # unpack FOLDER
  if [[ -n ${archive-} ]]; then
    tar --extract --file "$archive" --directory "$1" --no-same-owner --no-same-permissions
  else
    in_repository archive "$commit" | tar --extract --directory "$1" --no-same-owner --no-same-permissions
  fi
}
