"""The profile "restricted" of the Pod Security Standards, control by control, as Kubernetes 1.37 documents it."""

from tests.cluster.kubernetes.rendering import containers

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
PROFILES = ("RuntimeDefault", "Localhost")


def violations(template):
    """Yield what a pod of this template does that "restricted" (and "baseline" beneath it) forbids."""
    spec = template["spec"]
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC", "hostUsers") if spec.get(name))
    for volume in spec.get("volumes", []):
        yield from (f"volume {kind}" for kind in set(volume) - {"name"} - VOLUMES)
    pod = spec.get("securityContext", {})
    yield from (name for name in ("sysctls", "windowsOptions", "seLinuxOptions") if pod.get(name))
    for container in containers(template):
        yield from _of_container(container, pod)


def _of_container(container, pod):
    own = container.get("securityContext", {})
    both = {**pod, **own}
    if own.get("privileged"):
        yield "privileged"
    if own.get("procMount", "Default") != "Default":
        yield "procMount"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        yield "runAsNonRoot"
    if both.get("seccompProfile", {}).get("type") not in PROFILES:
        yield "seccompProfile"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "hostPort"
    if both.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in PROFILES:
        yield "appArmorProfile"
