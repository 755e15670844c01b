# shellcheck shell=bash disable=SC2154
# What a release applies: the overlay, with the image that was named, and a migration Job under a name of its own.
# Used by deploy/kubernetes/release, which sets $overlay, $image, $id and $work. Check: shellcheck rendering.sh

render() { # the overlay with this image, and the Job under a name of its own
  local where
  where=$(realpath --relative-to="$work" "$overlay")
  cat >"$work/kustomization.yml" <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$where]
patches:
  - target: {kind: Job, name: migration}
    patch: |
      - {op: replace, path: /metadata/name, value: migration-$id}
END
  kubectl kustomize "$overlay" >"$work/as-it-is.yml"
  if [[ -n $image ]]; then name_image >>"$work/kustomization.yml"; fi
  kubectl kustomize "$work" >"$work/rendered.yml"
  namespace=$(sed -n '/^kind: Job$/,/^---$/s/^  namespace: //p' "$work/rendered.yml" | head -n 1)
  mapfile -t deployments < <(sed -n '/^kind: Deployment$/,/^spec:$/s/^  name: //p' "$work/rendered.yml")
  [[ -n $namespace && ${#deployments[@]} -gt 0 ]] || refuse "$overlay has no migration or no Deployment"
}

name_image() { # in place of the one that the migration has
  local old name=${image%@*} tag=''
  old=$(sed -n '/^kind: Job$/,/^---$/s/^ *image: //p' "$work/as-it-is.yml")
  old=${old%@*}
  if [[ ${old##*/} == *:* ]]; then old=${old%:*}; fi
  if [[ ${name##*/} == *:* ]]; then tag=${name##*:} name=${name%:*}; fi
  printf 'images:\n  - name: %s\n    newName: %s\n' "$old" "$name"
  if [[ $image == *@* ]]; then printf '    digest: %s\n' "${image#*@}"; else printf '    newTag: "%s"\n' "${tag:-latest}"; fi
}

examine() { # a kind that the cluster does not know, or a field that cannot be changed, is told before anything is
  local how=client
  if kubectl get namespace "$namespace" >/dev/null 2>&1; then how=server; fi  # which wants the namespace to be there
  kubectl apply --dry-run="$how" --filename="$work/rendered.yml" >/dev/null \
    || refuse "the cluster does not take this; nothing has changed"
}
