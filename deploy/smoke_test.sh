#!/bin/sh
# Asks a service, wherever it is, whether it answers as it promises, and prints a line for each thing it has looked at.
#
# Installed nowhere: it lies beside the code, and a release is tried by its own. It needs a POSIX shell and curl.
# Check it: shellcheck deploy/smoke_test.sh; its test is tests/stack/test_smoke_test.py.
set -eu
LC_ALL=C
export LC_ALL

usage() {
  cat <<'END'
Usage: smoke_test.sh [OPTION...] URL

Asks the service at URL (scheme, host, perhaps a port, as in PUBLIC_URL), and prints a line for each check: ok, FAILED
or skipped, and what was seen. It changes nothing, unless --write is given.

Where to connect:
  --resolve ADDRESS     to ADDRESS, whatever DNS says of the host; an IPv6 address in brackets
  --unix-socket PATH    to an instance of the application at its own socket, with the headers that the proxy would send
  --http-port PORT      where plain HTTP has to be redirected to https; 80 if URL has no port, else it is not looked at

TLS:
  --cacert FILE         trust what the certificates in FILE have signed
  --insecure            trust any certificate
  --no-hsts             none is promised (HSTS_SECONDS=0)

What to ask:
  --page PATH           the page whose headers and static files are looked at; /
  --write               also create something, read it and delete it
  --write-path PATH     where; /v1/notes
  --write-body JSON     what; {"title": "..."}

How long to wait:
  --timeout SECONDS     for one answer; 10
  --deadline SECONDS    for all of them; 60

Exit status: 0 if no check failed, 1 if one did, 2 if nothing could be checked.
END
}

# What app/core/edge/headers.py puts on every answer, or the proxy in its place: a name, and the whole value as a
# pattern. Each is there exactly once.
promised_headers() {
  cat <<'END'
Content-Security-Policy: default-src 'none'; script-src 'self'( 'nonce-[^ ;]+')?; style-src 'self'( 'nonce-[^ ;]+')?; .*frame-ancestors 'none'.*
X-Content-Type-Options: nosniff
X-Frame-Options: DENY
Referrer-Policy: strict-origin-when-cross-origin
Permissions-Policy: .*camera=\(\).*
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
X-Permitted-Cross-Domain-Policies: none
Cache-Control: .+
END
  if [ "$scheme" = https ] && [ -z "$no_hsts" ]; then
    echo 'Strict-Transport-Security: max-age=[1-9][0-9]*; includeSubDomains.*'
  fi
}

read_arguments() {
  url='' address='' socket='' http_port='' cacert='' insecure='' no_hsts=''
  page=/ write='' write_path='' write_body='' timeout=10 deadline=60
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help | --insecure | --no-hsts | --write) ;;
      -*) [ $# -ge 2 ] || misused "$1 is no option, or lacks its value" ;;
    esac
    case $1 in
      -h | --help) usage && exit 0 ;;
      --insecure) insecure=yes ;;
      --no-hsts) no_hsts=yes ;;
      --write) write=yes ;;
      --resolve) address=$2 && shift ;;
      --unix-socket) socket=$2 && shift ;;
      --http-port) http_port=$2 && shift ;;
      --cacert) cacert=$2 && shift ;;
      --page) page=$2 && shift ;;
      --write-path) write_path=$2 && shift ;;
      --write-body) write_body=$2 && shift ;;
      --timeout) timeout=$2 && shift ;;
      --deadline) deadline=$2 && shift ;;
      -*) misused "$1 is no option" ;;
      *) [ -z "$url" ] || misused "one URL at a time, not $1 as well"; url=$1 ;;
    esac
    shift
  done
}

misused() {
  printf 'smoke_test.sh: %s; --help says more\n' "$1" >&2
  exit 2
}

check_arguments() {
  command -v curl >/dev/null || misused 'curl is not on this machine'
  url=${url%/}
  printf '%s\n' "$url" | grep -Eqx 'https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?' ||
    misused "'$url' is no URL of scheme, host and perhaps port"
  printf '%s\n%s\n%s\n' "$timeout" "$deadline" "${http_port:-1}" | grep -Evqx '[1-9][0-9]{0,5}' &&
    misused 'seconds and ports are whole numbers above zero'
  [ -z "$socket" ] || [ -S "$socket" ] || misused "there is no socket $socket"
  [ -z "$cacert" ] || [ -r "$cacert" ] || misused "there is no file $cacert"
}

