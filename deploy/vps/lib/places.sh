# shellcheck shell=bash disable=SC2034
# What is where on the machine; every command of `slipway` reads this.
# Installed as /usr/local/lib/slipway/lib/places.sh. Check: shellcheck places.sh

SETTINGS=/etc/slipway/settings          # NAME=value, nothing secret: root's, all may read
SECRETS=/etc/slipway/secrets            # a file each: root's alone, units get copies by LoadCredential=
REPOSITORY_NOTE=/etc/slipway/repository # the clone that `slipway release REF` takes releases from
EXTRAS=/etc/slipway/extras              # if it is there, extras to install, such as tracing
TLS=/etc/slipway/tls                    # a link to the pair that Nginx shows
SELF_SIGNED=/etc/slipway/tls-selfsigned

RELEASES=/srv/slipway/releases          # a folder each; /srv/slipway/blue, green, current and former are links to them
VENVS=/srv/slipway/venvs                # a virtual environment for each lock file; releases link to theirs
STATIC=/srv/slipway/static              # static files of all kept releases, as Nginx serves them
CURRENT=/srv/slipway/current            # the release that serves: what workers and commands run
FORMER_RELEASE=/srv/slipway/former      # the one that served before it: where `slipway rollback` goes

LIVE=/var/lib/slipway/live              # THE answer to which instance serves: a link to /run/slipway/blue or green
ACME=/var/lib/slipway/acme
MAINTENANCE=/var/lib/slipway/maintenance  # while it is there, Nginx asks nobody, and answers 503
BACKUPS=/var/backups/slipway
PIP_CACHE=/var/cache/slipway/pip
LIB=/usr/local/lib/slipway
UNITS=/etc/systemd/system
# Where this is, the service may call out of this machine.
OUTSIDE=$UNITS/slipway-@.service.d/outside.conf
PREPARED=/var/lib/slipway/prepared      # a checksum of the deploy/ that provision has installed
LOCK=/run/slipway.lock                  # whoever changes what serves holds it; its text says who that is
