"""The stack as `docker compose up` has made it: what a visitor sees, and who can reach and write what."""

import json

import httpx
import pytest

from tests.containers.compose.stack import LASTING, ONE_SHOTS, smoke, until

pytestmark = pytest.mark.docker


def test_everything_is_up_and_healthy_and_what_runs_once_has_succeeded(stack):
    services = stack.services()
    assert {name for name, state in services.items() if state == ("exited", 0)} == ONE_SHOTS
    assert {name for name, state in services.items() if state[0] == "running"} == LASTING


def test_the_smoke_test_finds_nothing_wrong(stack):
    result = smoke(stack.url, "--write")
    assert result.returncode == 0, result.stdout
    assert " 0 failed" in result.stdout


def test_a_page_is_answered_by_the_service_and_its_files_by_the_edge(stack):
    with stack.client() as client:
        page = client.get("/", headers={"Accept": "text/html"})
        [style] = {word for word in page.text.split('"') if word.startswith("/static/") and word.endswith(".css")}
        file = client.get(style, headers={"X-Request-ID": "asks-for-a-file"})
    assert (page.status_code, file.status_code) == (200, 200)
    assert "asks-for-a-file" in stack.logs("edge")
    assert "asks-for-a-file" not in stack.logs("web")


def test_a_note_is_written_through_the_edge_and_a_worker_counts_its_words(stack):
    location = stack.write("of the compose test")
    until(lambda: stack.read(location).json()["words"] == 3)


def test_what_a_client_claims_about_where_it_comes_from_is_not_believed(stack):
    claims = {"X-Forwarded-For": "203.0.113.77", "X-Forwarded-Proto": "https", "X-Request-ID": "claims-to-be-another"}
    httpx.get(f"{stack.url}/v1/ping", headers=claims, trust_env=False)
    [line] = [line for line in stack.logs("web").splitlines() if "claims-to-be-another" in line]
    assert json.loads(line)["client.address"] not in {"203.0.113.77", "127.0.0.1"}


def test_the_role_of_the_service_changes_rows_and_not_the_schema(stack):
    code = """
import psycopg
connection = psycopg.connect(open("/run/secrets/database_url").read(), autocommit=True)
print(connection.execute("SELECT count(*) = 1 FROM alembic_version").fetchone()[0])
for statement in ("CREATE TABLE mine (id int)", "DROP TABLE alembic_version", "SELECT pg_read_file('/etc/passwd')"):
    try:
        connection.execute(statement)
        print("allowed:", statement)
    except psycopg.errors.InsufficientPrivilege:
        print("refused")
"""
    assert stack.python("web", code).split() == ["True", "refused", "refused", "refused"]


def test_each_container_knows_the_secrets_that_it_needs_and_no_others(stack):
    service = {"database_url", "redis_url", "secret_key", "secret_key_fallbacks"}
    wanted = {
        "web": service,
        "worker": service,
        "postgres": {"postgres_password", "slipway_password", "slipway_migrate_password"},
        "redis": {"redis_password"},
    }
    assert {name: set(stack.run(name, "ls", "/run/secrets").split()) for name in wanted} == wanted
    modes = stack.run("web", "stat", "--format=%a %U:%g", "/run/secrets/secret_key", "/run/secrets/database_url")
    assert modes.splitlines() == ["440 root:10001"] * 2
    assert stack.run("edge", "sh", "-c", "ls /run/secrets 2>/dev/null || echo none") == "none"
    secrets = {stack.run("postgres", "cat", f"/run/secrets/{name}") for name in wanted["postgres"]}
    assert all(len(secret) == 64 for secret in secrets)
    assert len(secrets) == 3
    told = "".join(json.dumps(stack.engine.inspect(container)) for container in stack.containers()) + stack.says()
    assert [secret for secret in secrets if secret in told] == []


def address_of(stack, service):
    networks = stack.engine.inspect(stack.container(service))["NetworkSettings"]["Networks"]
    return networks[f"{stack.name}_data"]["IPAddress"]


@pytest.mark.parametrize(("service", "port"), [("postgres", 5432), ("redis", 6379)])
def test_the_edge_cannot_reach_what_is_kept(stack, service, port):
    address = address_of(stack, service)
    code = f"import socket; socket.create_connection(({address!r}, {port}), 3); print('reached')"
    assert stack.python("web", code) == "reached"
    command = f"curl --silent --connect-timeout 3 --max-time 3 telnet://{address}:{port} </dev/null; echo $?"
    assert stack.run("edge", "sh", "-c", command) in {"7", "28"}  # no way there; or silence until the time was up
    assert (
        stack.run("edge", "sh", "-c", f"curl --silent --max-time 3 http://{service}:{port}; echo $?") == "6"
    )  # no such name


def test_what_is_kept_has_no_way_out(stack):
    for service in ("postgres", "redis"):
        networks = stack.engine.inspect(stack.container(service))["NetworkSettings"]["Networks"]
        assert list(networks) == [f"{stack.name}_data"]
        assert stack.engine.inspect(f"{stack.name}_data")["Internal"]


def test_nothing_but_the_edge_is_published_and_that_on_this_machine_alone(stack):
    published = {}
    for container in stack.containers():
        known = stack.engine.inspect(container)
        for bindings in (known["HostConfig"]["PortBindings"] or {}).values():
            published[known["Config"]["Labels"]["com.docker.compose.service"]] = bindings
    assert published == {"edge": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]}


def test_nobody_has_written_into_a_root_filesystem(stack):
    for container in stack.containers():
        known = stack.engine.inspect(container)
        assert known["HostConfig"]["ReadonlyRootfs"]
        places = [mount["Destination"] for mount in known["Mounts"]] + list(known["HostConfig"]["Tmpfs"] or {})
        changed = [line.split()[1] for line in stack.engine("diff", container).splitlines()]
        # Docker itself makes what something is mounted on, and the folders above that.
        assert [path for path in changed if not any(f"{place}/".startswith(f"{path}/") for place in places)] == []


def test_nobody_is_root_nor_may_become_it(stack):
    for service in LASTING:
        status = stack.run(service, "cat", "/proc/1/status")
        lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert "0" not in lines["Uid"].split()
        assert (int(lines["CapEff"], 16), int(lines["CapBnd"], 16), lines["NoNewPrivs"]) == (0, 0, "1")


def test_limits_are_in_force(stack):
    for container in stack.containers():
        limits = stack.engine.inspect(container)["HostConfig"]
        assert limits["Memory"] > 0
        assert limits["NanoCpus"] > 0
        assert limits["PidsLimit"] > 0
