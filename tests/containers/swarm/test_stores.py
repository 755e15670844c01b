import re
import secrets
import subprocess

import pytest

from tests.conftest import PROJECT
from tests.containers.engine import until

pytestmark = pytest.mark.docker

GUIDE = PROJECT / "docs/deploy-swarm.md"
AS_COMPOSE = (
    "PGDATA=/var/lib/postgresql/18/docker",
    "POSTGRES_DB=slipway",
    "POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password",
)


def lines_of(title, number=0):
    """Return the commands of a section of the guide."""
    section = GUIDE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[number]


@pytest.fixture
def outside(engine):
    """A PostgreSQL and a Redis of somebody else, at addresses of the network; by the secrets that name them."""
    password = secrets.token_hex(8)
    given = {
        "postgres": ["--env=POSTGRES_DB=slipway", f"--env=POSTGRES_PASSWORD={password}", "postgres:18.6"],
        "redis": ["redis:8.10.2", "redis-server", "--requirepass", password],
    }
    started = [engine("run", "--detach", "--publish-all", *options) for options in given.values()]
    host = engine("network", "inspect", "bridge", "--format={{(index .IPAM.Config 0).Gateway}}")
    postgres = f"postgresql://postgres:{password}@{host}:{engine.port(started[0], 5432)}/slipway"
    yield {
        "database_url": postgres,
        "migrate_database_url": postgres,
        "redis_url": f"redis://:{password}@{host}:{engine.port(started[1], 6379)}/0",
    }
    engine("rm", "--force", "--volumes", *started)


@pytest.mark.parametrize("out", [["postgres"], ["postgres", "redis"]], ids="+".join)
def test_a_stack_whose_stores_are_elsewhere_is_released_and_backed_up(another, outside, out):
    file = another.commands / "stores.yml"
    text = file.read_text()
    for name in out:
        text = re.sub(rf"(?ms)^  {name}:\n    <<: \*store\n.*?(?=^  redis:|^networks:)", "", text)
    file.write_text(text.replace("data: {internal: true}", "data:").replace("services:\nnet", "services: {}\nnet"))
    for name, value in outside.items():
        if not (name == "redis_url" and "redis" not in out):
            another.put(name, value)
    said = another.release(another.make())
    assert "postgres_password" not in said
    assert another.ask("/")[0] == 200
    for web in another.ready("web", 2):
        assert another.engine("exec", web, "healthcheck", "/readyz") is not None
    services = another.engine("stack", "services", "--format={{.Name}}", another.name)
    assert not any(f"_{name}" in services for name in out)

    done = another.run("backup")
    assert "POSTGRES_IMAGE=postgres:18.6 deploy/swarm/backup" in done.stderr
    done = another.run("backup", env={"POSTGRES_IMAGE": "postgres:18.6"})
    assert "restored and compared" in done.stdout, done.stdout + done.stderr
    assert "has to be restored where it is" in another.run("restore", "--yes").stderr


@pytest.fixture
def composed(engine, another, tmp_path):
    """Volumes as Compose leaves them, with a table that was written there, under passwords that nobody knows."""
    volumes = [f"{another.name}_{name}" for name in ("postgres", "redis")]
    for volume in volumes:
        engine("volume", "create", "--label=com.docker.compose.project=slipway", volume)
    for name in ("postgres", "slipway", "slipway_migrate"):
        (tmp_path / f"{name}_password").write_text(secrets.token_hex(8))
    tmp_path.chmod(0o755)
    scripts = {"1-roles.sql": "docker/postgres/roles.sql", "2-privileges.sql": "vps/lib/preparing/privileges.sql"}
    mounted = [
        f"--volume={PROJECT}/deploy/{file}:/docker-entrypoint-initdb.d/{name}:ro" for name, file in scripts.items()
    ]
    options = ["--user=postgres", f"--volume={tmp_path}:/run/secrets:ro", f"--volume={volumes[0]}:/var/lib/postgresql"]
    initdb = "--env=POSTGRES_INITDB_ARGS=--auth-local=peer --auth-host=scram-sha-256"
    environ = [initdb, *(f"--env={each}" for each in AS_COMPOSE)]
    postgres = engine("run", "--detach", *options, *mounted, *environ, "postgres:18.6")
    until(lambda: engine.result("exec", postgres, "pg_isready", "--host=127.0.0.1").returncode == 0)
    kept = "SET ROLE slipway_migrate; CREATE TABLE kept AS SELECT 1"
    engine("exec", postgres, "psql", "--dbname=slipway", f"--command={kept}")
    engine("stop", postgres)
    engine("rm", postgres)
    yield another
    engine.result("volume", "rm", *(volume.replace(another.name, f"{another.name}_compose") for volume in volumes))


