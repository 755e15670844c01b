"""The files as they are shipped: that they parse, that nothing is found in them, that they agree with the service."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import load_config
from tests.conftest import PROJECT
from tests.nginx import copies, sites
from tests.nginx.copies import SHIPPED

pytestmark = pytest.mark.nginx

FILES = sorted(path for path in SHIPPED.rglob("*") if path.is_file())
SENT = {"error.css"}  # to clients as it is; page.html, of which they do not see the beginning, speaks for it
HTTP2_WARNING = re.compile(r'\[warn\].* the "listen \.\.\. http2" directive is deprecated')


@pytest.mark.parametrize("path", [path for path in FILES if path.name not in SENT], ids=lambda path: path.name)
def test_every_file_says_where_it_is_installed_and_how_it_is_checked(path):
    beginning = "\n".join(path.read_text().splitlines()[:6])
    place = "conf.d/slipway.conf" if path.parent == SHIPPED else path.relative_to(SHIPPED)
    assert f"nstalled as /etc/nginx/{place}" in beginning
    assert "Check: nginx -t" in beginning


def test_it_parses_and_the_one_warning_is_that_of_the_form_of_http_2(build, certificate):
    with copies.scratch_root() as root:
        copies.laid_out(root, build, certificate)
        done = subprocess.run([*sites.command(build, root), "-t"], capture_output=True, text=True, check=True)
    complaints = [line for line in done.stderr.splitlines() if "[" in line and not HTTP2_WARNING.search(line)]
    assert complaints == []
    assert bool(HTTP2_WARNING.search(done.stderr)) is (build.version >= (1, 25, 1))


def test_the_form_that_newer_ones_would_rather_read_serves_the_same(build, certificate):
    if build.version < (1, 25, 1):
        pytest.skip(f"{build} does not know it")
    with copies.scratch_root() as root:
        copies.laid_out(root, build, certificate)
        path = root / "etc/nginx/conf.d/slipway.conf"
        assert "ssl http2" in path.read_text()
        path.write_text(path.read_text().replace("ssl http2", "ssl"))
        tls = root / "etc/nginx/slipway/tls.conf"
        tls.write_text(f"{tls.read_text()}\nhttp2 on;\n")
        done = subprocess.run([*sites.command(build, root), "-t"], capture_output=True, text=True, check=True)
    assert "[" not in done.stderr


def test_gixy_finds_nothing(tmp_path):
    (tmp_path / "conf.d").symlink_to(SHIPPED)
    (tmp_path / "slipway").symlink_to(SHIPPED / "slipway")
    (tmp_path / "nginx.conf").write_text("events {}\nhttp { include conf.d/*.conf; }\n")
    gixy = Path(sys.executable).with_name("gixy")
    done = subprocess.run([gixy, tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout


def directive(file, name):
    """Return the arguments of a directive that is there once, outside of locations."""
    [found] = re.findall(rf"^(?: {{4}}(?=keepalive))?{name} (.*);", (SHIPPED / file).read_text(), re.MULTILINE)
    return found


def test_the_name_is_in_one_place():
    name = directive("slipway/server_name.conf", "server_name")
    assert [path.name for path in FILES if name in path.read_text()] == ["server_name.conf"]


@pytest.fixture
def settings(production):
    return load_config(production)


def gunicorn(name):
    [value] = re.findall(rf"^{name} = (\d+)$", (PROJECT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    return int(value)


def test_a_body_may_be_as_large_as_the_application_allows(settings):
    assert directive("slipway/server.conf", "client_max_body_size") == "1m"
    assert settings.MAX_CONTENT_LENGTH == 1_048_576


def test_a_head_may_not_be_larger_than_gunicorn_allows():
    number, size = directive("slipway/server.conf", "large_client_header_buffers").split()
    assert int(size.removesuffix("k")) * 1024 - len("\r\n") <= gunicorn("limit_request_field_size")
    assert int(number) <= 8
    [longest] = re.findall(r"\$request_uri ~ \"\^\.\{(\d+)\}\"", (SHIPPED / "slipway/proxy.conf").read_text())
    assert int(longest) + len("OPTIONS  HTTP/1.1") < gunicorn("limit_request_line")


def seconds(file, name):
    return int(directive(file, name).removesuffix("s"))


def test_nginx_is_the_one_to_close_idle_connections():
    limit = gunicorn("keepalive")
    assert seconds("slipway.conf", "keepalive_time") + seconds("slipway.conf", "keepalive_timeout") < limit


def test_nginx_waits_as_long_as_a_request_can_take_and_no_longer_than_one_is_let_finish(settings):
    wait = seconds("slipway/proxy.conf", "proxy_read_timeout")
    statement = settings.DB_STATEMENT_TIMEOUT_MS / 1000
    assert settings.DB_POOL_TIMEOUT_SECONDS + settings.DB_CONNECT_TIMEOUT_SECONDS + statement < wait
    assert wait <= settings.WEB_GRACEFUL_TIMEOUT_SECONDS
    assert seconds("slipway/proxy.conf", "proxy_send_timeout") <= settings.WEB_GRACEFUL_TIMEOUT_SECONDS


def test_former_versions_of_tls_are_left_out_by_name_and_not_only_by_what_a_library_refuses():
    assert directive("slipway/tls.conf", "ssl_protocols") == "TLSv1.2 TLSv1.3"


def test_hsts_lasts_as_long_as_the_application_says(settings):
    assert f"max-age={settings.HSTS_SECONDS}; includeSubDomains" in (SHIPPED / "slipway/answers.conf").read_text()


def test_no_location_has_a_header_of_its_own_which_would_take_the_others_away():
    for path in FILES:
        for line in path.read_text().splitlines():
            if "add_header" in line and not line.startswith("#"):
                assert path.name == "server.conf"
                assert line.startswith("add_header ")  # of the server, not of a location in it
                assert line.endswith(" always;")


def test_what_provision_has_to_know_of_the_machine_is_not_in_the_files():
    assert os.fspath(PROJECT) not in "".join(path.read_text() for path in FILES)
