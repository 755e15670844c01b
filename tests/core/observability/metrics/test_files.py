import fcntl
import os
import signal
import subprocess
import sys

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from app.core.observability.metrics import files as metric_files
from app.core.observability.metrics.files import MetricFiles, reading

KEY = mmap_key("requests", "requests_total", ["route"], ["/"], "How many")
OTHER = mmap_key("requests", "requests_total", ["route"], ["/other"], "How many")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of this test's files, with room for its neighbours."""
    folder = tmp_path / f"{metric_files.PREFIX}ours"
    folder.mkdir()
    monkeypatch.setenv(metric_files.VARIABLE, str(folder))
    return folder


@pytest.fixture
def files(folder, monkeypatch):
    monkeypatch.setattr(metric_files.atexit, "register", lambda *_: None)
    return MetricFiles()


def write(path, **values):
    stored = MmapedDict(str(path))
    for key, value in values.items():
        stored.write_value({"key": KEY, "other": OTHER}[key], value, 0.0)
    stored.close()


def read(path):
    return {key: value for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path))}


def databases(folder):
    return {path.name for path in folder.glob("*.db")}


@pytest.mark.parametrize("kind", ["counter", "histogram", "summary"])
def test_the_counts_of_the_dead_are_added_up(files, folder, kind):
    write(folder / f"{kind}_11.db", key=3)
    write(folder / f"{kind}_12.db", key=4, other=5)
    write(folder / f"{kind}_13.db", key=100)
    files.fold(11)
    files.fold(12)
    assert databases(folder) == {f"{kind}_0.db", f"{kind}_13.db"}
    assert read(folder / f"{kind}_0.db") == {KEY: 7, OTHER: 5}


def test_the_gauges_of_the_dead_are_dropped(files, folder):
    write(folder / "gauge_livesum_11.db", key=3)
    write(folder / "gauge_max_11.db", key=3)
    write(folder / "gauge_livesum_111.db", key=3)
    files.fold(11)
    assert databases(folder) == {"gauge_livesum_111.db"}


def test_a_worker_without_files_is_no_problem(files, folder):
    files.fold(11)
    assert databases(folder) == set()


def test_nothing_is_folded_under_the_eyes_of_a_scrape_but_later(files, folder):
    write(folder / "counter_11.db", key=3)
    write(folder / "counter_12.db", key=4)
    with reading() as seen:
        files.fold(11)
        assert seen == folder
        assert databases(folder) == {"counter_11.db", "counter_12.db"}
    files.fold(12)
    assert read(folder / "counter_0.db") == {KEY: 7}


def test_one_process_has_no_files(monkeypatch):
    monkeypatch.delenv(metric_files.VARIABLE, raising=False)
    with reading() as folder:
        assert folder is None


def test_only_what_a_killed_master_left_is_removed(folder, monkeypatch):
    monkeypatch.setattr(metric_files.atexit, "register", lambda *_: None)
    left, used, foreign = (folder.with_name(name) for name in ("flask-metrics-left", "flask-metrics-used", "other"))
    for neighbour in (left, used, foreign):
        neighbour.mkdir()
        (neighbour / "life.lock").touch()
    starting, never_started = (folder.with_name(f"flask-metrics-{name}") for name in ("starting", "never-started"))
    for neighbour in (starting, never_started):
        neighbour.mkdir()
    os.utime(never_started, (0, 0))
    with (used / "life.lock").open() as life:
        fcntl.flock(life, fcntl.LOCK_EX)
        MetricFiles()
    assert not left.exists()
    assert not never_started.exists()
    assert starting.exists()
    assert used.exists()
    assert foreign.exists()
    assert folder.exists()


@pytest.mark.parametrize("ends", ["pass", "sys.exit(78)", "raise ValueError"])
def test_the_folder_goes_with_the_master_and_not_with_a_worker(folder, ends):
    code = (
        "import os, sys\n"
        "from app.core.observability.metrics.files import MetricFiles\n"
        "files = MetricFiles()\n"
        "if os.fork() == 0: sys.exit(0)\n"
        "os.wait()\n"
        "print(files.folder.exists())\n"
        f"{ends}\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout == "True\n"
    assert not folder.exists()


def test_the_lock_of_a_master_lasts_as_long_as_its_last_worker(folder):
    code = (
        "import os, time\n"
        "from app.core.observability.metrics.files import MetricFiles\n"
        "MetricFiles()\n"
        "worker = os.fork()\n"
        "if worker: print(worker, flush=True); os._exit(0)\n"
        "os.closerange(1, 3); time.sleep(600)\n"
    )
    worker = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    with (folder / "life.lock").open() as life:
        with pytest.raises(BlockingIOError):
            fcntl.flock(life, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(worker, signal.SIGKILL)
        fcntl.flock(life, fcntl.LOCK_EX)