def test_the_volumes_of_compose_are_refused_until_they_were_copied(composed):
    done = composed.run("release", "--stores")
    assert done.returncode == 1
    assert "is that of slipway, which docker compose has made" in done.stderr
    assert "Next: docs/deploy-swarm.md#from-compose" in done.stderr

    copying = lines_of("From Compose", 1).replace("slipway_", f"{composed.name}_")
    for spoiled in ("cp -a /from/. /to; exit 1", "cp -a /from/. /to; rm -r /to/18/docker/base"):
        said = bash(composed, copying.replace("cp -a /from/. /to", spoiled)).stderr
        assert f"{composed.name}_compose_postgres is no copy of {composed.name}_postgres" in said
        assert "is no copy" in bash(composed, copying).stderr  # nor is anything copied over what is there
        assert "is that of slipway" in composed.run("release", "--stores").stderr
        composed.engine("volume", "rm", f"{composed.name}_compose_postgres")

    done = bash(composed, copying)
    assert "is no copy" not in done.stderr
    done = composed.run("release", "--stores")
    assert done.returncode == 0, done.stderr
    assert composed.psql("SELECT count(*) FROM kept") == "1"
    composed.log_in("slipway")


def bash(stack, lines):
    return subprocess.run(["bash", "-c", lines], env=stack.engine.environ, capture_output=True, text=True, check=False)


def test_another_major_of_postgresql_gets_what_the_former_had(files):
    files.psql("SET ROLE slipway_migrate; CREATE TABLE kept AS SELECT 1")
    stop, backup, store, restore, release = lines_of("Another PostgreSQL").splitlines()
    run(files, stop)
    until(lambda: not files.containers("web"))
    run(files, backup)
    # The same version stands in for a later one: what matters is another folder, which is empty.
    files.change("stores.yml", "PGDATA: /var/lib/postgresql/18/docker", "PGDATA: /var/lib/postgresql/19/docker")
    run(files, store)
    assert files.psql("SELECT to_regclass('kept') IS NULL") == "t"
    run(files, restore)
    assert files.psql("SELECT count(*) FROM kept") == "1"
    run(files, release.replace("1.2.3", files.now))
    files.ready("web", 2)  # as before they were stopped
    files.ready("worker", 1)

    files.change("stores.yml", "PGDATA: /var/lib/postgresql/19/docker", "PGDATA: /var/lib/postgresql/18/docker")
    files.release(files.now)
    files.psql("DROP TABLE kept")


def run(stack, line):
    """Run a line of the guide."""
    line = line.partition("#")[0].replace("slipway_", f"{stack.name}_").replace("deploy/swarm", str(stack.commands))
    environ = stack.engine.environ | stack.environ
    done = subprocess.run(["bash", "-euc", line], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_settings_of_redis_that_have_changed_in_the_tree_are_put_to_use(files):
    files.change("../redis/slipway.conf", "maxmemory 256mb", "maxmemory 128mb")
    done = files.run("release", "--stores")
    assert re.search(r"Made \S+_redis_conf_\d", done.stdout), done.stdout + done.stderr
    [redis] = files.ready("redis", 1)
    asking = "REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli config get maxmemory"
    assert files.engine("exec", redis, "sh", "-c", asking).split() == ["maxmemory", "134217728"]
    assert "Made" not in files.run("release", "--stores").stdout  # and are no others the next time
