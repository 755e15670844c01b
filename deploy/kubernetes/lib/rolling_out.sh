# shellcheck shell=bash disable=SC2154,SC2034
# The pods of a release: replaced one Deployment after the other, or given back what they were.
# Used by deploy/kubernetes/release, which sets $deployments, $before, $id, $work, $url and $asking.
# Check: shellcheck rolling_out.sh

keep_former() { # what each Deployment was told by the last release that served; one that never did is no way back
  local name told ids
  former="no release has served here yet"
  for name in "${deployments[@]}"; do
    told=$work/former-$name.yml
    ids=$(on get deployment "$name" --ignore-not-found \
      --output=jsonpath='{.metadata.annotations.slipway/served} {.spec.template.metadata.annotations.slipway/release}')
    if [[ -z $ids ]]; then continue; fi
    on apply view-last-applied deployment "$name" --output=yaml >"$told" 2>/dev/null || continue
    # Three ids that are one: it became ready, it is what runs, and nobody has undone it by hand since.
    if [[ ${ids% *} == "${ids#* }" && ${ids% *} == "$(released <"$told")" ]]; then before["$name"]=$told
    elif [[ -n ${ids% *} ]]; then former="the former pods serve on, put there by hand: release the tag that is to run"; fi
  done
  if ((${#before[@]})); then former="the former release serves on, and nothing is to be undone"; fi
}

released() { sed -nE 's|^ *slipway/release: "?([0-9]+)"?$|\1|p'; }

roll_out() {
  local name
  changed=()
  for name in "${deployments[@]}"; do
    changed=("$name" "${changed[@]}")
    apply "deployment-$name" || give_up "the cluster did not take $name"
    on rollout status "deployment/$name" --timeout=15m || give_up "$name did not become ready" "$name"
  done
}

finish() { # with what is around the pods, by which the public reaches them; they are the ones to go back to from now on
  if ! apply rest; then
    note_served
    refuse "the pods of this release serve, but the cluster did not take all that is around them" "$again"
  fi
  if [[ -n $url ]] && ! "${asking[@]}"; then
    give_up "what $url answers is not as promised"
  fi
  note_served
}

note_served() {
  local name
  for name in "${deployments[@]}"; do
    on annotate --overwrite deployment "$name" "slipway/served=$id" >/dev/null || complain "$name: could not be annotated."
  done
}

give_up() { # give_up REASON [DEPLOYMENT]: show what is wrong with it, and bring back what was there before
  if [[ -n ${2-} ]]; then why "$2" >&2 || true; fi
  go_back >&2 || complain "Not everything went back: kubectl --namespace=$namespace get deployments"
  if [[ -n $url && ${#before[@]} -gt 0 ]]; then
    "${asking[@]}" >&2 || complain "The former release does not answer as promised either."
  fi
  refuse "$1; $former" "mend what is shown above, and release again: $again"
}

go_back() { # by the words of the former release, so that the next one knows what it may remove
  local name left=''
  for name in "${changed[@]}"; do
    if [[ -z ${before[$name]-} ]]; then
      complain "There is nothing of $name to go back to; what serves of it serves on."
    else
      kubectl apply --filename="${before[$name]}" || left=yes
      on rollout status "deployment/$name" --timeout=15m || left=yes
    fi
  done
  [[ -z $left ]]
}

why() { # why DEPLOYMENT: its newest pods, and what they have said
  local pod newest=(get pods --selector="app.kubernetes.io/component=$1" --sort-by=.metadata.creationTimestamp)
  on "${newest[@]}"
  pod=$(on "${newest[@]}" --output=jsonpath='{.items[-1:].metadata.name}')
  on describe pod "$pod" | sed -n '/^Events:/,$p' | tail -n 5
  { on logs "$pod" --previous --tail=200 2>/dev/null || on logs "$pod" --tail=200; } \
    | grep -Ev '"/(readyz|healthz)"' | tail -n 10
}
