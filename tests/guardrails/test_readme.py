"""The endpoint that README adds is added in a copy, and works there as it is written."""

import re

import pytest

from tests.conftest import PROJECT
from tests.copies import copied, run

README = (PROJECT / "README.md").read_text()


@pytest.mark.skipif((PROJECT / "app/features/greetings").exists(), reason="it has been added already")
def test_the_readmes_endpoint_works_as_it_is_written(tmp_path):
    copy = copied(tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (copy / "app/features/greetings").mkdir()
    (copy / "app/features/greetings/__init__.py").write_text(code)
    published = (copy / "app/api.py").read_text()
    published = published.replace(
        "from app.features import pages, ping", "from app.features import greetings, pages, ping"
    )
    published = published.replace("    ping.bp,\n", "    ping.bp,\n    greetings.bp,\n")
    (copy / "app/api.py").write_text(published)
    (copy / "tests/test_readme.py").write_text(
        "def test_greetings(client):\n"
        '    assert client.post("/v1/greetings", json={"name": "Ann"}).json == {"text": "Hello, Ann!"}\n'
        '    assert client.post("/v1/greetings", json={"name": ""}).status_code == 422\n'
        '    assert "/v1/greetings" in client.get("/openapi.json").json["paths"]\n'
    )
    run(copy, "ruff", "format", "--check", "app")
    run(copy, "ruff", "check", "app")
    run(copy, "mypy")
    run(copy, "lint-imports")
    run(copy, "pytest", "--no-cov", "-q", "tests/test_readme.py")
