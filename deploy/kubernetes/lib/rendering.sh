# shellcheck shell=bash disable=SC2154
# What a release applies: the overlay, with the image that was named and the release's id, divided into what is applied
# one after the other. Used by deploy/kubernetes/release, which sets $overlay, $image, $id and $work.
# Check: shellcheck rendering.sh

render() { # the Job under a name of its own; pods with the id, so that each release starts new ones that read Secrets
  local where
  where=$(realpath --relative-to="$work" "$overlay")
  cat >"$work/kustomization.yml" <<END_OF_FILE
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$where]
patches:
  - target: {kind: Job, name: migration}
    patch: |
      - {op: replace, path: /metadata/name, value: migration-$id}
  - target: {kind: Deployment}
    patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: any}
      spec: {template: {metadata: {annotations: {slipway/release: "$id"}}}}
END_OF_FILE
  kubectl kustomize "$overlay" >"$work/as-it-is.yml"
  if [[ -n $image ]]; then name_image >>"$work/kustomization.yml"; fi
  kubectl kustomize "$work" >"$work/rendered.yml"
  namespace=$(sed -n '/^kind: Job$/,/^---$/s/^  namespace: //p' "$work/rendered.yml" | head -n 1)
  mapfile -t deployments < <(sed -n '/^kind: Deployment$/,/^spec:$/s/^  name: //p' "$work/rendered.yml")
  [[ -n $namespace && ${#deployments[@]} -gt 0 ]] || refuse "$overlay has no migration or no Deployment"
  divide
}

name_image() { # in place of the one that the migration has
  local old name=${image%@*} tag=''
  old=$(sed -n '/^kind: Job$/,/^---$/s/^ *image: //p' "$work/as-it-is.yml")
  old=${old%@*}
  if [[ ${old##*/} == *:* ]]; then old=${old%:*}; fi
  if [[ ${name##*/} == *:* ]]; then tag=${name##*:} name=${name%:*}; fi
  printf 'images:\n  - name: %s\n    newName: %s\n' "$old" "$name"
  if [[ $image == *@* ]]; then printf '    digest: %s\n' "${image#*@}"; else printf '    newTag: "%s"\n' "$tag"; fi
}

divide() { # into ground.yml, migration.yml, a file for each Deployment, and rest.yml, which waits until these serve
  awk -v work="$work" -v job="migration-$id" '
    function keep() {
      file = "rest"
      if (kind ~ /^(Namespace|ServiceAccount|ConfigMap|NetworkPolicy|PersistentVolumeClaim)$/) file = "ground"
      if (kind ~ /Secret(Store)?$/) file = "ground"
      if (kind == "Job" && name == job) file = "migration"
      if (kind == "Deployment") file = "deployment-" name
      if (kind != "") printf "%s---\n", text >(work "/" file ".yml")
      text = kind = name = section = ""
    }
    /^---$/ { keep(); next }
    /^[a-z]/ { section = $1 }
    /^kind: / { kind = $2 }
    section == "metadata:" && /^  name: / { name = $2 }
    { text = text $0 "\n" }
    END { keep() }' "$work/rendered.yml"
}
