import os
import subprocess
import threading

import pytest
from redis import RedisError
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

from app.core.data import redis_client
from devtools.keeping import account
from devtools.valkey import binaries
from tests.redis_servers import GENEROUS_SECONDS


def config(url, timeout_ms=2_000):
    return {"REDIS_URL": url, "SERVICE_NAME": "slipway", "REDIS_TIMEOUT_MS": timeout_ms}


def pings_received(server):
    """Return how many pings the server has seen, asked by a client of which the breaker knows nothing."""
    with redis_client.connect(config(server.url()), answer_seconds=None) as client:
        return client.info("commandstats")["cmdstat_ping"]["calls"]


@pytest.fixture
def impatient(own_redis, monkeypatch):
    """Two clients of one process and one server, which they give up after a second; the pause ends when it is told."""
    monkeypatch.setattr(redis_client, "PAUSE_SECONDS", 3_600)
    return [redis_client.connect(config(own_redis.url(), 1_000)) for _ in range(2)]


def end_pause(server):
    redis_client._breaker(server.url(), redis_client.PAUSE_SECONDS)._ask_again_at = 0


def test_a_client_works_and_is_known_by_the_services_name(redis):
    client = redis_client.connect(config(redis))
    assert client.ping()
    assert client.client_getname() == "slipway"


def test_making_a_client_connects_to_nothing():
    redis_client.connect(config("redis://127.0.0.1:1/0"))


def test_a_server_that_refuses_is_an_error_and_nothing_is_tried_again():
    client = redis_client.connect(config("redis://127.0.0.1:1/0"))
    with pytest.raises(NoConnection, match="refused"):
        client.ping()
    with pytest.raises(NoConnection, match="a moment ago"):
        client.ping()


def test_a_frozen_server_is_waited_for_once_by_all_clients_of_a_process(own_redis, impatient, caplog):
    one, other = impatient
    assert one.ping()
    assert other.ping()
    before = pings_received(own_redis)
    own_redis.freeze()
    with pytest.raises(NoAnswer):
        one.ping()
    for client in [one, other] * 20:
        with pytest.raises(NoConnection, match="a moment ago"):
            client.ping()
    own_redis.thaw()
    assert pings_received(own_redis) == before + 1
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["Redis does not answer"]


@pytest.mark.parametrize("password", ["", ":wrong@"])
def test_a_password_that_is_wrong_or_missing_is_told_in_plain_words(own_redis, caplog, password):
    with redis_client.connect(config(own_redis.url()), answer_seconds=None) as desk:
        desk.config_set("requirepass", "right")
    client = redis_client.connect(config(own_redis.url().replace("://", f"://{password}")))
    with pytest.raises(RedisError):
        client.ping()
    [line] = caplog.messages
    assert line.startswith("Redis does not answer: it refuses the password in REDIS_URL, or wants one: ")
    assert "wrong@" not in line


def test_after_the_pause_a_server_that_is_still_frozen_costs_one_more_wait(own_redis, impatient):
    one, other = impatient
    own_redis.freeze()
    with pytest.raises(NoAnswer):
        one.ping()
    end_pause(own_redis)
    with pytest.raises(NoAnswer):
        other.ping()
    with pytest.raises(NoConnection, match="a moment ago"):
        one.ping()


def test_a_server_that_is_back_is_used_by_all_after_the_first_answer_and_the_log_says_so(own_redis, impatient, caplog):
    one, other = impatient
    own_redis.kill()
    with pytest.raises(NoConnection):
        one.ping()
    own_redis.start()
    end_pause(own_redis)
    assert other.ping()
    assert one.ping()
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "Redis does not answer",
        "Redis answers again",
    ]


def test_a_server_that_was_restarted_meanwhile_is_no_error(own_redis, impatient, caplog):
    client = impatient[0]
    assert client.ping()
    own_redis.stop()
    own_redis.start()
    assert client.ping()
    assert caplog.records == []


