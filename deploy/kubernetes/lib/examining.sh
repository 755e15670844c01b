# shellcheck shell=bash disable=SC2154
# What is wrong with a release before anything of it is applied: it is refused, and nothing has changed.
# Used by deploy/kubernetes/release, which sets $overlay, $image, $work and $namespace. Check: shellcheck examining.sh

examine_words() { # the two that people write: the image, and the address
  local url
  if [[ -n $image ]]; then
    [[ $image =~ ^[a-z0-9][A-Za-z0-9._/:-]*(@[a-z0-9]+:[0-9a-f]+)?$ ]] || refuse "'$image' is no name of an image"
    [[ $image == *@* || ${image##*/} == *:* ]] || refuse "$image has no tag: which release is it?"
  fi
  while read -r url; do
    [[ $url =~ ^https://[A-Za-z0-9.-]+/?$ ]] \
      || refuse "PUBLIC_URL=$url: say https:// and a host, without a port, as in https://app.example.org"
  done < <(cat "$overlay"/*.{yml,env} 2>/dev/null \
    | sed -nE "s/^[[:space:]]*(-[[:space:]]*)?[\"']?PUBLIC_URL=([^\"']*).*/\2/p")
}

examine_settings() { # a name that no setting has would be accepted in silence
  local wrong
  wrong=$(awk -f "$here/lib/settings.awk" "$here/../../.env.example" "$work/rendered.yml")
  [[ -z $wrong ]] || refuse "$wrong"
}

examine_secrets() { # those that pods mount, but for what an ExternalSecret of the rendering makes
  local name found missing=''
  while read -r name; do
    found=$(on get secret "$name" --output=name 2>&1) && continue
    case $found in
      *NotFound*) missing+=" $name" ;;
      *orbidden*) say "Whether there are the Secrets that pods mount may not be looked at." && return ;;
      *) refuse "$found" ;;
    esac
  done < <(awk -f "$here/lib/secrets.awk" "$work/rendered.yml" | sort)
  [[ -z $missing ]] || refuse "no such Secret in $namespace:$missing; nothing has changed" \
    "step 2 of docs/deploy-kubernetes.md"
}

examine_pods() { # after a restore: an autoscaler leaves 0 as it is, and "all of them are ready" would be none
  local name idle=''
  for name in "${deployments[@]}"; do
    if grep -q '^  replicas:' "$work/deployment-$name.yml"; then continue; fi
    if [[ $(on get deployment "$name" --ignore-not-found --output=jsonpath='{.spec.replicas}') == 0 ]]; then
      idle+=" deployment/$name"
    fi
  done
  [[ -z $idle ]] || refuse "somebody has scaled$idle to 0, so nobody would serve; nothing has changed" \
    "kubectl --namespace=$namespace scale$idle --replicas=2"
}

examine_all() { # a kind that the cluster does not know, or a field that cannot be changed, is told before anything is
  local how=client kind part
  if kubectl get namespace "$namespace" >/dev/null 2>&1; then how=server; fi  # which wants the namespace to be there
  kubectl apply --dry-run="$how" --filename="$work/rendered.yml" 2>&1 >/dev/null | tee "$work/refused" >&2 && return
  while read -r kind; do
    part=$(cd "$here" && grep -lx "kind: $kind" ./*/*.yml | head -n 1 | cut -d / -f 2) || true
    complain "$kind is of the component ${part:-that brings it}: install its operator, or take it out of $overlay."
  done < <(sed -nE 's/.*no matches for kind "(\w+)".*/\1/p' "$work/refused" | sort -u)
  refuse "the cluster does not take this; nothing has changed"
}
