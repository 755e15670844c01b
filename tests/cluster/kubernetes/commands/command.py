"""The command `release`, run with a kubectl that is told what to answer."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.cluster.kubernetes.rendering import KUBERNETES, kubectl

# What a release does, as kubectl is asked.
GROUND, MIGRATION, REST = (f"apply --filename={part}.yml" for part in ("ground", "migration", "rest"))
PODS = [f"apply --filename=deployment-{name}.yml" for name in ["web", "worker"]]
BACK = [f"apply --filename=former-{name}.yml" for name in ["worker", "web"]]

# What a cluster answers in which a release serves.
COMPLETE = {r"get job migration-\d+ ": "Complete"}
FORMER = {
    r"get deployment \w+ .*slipway/served": "20260101000000 20260101000000",
    r"view-last-applied": '      slipway/release: "20260101000000"\n',
}


class Command:
    """The command, and a kubectl that is told what to answer."""

    def __init__(self, folder, kubernetes=KUBERNETES):
        self.folder = folder
        self.kubernetes = kubernetes
        (folder / "applied").mkdir()
        standin = folder / "kubectl"
        standin.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("standin.py")} "$@"\n')
        standin.chmod(0o755)

    def __call__(self, *arguments, told=None):
        """Run it; the cluster answers as told (text, a status, or both), and says yes to everything else."""
        answers = {
            pattern: [_answer(each) for each in (said if isinstance(said, list) else [said])]
            for pattern, said in (told or {}).items()
        }
        (self.folder / "answers.json").write_text(json.dumps(answers))
        (self.folder / "calls").write_text("")
        environ = os.environ | {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "STANDIN": str(self.folder),
            "STANDIN_KUBECTL": kubectl(),
        }
        command = [self.kubernetes / "release", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)

    def overlay(self, *settings, patches=()):
        """Write an overlay of production that changes this; return its folder."""
        folder = self.folder / "overlay"
        folder.mkdir()
        told = {
            "resources": [os.path.relpath(KUBERNETES / "overlays/production", folder)],
            "configMapGenerator": [
                {"name": "settings", "namespace": "slipway", "behavior": "merge", "literals": list(settings)}
            ],
            "patches": [{"target": {"kind": kind}, "patch": json.dumps([patch])} for kind, patch in patches],
        }
        (folder / "kustomization.yml").write_text(yaml.safe_dump(told))
        return folder

    def calls(self):
        return [re.sub(r"--namespace=\S+ ", "", each) for each in (self.folder / "calls").read_text().splitlines()]

    def changes(self):
        """Return what was asked to change something, in order."""
        asked = re.compile(r"(apply --filename|delete|rollout undo|scale|patch)\b")
        return [call for call in self.calls() if asked.match(call)]

    def applied(self, part):
        """Return the kinds of the objects that were in this part."""
        return {each["kind"] for each in yaml.safe_load_all((self.folder / f"applied/{part}.yml").read_text()) if each}


def _answer(said):
    status, text = said if isinstance(said, tuple) else (said, "") if isinstance(said, int) else (0, said)
    return {"says": text, "status": status}
