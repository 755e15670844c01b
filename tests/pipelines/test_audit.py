"""`make audit` with the real pip-audit and a source of the test's own, which speaks as osv.dev does."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.pipelines

KNOWN = {
    "id": "PYSEC-2099-1",
    "summary": "It opens the door.",
    "details": "It opens the door.",
    "published": "2099-01-01T00:00:00Z",
    "modified": "2099-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "bad", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
        }
    ],
}
HASH = f"    --hash=sha256:{0:064d}\n"
PYPROJECT = '[project]\nname = "it"\nversion = "1"\n\n[tool.audit.accepted]\n'


@pytest.fixture
def source():
    """The URL of a source that knows something against `bad`, and its answers can be made errors."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = {"vulns": [KNOWN]} if asked["package"]["name"] == "bad" else {}
            self.send_response(server.status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status = 200
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".dev").mkdir()
    (tmp_path / ".dev/audit").symlink_to(PROJECT / ".dev/audit")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements.txt").write_text(f"good==1.0 \\\n{HASH}    # via it\n")
    locked = ["good==1.0", "other==3 ; python_version > '3'", "elsewhere==3 ; sys_platform == 'win32'"]
    (tmp_path / "requirements-dev.txt").write_text("".join(f"{each} \\\n{HASH}" for each in locked))
    return tmp_path


def audit(project, source):
    return subprocess.run(
        [sys.executable, "-m", "devtools.audit"],
        cwd=project,
        env={
            "PYTHONPATH": str(PROJECT),
            "AUDIT_OSV_URL": f"http://127.0.0.1:{source.server_port}/",
            "HOME": str(project),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_packages_of_which_nothing_is_known_pass(project, source):
    done = audit(project, source)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Looked up: 2 packages.\nNothing is known against them." in done.stdout
    document = json.loads((project / ".dev/sbom.json").read_text())
    assert document["bomFormat"] == "CycloneDX"
    assert [each["purl"] for each in document["components"]] == ["pkg:pypi/good@1.0"]


def test_a_known_vulnerability_is_named_with_its_remedy(project, source):
    (project / "requirements-other.txt").write_text(f"bad==1.0 \\\n{HASH}")
    done = audit(project, source)
    assert done.returncode == 1
    assert "VULNERABLE: bad 1.0: PYSEC-2099-1, mended in 2.0\n" in done.stdout


def test_another_version_of_a_package_is_looked_up_too(project, source):
    (project / "requirements-alone.txt").write_text(f"good==2.0 \\\n{HASH}bad==1.0 \\\n{HASH}")
    done = audit(project, source)
    assert "Looked up: 4 packages." in done.stdout
    assert done.returncode == 1


def test_what_is_accepted_has_a_reason_and_is_told(project, source):
    (project / "requirements-other.txt").write_text(f"bad==1.0 \\\n{HASH}")
    (project / "pyproject.toml").write_text(PYPROJECT + '"PYSEC-2099-1" = "the door is not used"\n')
    done = audit(project, source)
    assert done.returncode == 0, done.stdout
    assert "accepted: bad 1.0: PYSEC-2099-1, mended in 2.0: the door is not used" in done.stdout
    (project / "requirements-other.txt").unlink()
    done = audit(project, source)
    assert done.returncode == 1
    assert "PYSEC-2099-1 is accepted in pyproject.toml, and nothing has it any more" in done.stdout


def test_a_source_that_does_not_answer_is_no_success(project, source):
    source.status = 503
    done = audit(project, source)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "UNAVAILABLE" in done.stderr


def test_a_source_that_is_not_there_is_no_success(project, source):
    source.shutdown()
    source.server_close()
    done = audit(project, source)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Looked up: 0 packages" in done.stdout
