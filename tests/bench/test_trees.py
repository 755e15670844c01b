import subprocess
import sys
import time

from bench.measuring import trees

BUSY = "import time\nwhile time.process_time() < 0.3: pass\n"


def test_a_tree_costs_what_its_children_cost_those_included_that_have_ended(tmp_path):
    # The parent does nothing but wait for a child that works, and then for us.
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        assert trees.cpu_seconds(parent.pid) >= 0.3
        parent.stdin.write(b"\n")


def test_a_living_child_belongs_to_the_tree_and_so_does_its_memory():
    code = (
        "import subprocess\n"
        "with subprocess.Popen(['cat'], stdin=subprocess.PIPE) as child:\n"
        "    print(child.pid, flush=True)\n"
        "    input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        assert trees.tree(parent.pid) == [parent.pid, child]
        deadline = time.monotonic() + 60
        while not (memory := trees.own_pss_mib(child)):  # it has not become `cat` yet
            assert time.monotonic() < deadline
        assert trees.pss_mib(parent.pid) > memory
        parent.stdin.write(b"\n")


def test_a_process_that_is_gone_takes_nothing():
    process = subprocess.Popen(["true"])
    process.wait()
    assert trees.own_pss_mib(process.pid) == 0
    assert trees.cpu_seconds(process.pid) == 0
