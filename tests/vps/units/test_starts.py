"""What becomes of a release that cannot start, and of a configuration that is refused, while visitors knock."""

import pytest

from tests.vps.units.instance import asking, web

pytestmark = pytest.mark.vps

# As in the unit, but for how long it waits.
IMPATIENT = """
[Service]
ExecStartPost=
ExecStartPost=/usr/local/lib/slipway/wait-ready /run/slipway/%i 5
"""
LATER = '''"""A migration that nobody has run."""

revision = "9999aaaa0000"
down_revision = "{head}"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''


@pytest.fixture
def idle(service):
    """The colour that does not serve, with a release of its own to be spoilt: its folder."""
    live, release = service.live()
    colour = {"blue": "green", "green": "blue"}[live]
    releases = "/srv/slipway/releases"
    service.machine.run(
        f"cp -a {releases}/{release} {releases}/spoilt && ln -sfn releases/spoilt /srv/slipway/{colour}"
    )
    return colour


def head(service):
    return service.sql("SELECT version_num FROM alembic_version")[0]


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("wsgi.py", "raise RuntimeError('spoilt on purpose')", "spoilt on purpose"),
        ("migrations/versions/9999_later.py", LATER, '"failing":["migrations"]'),
    ],
    ids=["does not import", "never becomes ready"],
)
def test_a_release_that_cannot_start_makes_the_command_fail_and_say_why(service, idle, path, content, reason):
    service.machine.run(f"cat >/srv/slipway/{idle}/{path}", input=content.replace("{head}", head(service)))
    unit = f"slipway-web@{idle}"
    folder = f"/run/systemd/system/{unit}.service.d"
    service.machine.run(
        f"mkdir -p {folder} && cat >{folder}/impatient.conf && systemctl daemon-reload", input=IMPATIENT
    )
    started = service.machine.run(f"systemctl start {unit}.service", check=False)
    assert started.returncode != 0
    assert reason in service.journal("--output=cat", f"--unit={unit}")
    assert service.show(f"{unit}.socket", "ActiveState") == {"ActiveState": "active"}
    assert service.get("/v1/ping")[0] == 200


def test_a_refused_configuration_costs_nothing_while_visitors_knock_and_is_taken_once_it_is_mended(service):
    unit, machine = web(service), service.machine
    machine.run("cp /etc/slipway/settings /root/settings && echo WEB_THREADS=many >>/etc/slipway/settings")
    assert machine.run(f"systemctl restart {unit}", check=False).returncode != 0
    assert service.show(unit, "ExecMainStatus", "NRestarts") == {"ExecMainStatus": "78", "NRestarts": "0"}

    machine.run(f"for _ in $(seq 8); do timeout 1 {asking(service, '/v1/ping')} & sleep 1; done; wait")
    assert service.journal("--output=cat", f"--unit={unit}").count("WEB_THREADS: not a whole number") == 1
    assert service.show(unit.replace(".service", ".socket"), "ActiveState") == {"ActiveState": "active"}

    machine.run("cp /root/settings /etc/slipway/settings")
    service.wait_until_ready()
