import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.containers.engine import until
from tests.containers.swarm.load import READS, visitors

pytestmark = pytest.mark.docker


def test_a_task_that_is_killed_is_replaced_and_hardly_a_reader_notices(stack, say):
    victim, other = stack.containers("web")
    began = time.monotonic()
    with visitors(stack, READS) as load:
        stack.engine("kill", victim)
        until(lambda: victim not in stack.containers("web"))
        after = stack.ready("web", 2)
        took = time.monotonic() - began
    say(load, f"replaced after {took:.0f} s")
    assert other in after
    # Another one is asked; but an answer that has begun cannot be begun again, and each visitor waits for one at most.
    assert len(load.failures) <= 4
    assert all("IncompleteRead" in str(status) for _, _, _, status, _ in load.failures)


def test_what_is_in_flight_when_the_swarm_stops_a_task_is_answered(stack):
    before = stack.containers("web")
    with ThreadPoolExecutor(4) as clients:
        waiting = [clients.submit(stack.ask, f"/v1/swarm/gate/{number}") for number in range(4)]
        until(lambda: sum(len(at_gate(stack, container)) for container in before) == 4)
        stack.engine("service", "scale", "--detach", f"{stack.name}_web=1")
        try:
            [stopped] = until(lambda: [each for each in before if "Handling signal: term" in stack.engine.logs(each)])
            for container in before:
                stack.engine("exec", container, "touch", "/tmp/gate/open")
            assert [answer.result()[0] for answer in waiting] == [200] * 4
            until(lambda: not stack.engine.inspect(stopped)["State"]["Running"])
            assert stack.engine.inspect(stopped)["State"]["ExitCode"] == 0
        finally:
            stack.engine("service", "scale", "--detach", f"{stack.name}_web=2")


def at_gate(stack, container):
    return stack.engine("exec", container, "sh", "-c", "mkdir -p /tmp/gate; ls /tmp/gate").split()


def test_without_its_database_no_task_is_ended_and_all_recover_by_themselves(stack):
    before = stack.containers("web")
    stack.engine("service", "scale", "--detach", f"{stack.name}_postgres=0")
    for container in before:
        until(lambda container=container: '"failing":["database"' in readiness(stack, container).stderr)
        assert "503" in readiness(stack, container).stderr
    for container in before:
        stays_healthy(stack, container, checks=8)  # more than it would take to be given up
    assert stack.containers("web") == before
    assert stack.ask("/v1/ping")[0] == 200

    stack.engine("service", "scale", "--detach", f"{stack.name}_postgres=1")
    for container in before:
        until(lambda container=container: readiness(stack, container).returncode == 0)
    assert stack.containers("web") == before


def readiness(stack, container):
    return stack.engine.result("exec", container, "healthcheck", "/readyz")


def stays_healthy(stack, container, checks):
    """Wait until it was asked so often again, and always said yes."""
    seen = {}
    while len(seen) < checks + 1:
        health = stack.engine.inspect(container)["State"]["Health"]
        assert health["Status"] == "healthy"
        seen |= {check["Start"]: check["ExitCode"] for check in health["Log"][-1:]}
        time.sleep(0.5)
    assert set(seen.values()) == {0}


# What PostgreSQL answers with one letter before anything else: "would you speak TLS?" Whoever else may answer there,
# such as a proxy of the network around this machine, does not.
TLS_REQUEST = r"\0\0\0\010\004\322\026\057"
ASKING = """
import socket, struct, sys
with socket.create_connection((sys.argv[1], 5432), 5) as connection:
    connection.sendall(struct.pack("!ii", 8, 80877103))
    print(connection.recv(1).decode())
"""


def test_the_database_cannot_be_reached_from_the_edge(stack):
    [edge], [postgres], [web, _] = (stack.containers(name) for name in ("edge", "postgres", "web"))
    networks = stack.engine.inspect(postgres)["NetworkSettings"]["Networks"]
    assert list(networks) == [f"{stack.name}_data"]
    [address] = [network["IPAddress"] for network in networks.values()]
    for host in ("postgres", address):
        assert stack.engine("exec", web, "python", "-c", ASKING, host) == "N"
        asking = f"(printf '{TLS_REQUEST}'; sleep 2) | curl --silent --max-time 5 telnet://{host}:5432"
        assert stack.engine.result("exec", edge, "sh", "-c", asking).stdout not in {"N", "S"}


FINDING = """
import socket
from urllib.request import urlopen
for *_, (host, port) in socket.getaddrinfo("web", 8001, socket.AF_INET, socket.SOCK_STREAM):
    print(b"app_info{" in urlopen(f"http://{host}:{port}/metrics").read())
"""


def test_metrics_of_all_tasks_are_found_by_one_name(stack):
    until(lambda: stack.engine("exec", stack.containers("web")[0], "python", "-c", FINDING).split() == ["True", "True"])


def test_every_task_is_confined_and_no_secret_is_in_a_variable(stack):
    for name in ("edge", "web", "worker", "postgres", "redis"):
        for container in stack.containers(name):
            found = stack.engine.inspect(container)
            assert found["HostConfig"]["ReadonlyRootfs"], name
            assert found["HostConfig"]["CapDrop"] == ["ALL"], name
            assert found["HostConfig"]["Memory"] > 0, name
            assert found["HostConfig"]["PidsLimit"] > 0, name
            assert found["Config"]["User"] not in {"", "0", "root"}, name
            assert "CapEff:\t0000000000000000" in stack.engine("exec", container, "cat", "/proc/1/status"), name
            assert "://" not in json.dumps(found["Config"]["Env"]), name
