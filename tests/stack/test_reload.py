import shutil

import httpx

from tests.stack.conftest import PROJECT, running, until


def test_while_developing_a_changed_view_is_served_without_a_restart(tmp_path, stack_environment):
    project = tmp_path / "project"
    for name in ("app", "migrations"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("wsgi.py", "gunicorn.conf.py"):
        shutil.copy(PROJECT / name, project)
    environ = {"APP_ENV": "development", "FLASK_DEBUG": "1", "TRUSTED_HOSTS": "example.org", "PUBLIC_URL": ""}
    with running(tmp_path / "service", stack_environment | environ, "wsgi:app", project) as service:

        def answer():
            try:
                return service.get("/v1/ping").json()["message"]
            except httpx.TransportError:  # a worker that reloads, as at the first compilation, drops what it has
                return None

        until(lambda: answer() == "pong")
        view = project / "app/features/ping/routes.py"
        view.write_text(view.read_text().replace('message="pong"', 'message="changed"'))

        def is_served():
            if (message := answer()) == "pong":
                view.touch()  # again: a worker that has just started may take the first change for the beginning
            return message == "changed"

        until(is_served)
