"""A real cluster: what it is told by kubectl, stores for the service in it, and releases by the shipped command."""

import json
import os
import re
import secrets
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.cluster.kubernetes.live import older
from tests.cluster.kubernetes.rendering import KUBERNETES, kubectl
from tests.conftest import PROJECT
from tests.stack.conftest import until

NAMESPACE, STORES, VOLUME = "slipway-test", "slipway-test-stores", "slipway-test-backups"
IMAGES = {"postgres": "postgres:18.6", "redis": "redis:8.10.2"}
# One more file beside the migrations of the image.
INSIDE = {"mountPath": "/srv/slipway/migrations/versions/9999_broken.py", "subPath": "9999_broken.py"}
MOUNTED = [
    {
        "op": "add",
        "path": "/spec/template/spec/volumes/-",
        "value": {"name": "more", "configMap": {"name": "migration"}},
    },
    {"op": "add", "path": "/spec/template/spec/containers/0/volumeMounts/-", "value": {"name": "more", **INSIDE}},
]
PRIVILEGES = (PROJECT / "deploy/vps/lib/preparing/privileges.sql").read_text()


class Cluster:
    """One cluster, and in it two namespaces of ours."""

    def __init__(self, kubeconfig, image, folder):
        self.image, self.folder = image, folder
        self.environ = os.environ | {"KUBECONFIG": kubeconfig, "PATH": f"{Path(kubectl()).parent}:{os.environ['PATH']}"}
        self.passwords = {role: secrets.token_hex(16) for role in ("postgres", "slipway", "slipway_migrate")}
        version = json.loads(self("version", "--output=json"))["serverVersion"]
        self.version = (int(version["major"]), int(re.match(r"\d+", version["minor"])[0]))

    def __call__(self, *arguments, **options):
        """Return what kubectl prints; it has to succeed."""
        done = self.result(*arguments, **options)
        assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def result(self, *arguments, **options):
        command = [kubectl(), *map(str, arguments)]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, **options)

    def web(self, *arguments, **options):
        return self("--namespace", NAMESPACE, *arguments, **options)

    def apply(self, *objects):
        self("apply", "--filename=-", input=yaml.safe_dump_all(objects))

    def secret(self, name, **values):
        metadata = {"name": name, "namespace": NAMESPACE}
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values})

    # Stores

    def start_stores(self):
        """Start PostgreSQL and Redis as plain pods, with the roles and the secrets that the guide tells to make."""
        for name in (STORES, NAMESPACE):
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        settings = {"POSTGRES_PASSWORD": self.passwords["postgres"], "POSTGRES_DB": "slipway"}
        postgres = self._store("postgres", 5432, settings)
        redis = self._store("redis", 6379, {})
        for name in ("postgres", "redis"):
            self("--namespace", STORES, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=180s")
        until(lambda: self.sql("SELECT 1", check=False).returncode == 0)
        for role in ("slipway", "slipway_migrate"):
            self.sql(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{self.passwords[role]}'")
        self.sql(PRIVILEGES)
        self.secret(
            "slipway",
            secret_key=secrets.token_hex(32),
            database_url=f"postgresql://slipway:{self.passwords['slipway']}@{postgres}:5432/slipway",
            redis_url=f"redis://{redis}:6379/0",
        )
        owner = f"postgresql://slipway_migrate:{self.passwords['slipway_migrate']}@{postgres}:5432/slipway"
        self.secret("slipway-migration", migrate_database_url=owner)
        place = {"host": postgres, "user": "slipway_migrate", "password": self.passwords["slipway_migrate"]}
        lines = "".join(f"{name}={value}\n" for name, value in {**place, "dbname": "slipway"}.items())
        self.secret("slipway-backup", **{"pg_service.conf": f"[slipway]\n{lines}"})
        self.give_volume()

    def _store(self, name, port, variables):
        """Start one, and return the address of its Service."""
        metadata = {"name": name, "namespace": STORES, "labels": {"store": name}}
        container = {
            "name": name,
            "image": IMAGES[name],
            "env": [{"name": key, "value": value} for key, value in variables.items()],
            "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 2},
        }
        self.apply(
            {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}},
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata,
                "spec": {"selector": {"store": name}, "ports": [{"port": port}]},
            },
        )
        return self("--namespace", STORES, "get", "service", name, "--output=jsonpath={.spec.clusterIP}")

    def give_volume(self):
        """Have a folder of the node be the volume of backups, where the cluster makes none by itself."""
        if self("get", "storageclass", "--output=name"):
            return
        place = {"path": f"/tmp/{VOLUME}", "type": "DirectoryOrCreate"}
        spec = {
            "capacity": {"storage": "20Gi"},
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {"namespace": NAMESPACE, "name": "backups"},
            "hostPath": place,
        }
        command = ["sh", "-c", "find /it -mindepth 1 -delete && chown 999:999 /it"]
        container = {"name": "volume", "image": IMAGES["postgres"], "command": command}
        container["volumeMounts"] = [{"name": "it", "mountPath": "/it"}]
        pod = {"containers": [container], "restartPolicy": "Never", "volumes": [{"name": "it", "hostPath": place}]}
        metadata = {"name": "volume", "namespace": STORES}
        self.apply(
            {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": VOLUME}, "spec": spec},
            {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod},
        )
        phase = ["--namespace", STORES, "get", "pod", "volume", "--output=jsonpath={.status.phase}"]
        until(lambda: self(*phase) == "Succeeded")

    def psql(self, *arguments):
        """The command that talks to the database as its superuser, over TCP as the server takes it from everywhere."""
        inside = ["env", f"PGPASSWORD={self.passwords['postgres']}", "psql", "--no-psqlrc", "--quiet", "--tuples-only"]
        place = ["--host=127.0.0.1", "--username=postgres", "--dbname=slipway", "--set=ON_ERROR_STOP=1"]
        return ["--namespace", STORES, "exec", "--stdin", "postgres", "--", *inside, *place, *arguments]

    def sql(self, statements, *, check=True):
        return (self if check else self.result)(*self.psql(), input=statements)

    # Releases

    def overlay(self, migration="", **settings):
        """Write an overlay of these settings, and perhaps one more migration, in what this cluster understands."""
        home = self.folder / secrets.token_hex(4)
        shutil.copytree(KUBERNETES, home / "kubernetes")
        shutil.copytree(PROJECT / "deploy/vps", home / "vps")
        shutil.copy(PROJECT / "deploy/smoke_test.sh", home)
        shutil.copy(PROJECT / ".env.example", self.folder)
        path = home / "kubernetes/overlays/test/kustomization.yml"
        path.parent.mkdir()
        told = yaml.safe_load((KUBERNETES / "overlays/production/kustomization.yml").read_text())
        told["namespace"] = NAMESPACE
        told["components"] = ["../../backup"]
        told["configMapGenerator"][0]["literals"] += [f"{name}={value}" for name, value in settings.items()]
        small = [{"op": "replace", "path": "/spec/template/spec/containers/0/resources/requests/cpu", "value": "50m"}]
        extra = [{"target": {"kind": "Deployment"}, "patch": small}]
        if migration:
            told["configMapGenerator"].append({"name": "migration", "literals": [f"9999_broken.py={migration}"]})
            extra.append({"target": {"kind": "Job"}, "patch": MOUNTED})
        if self.version < (1, 30):
            extra += older.patches(self.pause())
        told["patches"] = [{**each, "patch": json.dumps(each["patch"])} for each in extra]
        path.write_text(yaml.safe_dump(told))
        return path.parent

    def pause(self):
        web = next(yaml.safe_load_all((KUBERNETES / "base/web.yml").read_text()))
        [container] = web["spec"]["template"]["spec"]["containers"]
        return container["lifecycle"]["preStop"]["sleep"]["seconds"]

    def release(self, image=None, migration="", options=(), **settings):
        """Run the shipped command; return what became of it, and how long it took as `.seconds`."""
        overlay = self.overlay(migration, **settings)
        began = time.monotonic()
        command = [overlay.parents[1] / "release", *options, overlay, image or self.image]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, timeout=900)
        done.seconds = time.monotonic() - began
        return done

    # What is there

    def address(self):
        return self.web("get", "service", "web", "--output=jsonpath={.spec.clusterIP}"), 80

    def pods(self, component="web"):
        """Return the pods of a component that are not on their way out."""
        return self._pods(f"app.kubernetes.io/component={component}")

    def _pods(self, selector):
        items = json.loads(self.web("get", "pods", f"--selector={selector}", "--output=json"))["items"]
        return [each for each in items if "deletionTimestamp" not in each["metadata"]]

    @contextmanager
    def held(self, table):
        """Have whoever reads this table wait, for as long as the block lasts."""
        statement = f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"
        command = [kubectl(), *self.psql(f"--command={statement}")]
        where = f"FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = '{table}'::regclass"
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, env=self.environ, **quiet):
            until(lambda: self.sql(f"SELECT 1 {where}"))
            try:
                yield
            finally:
                self.sql(f"SELECT pg_terminate_backend(pid) {where}")

    def names(self, component="web"):
        return {each["metadata"]["name"] for each in self.pods(component)}

    def everybody(self):
        """Return the names of all pods that run the service."""
        return {each["metadata"]["name"] for each in self._pods("app.kubernetes.io/component in (web, worker)")}

    def settings(self):
        """Return which ConfigMaps these have their settings of."""
        found = self._pods("app.kubernetes.io/component in (web, worker)")
        return {each["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"] for each in found}

    def told(self, deployment):
        """Return what was applied last for a Deployment."""
        return self.web("apply", "view-last-applied", "deployment", deployment)

    def all_ready(self, number=2):
        ready = [
            condition["status"] == "True"
            for each in self.pods()
            for condition in each["status"].get("conditions", [])
            if condition["type"] == "Ready"
        ]
        return ready == [True] * number

    def remove(self):
        self("delete", "namespace", NAMESPACE, STORES, "--ignore-not-found", "--wait=true", "--timeout=180s")
        self("delete", "persistentvolume", VOLUME, "--ignore-not-found")
