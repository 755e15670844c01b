import os
import subprocess
import sys

import pytest

from app.config.cpus import usable_cpus

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
COUNT = "import app.config.cpus as cpus; print(cpus.usable_cpus(cpus.Path('/nowhere')))"


@pytest.fixture
def cgroups(tmp_path):
    """A function that writes files below a folder which stands for /sys/fs/cgroup, and counts the processors."""

    def count(membership, **files):
        for name, content in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        (tmp_path / "cgroup").write_text(membership)
        return usable_cpus(tmp_path / "root", tmp_path / "cgroup")

    return count


def affinity():
    return len(os.sched_getaffinity(0))


def test_a_process_that_is_bound_to_one_processor_counts_one():
    bound = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}}); {COUNT}"
    assert subprocess.check_output([sys.executable, "-c", bound], text=True) == "1\n"


def test_without_a_quota_all_processors_of_the_affinity_count(cgroups, tmp_path):
    assert cgroups("") == affinity()
    assert usable_cpus(tmp_path / "no such folder", tmp_path / "no such file") == affinity()


@pytest.mark.parametrize(
    ("quota", "processors"),
    [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("1000 100000", 1),
        ("150000 100000", 2),
        ("300000 200000", 2),
        ("max 100000", 999),
        ("6400000 100000", 999),
    ],
)
def test_a_quota_of_version_2_limits_the_processors_and_is_rounded_up(cgroups, quota, processors):
    assert cgroups("0::/\n", **{"cpu.max": f"{quota}\n"}) == min(processors, affinity())


@pytest.mark.parametrize(("quota", "processors"), [("100000", 1), ("50000", 1), ("150000", 2), ("-1", 999)])
def test_a_quota_of_version_1_limits_the_processors_and_is_rounded_up(cgroups, quota, processors):
    files = {"cpu/cpu.cfs_quota_us": f"{quota}\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert cgroups("3:memory:/\n2:cpu,cpuacct:/\n", **files) == min(processors, affinity())


def test_the_tightest_quota_of_a_cgroup_and_its_ancestors_holds(cgroups):
    own = {"a/b/c/cpu.max": "max 100000\n"}
    parent = {"a/b/cpu.max": "100000 100000\n", "a/cpu.max": "800000 100000\n"}
    assert cgroups("0::/a/b/c\n", **own, **parent) == 1


def test_quotas_of_version_1_hold_in_nested_cgroups_too(cgroups):
    unlimited = {"cpu/a/b/cpu.cfs_quota_us": "-1\n", "cpu/a/b/cpu.cfs_period_us": "100000\n"}
    limited = {"cpu/a/cpu.cfs_quota_us": "70000\n", "cpu/a/cpu.cfs_period_us": "100000\n"}
    assert cgroups("5:cpuacct,cpu:/a/b\n", **unlimited, **limited) == 1


def test_the_quota_of_another_cgroup_does_not_count(cgroups):
    assert cgroups("0::/mine\n", **{"mine/cpu.max": "max 100000\n", "other/cpu.max": "1000 100000\n"}) == affinity()


@pytest.mark.parametrize("quota", ["", "max", "many 100000", "100000", "1 2 3", "100000 0", "\xff\xfe"])
def test_a_quota_that_cannot_be_read_is_ignored(cgroups, quota):
    assert cgroups("0::/\n", **{"cpu.max": quota}) == affinity()


@pytest.mark.parametrize("membership", ["garbage\n", "0:\n", "\n\n", "0::/../..\n"])
def test_a_membership_that_cannot_be_read_is_ignored(cgroups, membership):
    assert cgroups(membership, **{"cpu.max": "max 100000\n"}) == affinity()


def test_there_is_always_one_processor(cgroups):
    assert cgroups("0::/\n", **{"cpu.max": "0 100000\n"}) == 1
