"""docker-compose.yml as it is written: what every container is confined to, and facts that stand elsewhere too."""

import json
import re

import pytest
import yaml

from tests.conftest import PROJECT
from tests.containers.compose.stack import SERVICES, Stack

pytestmark = pytest.mark.docker

FILE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
OURS = {"secrets", "check", "migrate", "web", "worker", "edge"}
FOREIGN = set(SERVICES) - OURS
# What writes where its image wants it to; the file says why.
WRITABLE = {"elasticsearch", "kibana"}
COMBINATIONS = [
    [*files, *profiles]
    for files in (["--file=docker-compose.yml"], ["--file=docker-compose.yml", "--file=docker-compose.dev.yml"])
    for profiles in ([], ["--profile=monitoring"], ["--profile=logging"], ["--profile=*"])
]


def seconds(duration):
    [(number, unit)] = re.findall(r"^(\d+)([smh])$", duration)
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def mounted(*names):
    """Return what these services mount, as the file says it; of what .env may name, the default."""
    mounts = [mount for name in names for mount in SERVICES[name].get("volumes", [])]
    sources = [mount.partition(":")[0] if isinstance(mount, str) else mount["source"] for mount in mounts]
    return [re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", source) for source in sources]


@pytest.mark.parametrize("options", COMBINATIONS, ids=" ".join)
def test_compose_accepts_every_profile_and_override_without_a_word(engine, clone, options):
    result = engine.result("compose", *options, "config", "--quiet", cwd=clone)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name):
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is (name not in WRITABLE)
    assert limits.keys() == {"cpus", "memory", "pids"}
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert not {"container_name", "privileged", "pid", "ipc"} & service.keys()
    assert not [source for source in mounted(name) if "docker.sock" in source]


def test_only_the_edge_is_published_and_on_loopback_as_are_the_pages_of_the_profiles():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {name for name in ports if "profiles" not in SERVICES[name]} == {"edge"}
    assert {name for name in ports if "profiles" in SERVICES[name]} <= {"grafana", "kibana"}
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)


def test_whoever_keeps_something_is_in_a_network_that_leads_nowhere():
    internal = {name for name, network in FILE["networks"].items() if network and network.get("internal")}
    assert internal == set(FILE["networks"]) - {"front", "outside"}
    for name in {"postgres", "redis", "prometheus", "elasticsearch"} & set(SERVICES):
        assert set(SERVICES[name]["networks"]) <= internal
    assert SERVICES["edge"]["networks"] == ["front"]


def test_web_has_longer_to_stop_than_its_requests_have_to_finish():
    example = (PROJECT / ".env.example").read_text()
    [graceful] = re.findall(r"^#WEB_GRACEFUL_TIMEOUT_SECONDS=(\d+)", example, re.MULTILINE)
    assert seconds(SERVICES["web"]["stop_grace_period"]) > int(graceful)
    assert seconds(SERVICES["edge"]["stop_grace_period"]) >= seconds(SERVICES["web"]["stop_grace_period"])


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_foreign_images_are_named_by_their_exact_version(name):
    assert re.search(r":v?\d+\.\d+(\.\d+)?$", SERVICES[name]["image"])
    assert SERVICES[name]["image"].count(".") - SERVICES[name]["image"].partition(":")[0].count(".") >= 1


def test_what_elastic_makes_is_of_one_version():
    versions = {each["image"].rpartition(":")[2] for each in SERVICES.values() if "elastic.co" in each.get("image", "")}
    assert len(versions) == 1


def test_the_files_that_are_mounted_are_there():
    ours = [place for place in mounted(*SERVICES) if place.startswith("./")]
    assert ours
    assert [place for place in ours if not (PROJECT / place).exists()] == []


def test_the_volumes_are_where_the_images_keep_their_data():
    assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]
    assert SERVICES["postgres"]["environment"]["PGDATA"] == "/var/lib/postgresql/18/docker"
    assert SERVICES["postgres"]["image"].startswith("postgres:18.")
    assert "redis:/data" in SERVICES["redis"]["volumes"]
    assert set(FILE["volumes"]) <= set(mounted(*SERVICES))


def test_no_command_of_the_guide_that_starts_somebody_starts_others_by_the_way():
    guide = (PROJECT / "docs/deploy-containers.md").read_text()
    started = re.findall(r"docker\s+compose [^`\n]*?\bup((?: +[\w=-]+)*)", guide)
    named = [line for line in started if re.search(r" (?!-)\w", line)]
    assert named
    assert [line for line in named if "--no-deps" not in line] == []
    assert "--profile" not in guide


