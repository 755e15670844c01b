"""Preflight finds nothing to mend in the service behind the site as it is shipped, and finds what was broken there."""

import pytest

from app.preflight import answers, edge
from app.preflight.asking.arriving import arrive
from app.preflight.asking.site import Site
from app.preflight.checks import checks_in
from app.preflight.running import Report, run
from tests.nginx import sites
from tests.nginx.conftest import furnish
from tests.stack.conftest import GENEROUS_SECONDS
from tests.stack.front import make_certificate

pytestmark = pytest.mark.nginx

CHECKS = checks_in(edge, answers)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A folder with a certificate that lasts for months, for where one ends soon, that is a finding."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = make_certificate(folder, days=90, name=sites.NAME)
    certificate.rename(folder / "fullchain.pem")
    key.rename(folder / "privkey.pem")
    return folder


def report_of(build, lasting, instance, static, changes=None):
    """Run all checks from outside, as at the ports of the public: its redirect names none."""
    with sites.running(build, lasting, changes) as nginx:
        furnish(nginx, static)
        nginx.serve(instance.folder)
        site = Site(
            f"https://{sites.NAME}",
            address="127.0.0.1",
            http_port=nginx.ports["80"],
            cafile=str(lasting / "fullchain.pem"),
            seconds=GENEROUS_SECONDS,
            deadline=10 * GENEROUS_SECONDS,
        )
        site.port = nginx.ports["443"]
        arrive(site)
        report = Report()
        run(CHECKS, site, report)
    return report


def test_there_is_nothing_to_mend(build, lasting, instance, static, say):
    report = report_of(build, lasting, instance, static)
    unknown = {each.check for each in report.not_checked}
    say(f"{len(report.passed)} passed, not checked: {', '.join(sorted(unknown))}")
    # The wheel's build lacks gzip_static.
    assert {finding.check for finding in report.findings} <= ({"compression"} if build.lacks else set())
    assert unknown <= {"rate-limit", "forged-client", "cookies"}  # no limit over all; a home page without a form


BELIEVING = "map $http_x_forwarded_proto $slipway_scheme {\n    http http;"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"proxy_set_header X-Forwarded-Proto $slipway_scheme;": ""}, {"redirect-loop"}),
        ({"map $scheme $slipway_scheme {": BELIEVING}, {"forged-headers"}),
        ({"return 308 https://$server_name$request_uri;": "return 302 https://$host$request_uri;"}, {"redirect"}),
        ({"location = /metrics {\n        return 404;": "location = /metrics {\n        return 200 'x';"}, {"metrics"}),
        ({"add_header X-Content-Type-Options $slipway_nosniff always;": ""}, {"headers"}),
        ({"server_tokens off;\naccess_log": "server_tokens on;\naccess_log"}, {"banner"}),
    ],
)
def test_what_was_broken_there_is_found(build, lasting, instance, static, changes, named):
    report = report_of(build, lasting, instance, static, changes)
    assert named <= {finding.check for finding in report.findings}
