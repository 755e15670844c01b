"""A copy of the shipped files, laid out as on a machine but in a folder, for an Nginx to read."""

import os
import re
import shutil
import socket
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bench.running.nginx import free_ports
from tests.conftest import PROJECT

NAME = "example.org"  # of the site in tests, whatever name the shipped file has
SHIPPED = PROJECT / "deploy/nginx"
PORTS = ("80", "443", "8001")
FOLDERS = ("etc/nginx/conf.d", "etc/slipway", "html", "srv/slipway/static", "var/lib/slipway/acme", "var/log/nginx")

# What Debian 12 has around the files of a site, its defaults that ours must not lean on included.
DEBIAN = """
daemon off;
{user}
worker_processes 2;
pid {root}/nginx.pid;
error_log {root}/var/log/nginx/error.log warn;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    types {{ text/html html; text/css css; application/javascript js; image/svg+xml svg; text/plain txt; }}
    default_type application/octet-stream;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    access_log {root}/var/log/nginx/access.log;
    gzip on;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/etc/nginx/conf.d/*.conf;
}}
"""


@contextmanager
def scratch_root():
    """A folder with a short name, for the path of a Unix socket has 108 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        yield Path(folder)


def laid_out(root, build, certificate):
    """Put the files where an installation has them, below `root`; return which ports they have in place of theirs."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    for folder in (
        "etc/nginx/conf.d",
        "etc/slipway",
        "srv/slipway/static",
        "var/lib/slipway/acme",
        "var/log/nginx",
        "html",
    ):
        (root / folder).mkdir(parents=True)
    (root / "html/index.html").write_text("Welcome to nginx!")  # Debian has it where no other root is named
    (root / "etc/slipway/tls").symlink_to(certificate)
    shutil.copytree(SHIPPED / "slipway", root / "etc/nginx/slipway")
    shutil.copy(SHIPPED / "slipway.conf", root / "etc/nginx/conf.d")
    for path in [*(root / "etc/nginx/conf.d").iterdir(), *(root / "etc/nginx/slipway").glob("*.conf")]:
        path.write_text(adapted(path.read_text(), root, ports, build.lacks))
    user = "user root;" if os.geteuid() == 0 else ""  # as another user, its workers could not enter the folder
    (root / "etc/nginx/nginx.conf").write_text(DEBIAN.format(root=root, user=user))
    return ports


def changed(root, changes):
    """Replace texts in the files below `root`, each of which must be there once."""
    files = [*(root / "etc/nginx/conf.d").iterdir(), *(root / "etc/nginx/slipway").glob("*.conf")]
    for old, new in changes.items():
        [path] = [path for path in files if old in path.read_text()]
        path.write_text(path.read_text().replace(old, new))


def adapted(text, root, ports, lacks=frozenset()):
    """Return a shipped file for a test: listening on other ports of loopback, and every absolute path below `root`.

    What a build does not know (`lacks`), and IPv6 where the machine has none, is left out.
    """

    def listen(match):
        return f"listen {'[::1]' if match[1] == '[::]:' else '127.0.0.1'}:{ports[match[2]]}"

    text = re.sub(rf"\blisten (\[::\]:|127\.0\.0\.1:)?({'|'.join(PORTS)})\b", listen, text)
    if not has_ipv6():
        text = re.sub(r"^ *listen \[::1\].*;\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^server_name .*;", f"server_name {NAME};", text, flags=re.MULTILINE)
    text = re.sub(r"(?<=[ :])/(?=(etc|srv|var)/)", f"{root}/", text)
    for directive in lacks:
        text = re.sub(rf"^ *{directive} .*;\n", "", text, flags=re.MULTILINE)
    return text


@cache
def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