def test_a_script_and_a_pipeline_are_guarded_like_a_command(own_redis, impatient):
    client = impatient[0]
    script = client.register_script("return 1")
    assert script() == 1
    own_redis.freeze()
    with pytest.raises(NoAnswer):
        script()
    with pytest.raises(NoConnection, match="a moment ago"):
        client.pipeline().get("a").get("b").execute()
    own_redis.thaw()


def test_an_answer_that_says_no_is_not_taken_for_silence(redis):
    client = redis_client.connect(config(redis))
    client.set("text", "a")
    for _ in range(2):
        with pytest.raises(RedisError, match="not an integer"):
            client.incr("text")
    assert client.ping()


def test_a_client_with_a_wait_of_its_own_neither_breaks_nor_is_broken(own_redis, impatient):
    worker = redis_client.connect(config(own_redis.url()), answer_seconds=None)
    brief = redis_client.connect(config(own_redis.url()), answer_seconds=1)
    got = []
    waiting = threading.Thread(target=lambda: got.append(worker.blpop(["queue"], timeout=0)))
    waiting.start()
    own_redis.freeze()
    with pytest.raises(NoAnswer):
        brief.ping()
    with pytest.raises(NoAnswer):  # it was not told "a moment ago"
        impatient[0].ping()
    own_redis.thaw()
    brief.rpush("queue", "job")
    waiting.join()
    assert got == [(b"queue", b"job")]


def test_a_forked_process_has_connections_of_its_own(redis):
    client = redis_client.connect(config(redis))
    parents = client.client_id()
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(writer, str(client.client_id()).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reader, 100)) != parents == client.client_id()
    os.close(reader)
    os.close(writer)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", folder / "key", "-out", folder / "crt"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *name, *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(params=["redis", "rediss"])
def tcp_url(request, tmp_path, certificate):
    """The URL of a server on a port, with a password and, for rediss, TLS."""
    program = binaries.find(account.of_server(), tmp_path)
    files = ["--tls-cert-file", certificate / "crt", "--tls-key-file", certificate / "key", "--tls-auth-clients", "no"]
    for port in range(20_000 + os.getpid() % 10_000, 31_000):
        ports = {"redis": ["--port", port], "rediss": ["--port", 0, "--tls-port", port, *files]}[request.param]
        command = [program, *ports, "--bind", "127.0.0.1", "--requirepass", "p@ss", "--save", "", "--dir", tmp_path]
        server = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        lines = []
        for line in server.stdout:
            lines.append(line)
            if "Ready to accept" in line or "eady to accept connections" in line:
                break
        if server.poll() is None and "eady to accept" in lines[-1]:
            break
        server.wait(GENEROUS_SECONDS)
        server.stdout.close()
        if not any("in use" in line for line in lines):
            pytest.skip(f"this server cannot do {request.param}: {''.join(lines[-3:])}")
    query = f"?ssl_ca_certs={certificate / 'crt'}" if request.param == "rediss" else ""
    yield f"{request.param}://:p%40ss@localhost:{port}/3{query}"
    server.kill()
    server.wait()
    server.stdout.close()


def test_tcp_and_tls_are_guarded_like_a_socket(tcp_url):
    client = redis_client.connect(config(tcp_url))
    assert client.ping()
    assert client.client_info()["db"] == 3
    assert type(client.connection_pool.make_connection()).__name__ == "Guarded"


def test_a_wrong_password_is_refused_once(tcp_url):
    client = redis_client.connect(config(tcp_url.replace("p%40ss", "wrong")))
    with pytest.raises(RedisError, match=r"(?i)password"):
        client.ping()
    with pytest.raises(NoConnection, match="a moment ago"):
        client.ping()


@pytest.mark.parametrize("changes", [{"REDIS_URL": ""}, {}])
def test_readiness_is_degraded_and_not_lost_without_redis(create, environment, database, own_redis, changes):
    app = create(**{"REDIS_URL": own_redis.url(), "REDIS_TIMEOUT_MS": "100"} | changes)
    own_redis.kill()
    response = app.test_client().get("/readyz")
    assert response.status_code == 200
    assert response.json.get("degraded") == (None if changes else ["redis"])
