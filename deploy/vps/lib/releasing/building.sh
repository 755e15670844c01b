# shellcheck shell=bash disable=SC2154 # name, version, commit and scratch are variables of release
# Makes a folder that can be served: code, dependencies by their hashes, bytecode, static files, its name.
# Installed as /usr/local/lib/slipway/lib/releasing/building.sh. Check: shellcheck building.sh

build() { # build FOLDER: at a name that nobody uses yet
  mkdir "$1"
  unpack "$1" || refuse "$name could not be unpacked"
  refuse_links_out "$1"
  environment_for "$1"
  ln -s "$VENVS/$venv" "$1/.venv"
  python3 -I -m compileall -q "$1/app" "$1/migrations" "$1"/*.py \
    || refuse "the code is not Python; the compiler says why, above"
  printf 'RELEASE=%s\nGIT_SHA=%s\n' "$version" "${commit:-unknown}" >"$1/RELEASE.env"
  chmod -R u=rwX,go=rX "$1"
  export_static "$1"
  sync --file-system "$1"
}

refuse_links_out() { # a link must stay inside, and nothing be more than a file, a folder or a link
  local odd root link
  odd=$(find "$1" ! -type f ! -type d ! -type l -print -quit)
  [[ -z $odd ]] || refuse "${odd#"$1"/} is neither a file nor a folder"
  root=$(realpath "$1")
  while read -r -d '' link; do
    [[ $(realpath -m "$link") == "$root"/* ]] || refuse "${link#"$1"/} is a link that leads out of the release"
  done < <(find "$1" -type l -print0)
}

environment_for() { # environment_for FOLDER: sets `venv`, the name of its environment, which is made if it is new
  local files=(requirements.txt)
  add_extras "$1"
  venv=$(cd "$1" && { python3 -c 'import sys; print(sys.implementation.cache_tag)'; cat "${files[@]}"; } | sha256sum)
  venv=${venv:0:16}
  [[ ! -e $VENVS/$venv/.complete ]] || return 0
  say "Installing what ${files[*]} lists"
  install_into "$VENVS/$venv" "$1" "${files[@]}"
}

add_extras() { # add_extras FOLDER: to `files`, the lock files of what /etc/slipway/extras names
  local extra
  for extra in $(cat "$EXTRAS" 2>/dev/null || true); do
    [[ -e $1/requirements-$extra.txt ]] || refuse "$EXTRAS names $extra, and the release has no requirements-$extra.txt"
    files+=("requirements-$extra.txt")
  done
}

install_into() { # install_into ENVIRONMENT FOLDER FILE...: where it stays, as scripts carry the path of their Python
  local environment=$1 folder=$2 pip exact
  shift 2
  pip=$(echo /usr/share/python-wheels/pip-*.whl)
  exact=$(python3 -c 'import sys; print("python{}.{}".format(*sys.version_info))')
  rm -rf "$environment"
  # By its full name: when the system's python3 becomes another one, what is installed here goes on with its own.
  "$exact" -m venv --without-pip "$environment"
  # Wheels only: nothing is compiled, and no code of a package runs while root installs it.
  (cd "$folder" && "$environment/bin/python" "$pip/pip" install --quiet --disable-pip-version-check --no-input \
    --root-user-action ignore --cache-dir "$PIP_CACHE" --only-binary :all: --require-hashes "${@/#/--requirement=}") \
    || { rm -rf "$environment" && refuse "the dependencies could not be installed; pip says why, above"; }
  sync --file-system "$environment"
  touch "$environment/.complete"
}

export_static() { # export_static FOLDER: to FOLDER/.static, by a user who may nothing, with settings that lead nowhere
  local out=$scratch/static
  install -d -o slipway "$out"
  (cd "$1" && runuser -u slipway -- env -i PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 APP_ENV=testing \
    SECRET_KEY=signs-nothing-only-static-files-are-exported DATABASE_URL='postgresql:///none?host=/nowhere' \
    .venv/bin/flask --app wsgi assets export "$out" >"$scratch/said" 2>&1) || {
    # Of code that cannot be imported the command says why, and then, beside the point, that it knows no `assets`.
    sed '/^Usage: flask/,$d' "$scratch/said" | grep . | tail -n 20 | sed 's/^/  | /' >&2
    refuse "the code cannot be loaded; its last lines are above"
  }
  mkdir "$1/.static"
  cp -RT --no-dereference --preserve=timestamps "$out" "$1/.static"
}
