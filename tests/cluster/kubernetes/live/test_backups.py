import pytest

from tests.cluster.kubernetes.live.cluster import NAMESPACE
from tests.cluster.kubernetes.rendering import KUBERNETES, find, render
from tests.stack.conftest import until

pytestmark = pytest.mark.cluster

DEFAULTS = """
SELECT defaclacl FROM pg_default_acl ORDER BY defaclacl::text;
SELECT nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = 'public';
"""


def test_the_backup_is_restored_in_its_pod_and_put_back_as_the_guide_tells(served, say):
    served.sql("CREATE TABLE kept AS SELECT 1 AS id; ALTER TABLE kept OWNER TO slipway_migrate")
    defaults = served.sql(DEFAULTS)
    say(backed_up(served))
    # What came after it has to go, also what a younger migration would have made.
    served.sql("DELETE FROM kept; CREATE TABLE younger (); ALTER TABLE younger OWNER TO slipway_migrate")
    served.web("scale", "deployment/web", "deployment/worker", "--replicas=0")
    until(lambda: served.everybody() == set())
    served.web("create", f"--filename={KUBERNETES / 'backup/restore.yml'}")
    served.web("wait", "--for=condition=complete", "job/restore", "--timeout=180s")
    said = served.web("logs", "job/restore")
    assert "restored in" in said
    say(said)
    assert served.sql("SELECT id FROM kept") == "1"
    assert served.sql("SELECT to_regclass('younger')") == ""
    assert served.sql(DEFAULTS) == defaults
    refused = served.release(RELEASE="with nobody")
    assert "somebody has scaled deployment/web to 0, so nobody would serve" in refused.stderr
    served.web("scale", "deployment/web", "deployment/worker", "--replicas=2")
    until(lambda: served.all_ready(2))


def backed_up(served):
    """Make a backup as the CronJob does, and return what it said."""
    cron = find(render(served.overlay()), "CronJob")
    job = {**cron["spec"]["jobTemplate"], "apiVersion": "batch/v1", "kind": "Job"}
    job["metadata"] = {**job["metadata"], "name": "backup-now", "namespace": NAMESPACE}
    served.apply(job)
    served.web("wait", "--for=condition=complete", "job/backup-now", "--timeout=180s")
    said = served.web("logs", "job/backup-now")
    assert "restored and compared" in said
    return said.strip().splitlines()[-1]