# Sets what all checks use: the scheme as browsers see it, and where requests really go.
prepare() {
  scheme=${url%%:*} base=$url
  [ -z "$socket" ] || base=http://${url#*://}
  id=smoke-test-$(date +%s)-$$
  checks=0 failures=0 skips=0
  ends=$(($(date +%s) + deadline))
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
}

ok() { line 'ok' "$@"; }
failed() { failures=$((failures + 1)) && line 'FAILED' "$@"; }
skipped() { skips=$((skips + 1)) && line 'skipped' "$@"; }
line() {
  checks=$((checks + 1))
  printf '%-8s %-22s %s\n' "$@"
}

# ask URL [CURL OPTION...]: after it, $status is that of the answer (000: there was none), $work/head and $work/body
# hold it, and $seen says it in a few words.
ask() {
  target=$1 && shift
  : >"$work/head" && : >"$work/body"
  left=$((ends - $(date +%s)))
  if [ "$left" -le 0 ]; then
    status=000 seen="not asked: the $deadline seconds are over" && return
  fi
  [ "$left" -lt "$timeout" ] || left=$timeout
  [ -z "$address" ] || set -- "$@" --noproxy '*' --connect-to "::$address:"
  [ -z "$socket" ] || set -- "$@" --noproxy '*' --unix-socket "$socket" \
    --header "X-Forwarded-Proto: ${forwarded:-$scheme}" --header 'X-Forwarded-For: 127.0.0.1'
  [ -z "$cacert" ] || set -- "$@" --cacert "$cacert"
  [ -z "$insecure" ] || set -- "$@" --insecure
  # --disable, which has to come first: whatever ~/.curlrc says, it is not meant for this.
  if status=$(curl --disable --globoff --silent --show-error --max-time "$left" --suppress-connect-headers \
    --user-agent smoke-test --header "X-Request-ID: $id" --dump-header "$work/head" --output "$work/body" \
    --write-out '%{http_code}' "$@" "$target" 2>"$work/error"); then
    seen=$(printf '%s %s %s' "$status" "$(header Content-Type)" "$(excerpt)" | tr -s ' ' | sed 's/ $//')
  else
    status=000 seen="no answer: $(sed -n 's/^curl: //p' "$work/error" | head -n 1)"
  fi
}

# The values of a header of the last answer, a line each.
header() {
  tr -d '\r' <"$work/head" | awk -v name="$1:" '
    tolower(substr($0, 1, length(name))) == tolower(name) {
      value = substr($0, length(name) + 1); sub(/^[ \t]+/, "", value); print value
    }'
}

# The beginning of the last answer's body, where that is more than markup; nothing in it reaches the terminal's controls.
excerpt() {
  case $(header Content-Type) in
    *json* | text/plain*) tr -c '[:print:]' ' ' <"$work/body" | cut -c1-100 ;;
  esac
}

# expect CHECK STATUS TYPE PATTERN: the last answer has this status, begins its type so, and has the pattern in its body.
expect() {
  if [ "$status" = "$2" ] && { [ -z "$3" ] || header Content-Type | grep -q "^$3"; } &&
    { [ -z "$4" ] || grep -q -e "$4" "$work/body"; }; then
    ok "$1" "$seen"
  else
    failed "$1" "$seen; wanted: $2${3:+ $3}${4:+ with $4}"
  fi
}

