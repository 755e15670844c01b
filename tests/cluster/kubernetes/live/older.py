"""What a Kubernetes older than those we support does not know, said in its words: for tests on one that is at hand.

1.20 has no NetworkPolicy enforcement worth the name and none of the newer versions of three kinds; Deployments, Jobs,
probes, Services and rollouts, which are what the tests here are about, are as they were.
"""

SLEEP = "/spec/template/spec/containers/0/lifecycle/preStop"
SPREAD = "/spec/template/spec/topologySpreadConstraints"

PATCHES = [
    ("HorizontalPodAutoscaler", [{"op": "replace", "path": "/apiVersion", "value": "autoscaling/v2beta2"}]),
    (
        "PodDisruptionBudget",
        [
            {"op": "replace", "path": "/apiVersion", "value": "policy/v1beta1"},
            {"op": "remove", "path": "/spec/unhealthyPodEvictionPolicy"},
        ],
    ),
    (
        "CronJob",
        [
            {"op": "replace", "path": "/apiVersion", "value": "batch/v1beta1"},
            {"op": "remove", "path": "/spec/timeZone"},
        ],
    ),
    ("Deployment", [{"op": "remove", "path": SPREAD}]),
]


def patches(seconds):
    """Return what an overlay needs, with the pause of preStop as a command that sleeps."""
    pause = {"exec": {"command": ["sleep", str(seconds)]}}
    for kind, operations in PATCHES:
        yield {"target": {"kind": kind}, "patch": operations}
    operation = {"op": "replace", "path": SLEEP, "value": pause}
    yield {"target": {"kind": "Deployment", "name": "web"}, "patch": [operation]}
