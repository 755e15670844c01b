"""A cluster in which tests may make and delete namespaces: CLUSTER_TEST is the path of its kubeconfig.

The addresses of its Services have to be reachable from here, as they are on a node. CLUSTER_IMAGE is the name under
which its nodes find the service's image; without it, one is built by Docker here, which has to be what the node uses.
"""

import os

import pytest

from tests.cluster.kubernetes.live.cluster import Cluster
from tests.containers import engine as engines
from tests.containers.conftest import built

HOW = "CLUSTER_TEST=/path/of/kubeconfig make cluster-test TESTS=tests/cluster/kubernetes/live"
KUBECONFIG = os.environ.get("CLUSTER_TEST", "")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """Say that the real thing was left out."""
    if not KUBECONFIG:
        terminalreporter.write_line(f"LEFT OUT: releases into a real Kubernetes; {HOW} runs them.", red=True)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A cluster with stores and secrets, and nothing released."""
    if not KUBECONFIG:
        pytest.skip(f"no cluster is named: {HOW}")
    image = os.environ.get("CLUSTER_IMAGE") or built(engines.find(), "slipway")
    cluster = Cluster(KUBECONFIG, image, tmp_path_factory.mktemp("overlays"))
    cluster.remove()
    try:
        cluster.start_stores()
        yield cluster
    finally:
        if not os.environ.get("CLUSTER_KEEP"):
            cluster.remove()


@pytest.fixture(scope="session")
def first(cluster):
    """What the first release said."""
    done = cluster.release(RELEASE="first")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def served(cluster, first):
    """The cluster with a release that serves; a test leaves it so."""
    return cluster
