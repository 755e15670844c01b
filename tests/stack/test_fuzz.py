"""What the OpenAPI document promises, held against the running service with hundreds of generated requests."""

import re
import subprocess
import sys
from pathlib import Path

from tests.stack.conftest import PROXIED

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


def test_every_answer_is_one_that_the_document_describes(service, tmp_path):
    before = len(service.records())
    headers = [argument for name, value in PROXIED.items() for argument in ("--header", f"{name}: {value}")]
    result = subprocess.run(
        [
            SCHEMATHESIS,
            "run",
            f"http://127.0.0.1:{service.port}/openapi.json",
            *headers,
            "--checks=all",
            "--max-examples=50",
            "--generation-deterministic",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    [generated, passed] = map(int, re.search(r"(\d+) generated, (\d+) passed", result.stdout).groups())
    assert generated == passed > 0
    answered = [record["http.response.status_code"] for record in service.records()[before:] if "http.route" in record]
    assert len(answered) >= generated
    assert max(answered) < 500
