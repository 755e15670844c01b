import pytest

from bench import BenchmarkError
from bench.running import programs


@pytest.mark.parametrize("name", ["wrk", "nginx"])
def test_a_program_that_is_missing_is_named_with_the_command_that_installs_it(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "ALSO_IN", str(tmp_path))
    with pytest.raises(BenchmarkError, match=rf"^{name} is not on this machine.*apt-get install .*wrk nginx"):
        programs.find(name)


def test_a_program_is_found_where_debian_keeps_those_of_administrators(monkeypatch, tmp_path):
    (tmp_path / "wrk").write_text("#!/bin/sh\necho wrk 1.2.3\n")
    (tmp_path / "wrk").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(programs, "ALSO_IN", str(tmp_path))
    assert programs.version("wrk", "-v") == "wrk 1.2.3"
