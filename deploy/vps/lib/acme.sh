# shellcheck shell=bash disable=SC2034 # why and look are for certificate
# Whether an authority could see that the host is ours, and what its refusal means.
# Installed as /usr/local/lib/slipway/lib/acme.sh. Check: shellcheck acme.sh

look_at_challenge() { # look_at_challenge HOST: put a file where certbot will, and ask for it as the authority will
  local host=$1 folder=$ACME/.well-known/acme-challenge name path
  name=slipway-$(date +%s)-$$
  path=http://$host/.well-known/acme-challenge/$name
  install -d -m 0755 "$folder"
  printf '%s' "$name" >"$folder/$name"
  local here there
  here=$(fetch --connect-to "::127.0.0.1:" "$path") || true
  there=$(fetch "$path") || complain "$(what_is_there "$host" "$?")"
  rm -f "$folder/$name"
  [[ $here == "$name" ]] ||
    refuse "Nginx does not show what is in $folder at port 80 of this machine for $host" "systemctl status nginx"
  if [[ -n $there && $there != "$name" ]]; then complain "$(what_is_there "$host" 0)"; fi
}

fetch() { curl --disable --silent --fail --max-time 10 --noproxy '*' "$@"; }

what_is_there() { # what_is_there HOST STATUS-OF-CURL: in words; a machine may be unable to see itself from outside
  local addresses
  addresses=$(getent ahosts "$1" | cut -d ' ' -f 1 | sort -u | paste -sd ' ') || true
  case $2 in
    6) printf 'Careful: from here, DNS knows no address of %s.' "$1" ;;
    7 | 28) printf 'Careful: from here, nobody answers at port 80 of %s (%s): a firewall, or another machine.' "$1" "$addresses" ;;
    *) printf 'Careful: from here, %s (%s) is another machine; this one has %s.' "$1" "$addresses" "$(hostname -I)" ;;
  esac
}

explain_refusal() { # explain_refusal HOST SERVER OUTPUT-OF-CERTBOT: sets `why`, and `look`, a command that shows it
  case $3 in
    *rateLimited* | *"too many"* | *rate-limits*)
      why="the authority issues no more for now; it says until when" look='' ;;
    *"Type:   dns"* | *"DNS problem"* | *NXDOMAIN* | *"could not resolve"*)
      why="the authority finds no address of $1 in DNS: it needs an A record (or AAAA) with the address of this machine"
      look="getent ahosts $1; hostname -I" ;;
    *"Type:   connection"*)
      why="the authority gets no answer at port 80 of $1: is it open in every firewall, and the address in DNS this machine's?"
      look="curl --head http://$1/, from another machine" ;;
    *"Type:   unauthorized"*)
      why="the authority got an answer at port 80 of $1 that is not from this Nginx: DNS leads elsewhere, or something is in between"
      look="getent ahosts $1; hostname -I" ;;
    *"Type:   caa"*)
      why="a CAA record in DNS allows other authorities only to issue for $1" look="dig +short CAA $1" ;;
    *ConnectionError* | *"Error: Requesting "* | *SSLError*)
      why="this machine does not reach the authority, or does not trust its server" look="curl --head $2" ;;
    *) why="certbot could not get a certificate for $1; above is what it says" look='less /var/log/letsencrypt/letsencrypt.log' ;;
  esac
}
