import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.containers.containers import HARDENED
from tests.containers.engine import until

pytestmark = pytest.mark.docker


def test_gunicorn_is_the_first_process(serve):
    web = serve()
    assert "gunicorn" in web.exec("cat", "/proc/1/cmdline")


def test_the_time_it_takes_to_serve(serve, say):
    began = time.monotonic()
    web = serve()
    say(f"answers {time.monotonic() - began:.1f} s after docker run")
    assert web.public.get("/v1/ping").status_code == 200


def test_what_is_in_flight_is_answered_when_it_is_told_to_stop(serve, engine):
    web = serve(WEB_CONCURRENCY="2", WEB_THREADS="8")
    with ThreadPoolExecutor(8) as clients:
        waiting = [clients.submit(web.public.get, f"/v1/stack/gate/{number}") for number in range(8)]
        until(lambda: len(list(serve.gate.iterdir())) == 8)
        engine("kill", "--signal=TERM", web)
        until(lambda: "Handling signal: term" in web.logs())
        (serve.gate / "open").touch()
        assert [answer.result().status_code for answer in waiting] == [200] * 8
    assert web.wait() == 0


def test_it_writes_nothing_but_what_is_in_memory(serve, engine):
    # Without a read-only root, so that a write would succeed, and be seen.
    web = serve(options=["--cap-drop=ALL", "--security-opt=no-new-privileges"])
    for path in ("/v1/ping", "/", "/notes", "/v1/docs", "/nothing"):
        web.public.get(path)
    assert web.internal.get("/metrics").status_code == 200
    changed = set(engine("diff", web).splitlines())
    assert changed <= {"A /gate", "A /tests", "A /tests/service.py"}  # where this test has mounted something


def test_it_needs_nothing_that_a_hardened_container_has_not(serve):
    web = serve(options=HARDENED)
    assert web.public.get("/v1/ping").status_code == 200
    assert web.internal.get("/metrics").status_code == 200
    status = web.exec("cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


@pytest.mark.parametrize(("cpus", "workers"), [("0.5", 1), ("1", 1)])
def test_it_has_as_many_workers_as_its_share_of_processors(serve, cpus, workers):
    web = serve(options=[*HARDENED, f"--cpus={cpus}"])
    until(lambda: web.logs().count("Booting worker") >= workers)
    assert web.logs().count("Booting worker") == workers


@pytest.mark.parametrize(
    ("command", "variables", "said"),
    [
        ("gunicorn", {"SECRET_KEY": None}, "SECRET_KEY: "),
        ("gunicorn", {"SECRET_KEY": "short"}, "SECRET_KEY: "),
        ("gunicorn", {"SECRET_KEY": None, "SECRET_KEY_FILE": "/run/secrets/none"}, "SECRET_KEY"),
        ("gunicorn", {"DATABASE_URL": "mysql://somewhere/else"}, "DATABASE_URL: "),
        ("flask jobs worker", {"SECRET_KEY": "short"}, "SECRET_KEY: "),
        ("flask db upgrade", {"SECRET_KEY": "short"}, "SECRET_KEY: "),
    ],
    ids=["no key", "a short key", "no file", "another database", "the worker", "the migration"],
)
def test_what_is_wrong_with_its_configuration_ends_it_with_78_and_one_line_each(run, command, variables, said):
    container = run(*command.split(), **variables)
    assert container.wait() == 78
    lines = container.logs().splitlines()
    assert lines[0] == "The configuration is not acceptable (1 to mend):"
    assert len(lines) == 2
    assert said in lines[1]


def test_a_restart_policy_gives_up_and_the_reason_stays_to_be_seen(run, engine):
    container = run(SECRET_KEY="short", options=[*HARDENED, "--restart=on-failure:2"])
    until(lambda: engine.inspect(container)["RestartCount"] == 2 and not container.state()["Running"])
    assert container.state()["ExitCode"] == 78
    assert container.logs().count("SECRET_KEY: ") == 3