# expect_headers CHECK [PROMISE...]: the last answer carries all that is promised, each once; a further promise may be
# stricter than the one of the same name.
expect_headers() {
  check=$1 && shift
  if [ "$status" = 000 ]; then
    failed "$check" "$seen" && return
  fi
  broken=$({ promised_headers && printf '%s\n' "$@"; } | awk '
    { sub(/\r$/, ""); name = tolower(substr($0, 1, index($0, ":") - 1)); value = substr($0, index($0, ":") + 1)
      sub(/^[ \t]+/, "", value) }
    name == "" { next }
    NR == FNR { promised[name] = value; next }
    name in promised { found[name] = found[name] (times[name]++ ? " and " : "") value }
    END { for (name in promised)
      if (!times[name]) printf "no %s; ", name
      else if (times[name] > 1) printf "%s more than once: %s; ", name, found[name]
      else if (found[name] !~ ("^(" promised[name] ")$")) printf "%s: %s; ", name, found[name] }
  ' - "$work/head")
  if [ -z "$broken" ]; then ok "$check" 'all that are promised, each once'; else failed "$check" "${broken%; }"; fi
}

check_certificate() {
  if [ -n "$socket" ] || [ "$scheme" = http ]; then
    skipped certificate 'there is no TLS at this address' && return
  elif [ -n "$insecure" ]; then
    skipped certificate 'not looked at (--insecure)' && return
  fi
  ask "$base/healthz" --verbose
  if [ "$status" = 000 ]; then
    failed certificate "$seen"
    insecure=yes # whatever is wrong with it, the other checks have something to say
  else
    ok certificate "trusted, ends $(sed -n 's/^\* *expire date: //p' "$work/error" | head -n 1)"
  fi
}

check_liveness() {
  ask "$base/healthz"
  expect liveness 200 application/json '"status": *"ok"'
}

check_readiness() {
  ask "$base/readyz"
  expect readiness 200 application/json '"status": *"ok"'
}

check_api() {
  ask "$base/v1/ping"
  expect ping 200 application/json '"pong"'
  expect_headers 'headers of the API'
  if [ "$(header X-Request-ID)" = "$id" ]; then
    ok 'request id' 'comes back as it was sent'
  else
    failed 'request id' "sent $id, came back: $(header X-Request-ID)"
  fi
}

check_page() {
  ask "$base$page" --header 'Accept: text/html'
  expect "page $page" 200 text/html ''
  expect_headers 'headers of the page'
  files=$(tr '"' '\n' <"$work/body" | grep '^/static/[A-Za-z0-9._/-]*$' | sort -u | head -n 10)
  [ -n "$files" ] || skipped 'static files' "$page names none"
  for file in $files; do
    ask "$base$file"
    expect "${file##*/}" 200 '' ''
  done
  # The last one's stand for all: one place serves them.
  [ -z "$files" ] || expect_headers 'headers of a file' 'Cache-Control: .*immutable.*'
}

check_errors() {
  ask "$base/v1/$id"
  expect 'unknown operation' 404 application/problem+json '"status": *404'
  expect_headers 'headers of an error'
  ask "$base/$id" --header 'Accept: text/html'
  expect 'unknown page' 404 text/html ''
}

# The same host, path and query over TLS; 308 keeps the method and the body.
check_redirect() {
  where="/v1/ping?by=smoke-test"
  host=${url#*://}
  name=$(printf '%s' "$host" | sed 's/:[0-9]*$//')
  port=$http_port
  [ "$host" != "$name" ] || port=${port:-80}
  if [ "$scheme" = http ]; then
    skipped redirect 'the public address is plain HTTP' && return
  elif [ -n "$socket" ]; then
    forwarded=http && ask "$base$where" && forwarded=''
  elif [ -z "$port" ]; then
    skipped redirect 'which port serves plain HTTP is not known; --http-port' && return
  else
    ask "http://$name:$port$where"
  fi
  if [ "$status" = 308 ] && [ "$(header Location)" = "$url$where" ]; then
    ok redirect "308 to $url"
  else
    failed redirect "$seen, Location: $(header Location); wanted: 308 to $url$where"
  fi
}

check_metrics() {
  ask "$base/metrics"
  case $status in
    403 | 404) ok 'metrics not public' "$status" ;;
    *) failed 'metrics not public' "$(printf '%s' "$seen" | cut -c1-80); wanted: 403 or 404" ;;
  esac
}

check_write() {
  [ -n "$write" ] || { skipped write 'it would change something; --write allows it' && return; }
  path=${write_path:-/v1/notes} body=$write_body pattern=''
  [ -n "$body" ] || { body="{\"title\": \"$id\"}" && pattern=$id; }
  ask "$base$path" --header 'Content-Type: application/json' --data "$body"
  if [ "$status" = 404 ] && [ -z "$write_path" ]; then
    skipped write "there is no $path here; --write-path and --write-body name what there is" && return
  fi
  expect write 201 application/json ''
  [ "$status" = 201 ] || return 0
  location=$(header Location)
  case $location in
    "$url"/*) location=${location#"$url"} ;;
    /*) ;;
    *) failed read "written, but Location is: $location" && return ;;
  esac
  ask "$base$location" && expect read 200 application/json "$pattern"
  ask "$base$location" --request DELETE && expect delete 204 '' ''
  ask "$base$location" && expect 'read once deleted' 404 application/problem+json ''
}

summarize() {
  printf '%s: %d checks, %d failed, %d skipped\n' "$url${socket:+ by $socket}" "$checks" "$failures" "$skips"
  [ "$failures" != 0 ] || return 0
  [ "$status" = 000 ] || printf 'In the log, the requests are those with the id %s.\n' "$id"
  exit 1
}

read_arguments "$@"
check_arguments
prepare
check_certificate
check_liveness
if [ "$status" = 000 ]; then
  skipped 'everything else' 'nothing answers there'
else
  check_readiness
  check_api
  check_page
  check_errors
  check_redirect
  check_metrics
  check_write
fi
summarize
