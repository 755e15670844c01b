"""The manifests, rendered once for each overlay, and once with all components."""

import pytest

from tests.cluster.kubernetes import rendering


@pytest.fixture(scope="session", params=rendering.OVERLAYS)
def overlay(request):
    """The objects of an overlay, as it is shipped."""
    return rendering.render(rendering.KUBERNETES / "overlays" / request.param)


@pytest.fixture(scope="session")
def production():
    return rendering.render(rendering.KUBERNETES / "overlays/production")


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    """The objects of production with every component that there is."""
    return rendering.everything(tmp_path_factory.mktemp("everything"))