def test_every_setting_that_is_fixed_is_one_that_there_is():
    example = (PROJECT / ".env.example").read_text()
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    told = {name for service in OURS & set(SERVICES) for name in SERVICES[service].get("environment", {})}
    fixed = {name.removesuffix("_FILE") if name != "LOG_FILE" else name for name in told}
    assert fixed - known - {"APP_CONFIG", "EDGE_FRONT"} == set()


def test_prometheus_asks_as_often_as_elsewhere_and_for_jobs_that_the_alerts_know():
    ours = yaml.safe_load((PROJECT / "deploy/docker/monitoring/prometheus.yml").read_text())
    shipped = yaml.safe_load((PROJECT / "deploy/prometheus/prometheus.yml").read_text())
    assert ours["global"] == shipped["global"]
    assert {job["job_name"] for job in ours["scrape_configs"]} < {job["job_name"] for job in shipped["scrape_configs"]}
    rules = {path.name for path in (PROJECT / "deploy/prometheus/rules").iterdir()}
    assert {f"rules/{name}" for name in rules - {"machine.yml"}} == set(ours["rule_files"])


def test_dashboards_find_their_source():
    ours = yaml.safe_load((PROJECT / "deploy/docker/monitoring/datasource.yml").read_text())
    shipped = yaml.safe_load((PROJECT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    [ours], [shipped] = ours["datasources"], shipped["datasources"]
    assert {**ours, "url": ""} == {**shipped, "url": ""}


def test_filebeat_names_fields_as_it_does_elsewhere():
    ours = yaml.safe_load((PROJECT / "deploy/docker/logging/filebeat.yml").read_text())
    shipped = yaml.safe_load((PROJECT / "deploy/logging/filebeat.yml").read_text())
    assert ours["processors"][1:] == shipped["processors"]
    assert ours["output.elasticsearch"]["index"] == shipped["output.elasticsearch"]["index"]
    for name in ("setup.template.enabled", "setup.ilm.enabled"):
        assert ours[name] == shipped[name]


def test_nothing_of_env_reaches_what_a_container_must_know_better(engine, clone, tmp_path):
    stack = Stack(engine, clone, ("slipway", "slipway-edge"))
    wrong = {
        "DATABASE_URL": "postgresql:///mine",
        "SECRET_KEY": "x" * 40,
        "BIND": "127.0.0.1:1",
        "WEB_THREADS": "9",
    }
    (clone / ".env").write_text("".join(f"{name}={value}\n" for name, value in wrong.items()))
    try:
        told = json.loads(stack.compose("config", "--format=json"))["services"]["web"]["environment"]
    finally:
        (clone / ".env").unlink()
    assert (told["DATABASE_URL"], told["SECRET_KEY"], told["BIND"]) == ("", "", "0.0.0.0:8000")
    assert told["WEB_THREADS"] == "9"


def test_every_name_that_compose_reads_is_known_to_the_check():
    files = [(PROJECT / name).read_text() for name in ("docker-compose.yml", "docker-compose.dev.yml")]
    read = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", "".join(files)))
    settings = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    check = (PROJECT / "deploy/docker/check").read_text()
    assert read - settings == set(re.findall(r'^    "([A-Z_]+)",$', check, re.MULTILINE))


def test_what_is_mounted_of_this_tree_is_looked_at_before_anything_begins():
    secrets = (PROJECT / "deploy/docker/secrets").read_text()
    [line] = re.findall(r"^MOUNTED = \((.*)\)$", secrets, re.MULTILINE)
    looked_at = tuple(f"./deploy/{name}" for name in re.findall(r'"([^"]+)"', line))
    ours = [place for place in mounted(*SERVICES) if place.startswith("./deploy/")]
    assert ours
    assert [place for place in ours if not place.startswith(looked_at)] == []


def test_a_release_waits_until_the_edge_asks_again_whom_it_has_passed_over():
    edge = (PROJECT / "deploy/docker/edge/slipway.conf").read_text()
    [passed_over] = re.findall(r"^ +server web:8000 .*fail_timeout=(\d+)s", edge, re.MULTILINE)
    replacing = (PROJECT / "deploy/docker/lib/replacing.sh").read_text()
    [waited] = re.findall(r"^PASSED_OVER=(\d+)", replacing, re.MULTILINE)
    assert int(waited) > int(passed_over)
    stops = replacing.index("docker stop")
    assert 'sleep "$PASSED_OVER"' in replacing[:stops]
