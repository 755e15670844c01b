import pytest

from tests.containers.containers import HARDENED
from tests.containers.engine import until

pytestmark = pytest.mark.docker

OFTEN = ("--health-interval=1s", "--health-timeout=5s", "--health-retries=2", "--health-start-period=0s")
ANSWERS = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
http.server.HTTPServer(("0.0.0.0", 8001), Handler).serve_forever()
"""


def test_the_image_brings_its_health_check(engine, image):
    check = engine.inspect(image)["Config"]["Healthcheck"]
    assert check["Test"] == ["CMD", "healthcheck"]


def test_a_service_that_serves_is_healthy(serve, engine):
    web = serve(options=[*HARDENED, *OFTEN])
    engine.wait_for(web, "healthy")


def test_a_service_without_a_database_lives_but_is_not_ready(serve, engine):
    web = serve(options=[*HARDENED, *OFTEN])
    assert web.public.get("/readyz").status_code == 503
    engine.wait_for(web, "healthy")  # killing it would not bring the database back


def test_a_service_that_is_frozen_is_unhealthy(serve, engine):
    web = serve(options=[*HARDENED, *OFTEN], WEB_TIMEOUT_SECONDS="3600")
    engine.wait_for(web, "healthy")
    web.exec("sh", "-c", "kill -STOP -1")  # all but the first process, and this one
    engine.wait_for(web, "unhealthy")


@pytest.mark.parametrize("status", [503, 500, 404, 302])
def test_any_answer_but_200_is_unhealthy(run, engine, status):
    container = run("python", "-c", ANSWERS.format(status=status))
    until(lambda: str(status) in engine.result("exec", container, "healthcheck").stderr)
    assert engine.result("exec", container, "healthcheck").returncode == 1


def test_nobody_there_is_unhealthy(run, engine):
    container = run("sleep", "infinity")
    result = engine.result("exec", container, "healthcheck")
    assert result.returncode == 1
    assert "Connection refused" in result.stderr


def test_a_service_without_metrics_is_asked_at_its_public_address(run, engine):
    container = run(METRICS_BIND="")
    until(lambda: engine.result("exec", container, "healthcheck").returncode == 0)
