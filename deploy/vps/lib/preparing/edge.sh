# shellcheck shell=bash disable=SC2154 # domain, email, tree and changes are variables of provision
# Nginx, and a certificate to begin with.
# Installed as /usr/local/lib/slipway/lib/preparing/edge.sh. Check: shellcheck edge.sh

self_signed() { # to begin with, and whatever else happens Nginx can start
  local said
  said=$(openssl x509 -in "$SELF_SIGNED/fullchain.pem" -noout -checkhost "$domain" 2>/dev/null) || true
  [[ $said == *'does match'* ]] || change "a self-signed certificate for $domain" make_certificate
  [[ -L $TLS ]] || symlink "$SELF_SIGNED" "$TLS"
}

make_certificate() {
  install --directory "$SELF_SIGNED"
  (umask 077 && cd "$SELF_SIGNED" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" -days 3650 \
    -keyout privkey.pem -out fullchain.pem 2>/dev/null)
  chmod 644 "$SELF_SIGNED/fullchain.pem"
}

web_server() {
  local before=$changes name=/etc/nginx/slipway/server_name.conf
  our_files "Nginx" < <(
    echo "$tree/deploy/nginx/slipway.conf /etc/nginx/conf.d/slipway.conf 644"
    find "$tree/deploy/nginx/slipway" -type f ! -name server_name.conf -printf '%p /etc/nginx/slipway/%P 644\n' | sort
  )
  # Further names that an operator has added stay.
  grep --quiet --word-regexp --fixed-strings "$domain" "$name" 2>/dev/null \
    || change "Nginx serves $domain" name_the_server "$name"
  [[ $(readlink -f /etc/nginx/sites-enabled/default) != /etc/nginx/sites-available/default ]] \
    || change "the distribution's default site is disabled" rm /etc/nginx/sites-enabled/default
  ((changes == before)) || change "Nginx reads its files again" reload_nginx
  started nginx.service
}

name_the_server() { # name_the_server FILE
  sed "s/^server_name .*/server_name $domain;/" "$tree/deploy/nginx/slipway/server_name.conf" >"$1"
}

reload_nginx() {
  nginx -t -q || refuse "Nginx refuses its files and goes on with the former ones; it says why, above" "nginx -t"
  systemctl reload-or-restart nginx.service
}

certificate() { # by Let's Encrypt, which has to reach this machine under its name
  [[ -n $email && $(readlink "$TLS" || echo "$SELF_SIGNED") == "$SELF_SIGNED" ]] || return 0
  change "a certificate for $domain by Let's Encrypt" ask_for_certificate
}

ask_for_certificate() {
  "$LIB/certificate" --email "$email" || {
    say "    There is none yet, and the self-signed one stays: browsers will warn. When $domain leads here:"
    say "    slipway certificate --email $email"
  }
}
