# shellcheck shell=bash disable=SC2154
# What is left to do, and to say, once a release serves; none of it makes the release fail.
# Used by deploy/kubernetes/release, which sets $namespace. Check: shellcheck concluding.sh

conclude_release() {
  delete_old_settings || true
  tell_unbound_claims || true
  tell_degraded || true
}

delete_old_settings() { # those that no ReplicaSet has, so that nobody can come back to them
  local used name
  used=$(on get replicaset,cronjob,job --output=jsonpath='{..configMapRef.name}')
  [[ -n $used ]] || return 0
  on get configmaps --selector=app.kubernetes.io/name=slipway --output=name | sed -n 's|^configmap/settings-|settings-|p' \
    | while read -r name; do
      if [[ " $used " != *" $name "* ]]; then on delete configmap "$name"; fi
    done
}

tell_unbound_claims() {
  local name
  for name in $(on get persistentvolumeclaims --output=jsonpath='{.items[?(@.status.phase=="Pending")].metadata.name}'); do
    complain "WARNING: the claim $name has no volume yet. It gets one when its first pod starts, if the cluster has a" \
      "StorageClass for it: kubectl --namespace=$namespace describe persistentvolumeclaim $name"
  done
}

tell_degraded() { # what the service can do without, and has to
  local said port
  port=$(on get deployment web --output=jsonpath='{..containerPort}')
  port=${port##* } # the last one is where probes ask
  said=$(on exec deployment/web --container=web -- python -c "
import urllib.request as client
print(client.urlopen('http://127.0.0.1:$port/readyz', timeout=5).read().decode())" 2>/dev/null)
  said=$(sed -nE 's/.*"degraded": ?\[([^]]+)\].*/\1/p' <<<"$said")
  [[ -z $said ]] || complain "WARNING: it serves without $said; the log of its pods says why."
}
