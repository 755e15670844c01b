"""The manifests of deploy/kubernetes, rendered by the real Kustomize, and what is in them."""

import shutil
import subprocess
from pathlib import Path

import yaml

from tests.conftest import PROJECT

KUBERNETES = PROJECT / "deploy/kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
# Each component of its own, so that what no overlay happens to have is looked at too.
COMPONENTS = sorted(
    path.parent.name for path in KUBERNETES.glob("*/kustomization.yml") if "kind: Component" in path.read_text()
)


def kubectl():
    """The path of a kubectl; `make cluster-test` installs one."""
    found = PROJECT / ".venv/bin/kubectl"
    path = str(found) if found.exists() else shutil.which("kubectl")
    assert path, "there is no kubectl: make cluster-test installs one"
    return path


def render(folder):
    """Return the objects of a kustomization."""
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    assert "deprecated" not in done.stderr.lower()
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def everything(folder: Path):
    """Return production with all components, Ingress and Gateway side by side, and the Job that restores."""
    shutil.copytree(KUBERNETES, folder / "kubernetes")
    shutil.copytree(PROJECT / "deploy/vps/lib/backups", folder / "vps/lib/backups")
    overlay = folder / "kubernetes/overlays/production/kustomization.yml"
    told = yaml.safe_load(overlay.read_text())
    told["components"] = [f"../../{name}" for name in COMPONENTS]
    overlay.write_text(yaml.safe_dump(told))
    restore = yaml.safe_load((KUBERNETES / "backup/restore.yml").read_text())
    restore["metadata"]["namespace"] = told["namespace"]
    return [*render(overlay.parent), restore]


def pods(objects):
    """Yield each object that makes pods, with the template of these."""
    for each in objects:
        spec = each.get("spec", {})
        if each["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield each, spec["template"]


def containers(template):
    """Yield all containers of a pod."""
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        yield from template["spec"].get(kind, [])


def find(objects, kind, name=None):
    """Return the one object of this kind, and name if one is given."""
    [found] = [each for each in objects if each["kind"] == kind and name in {None, each["metadata"]["name"]}]
    return found


def of(objects, name):
    """Return the pod, and the one container, of what has this name."""
    [template] = [template for each, template in pods(objects) if each["metadata"]["name"] == name]
    [container] = containers(template)
    return template["spec"], container


def ours(objects):
    """Return the names of what runs the image of the service."""
    return [
        each["metadata"]["name"]
        for each, template in pods(objects)
        if any("envFrom" in container for container in containers(template))
    ]


def settings(objects):
    """Return the settings of all of these."""
    [found] = [each["data"] for each in objects if each["metadata"]["name"].startswith("settings-")]
    return found


def environment(objects, name):
    """Return all variables that one of these is given."""
    _, container = of(objects, name)
    own = {each["name"]: each["value"] for each in container.get("env", [])}
    return {**(settings(objects) if "envFrom" in container else {}), **own}
