# shellcheck shell=bash disable=SC2154
# The pods of a release: replaced one after the other, or given back what they were.
# Used by deploy/kubernetes/release, which sets $namespace, $deployments and $before. Check: shellcheck rolling_out.sh

revision() { # revision DEPLOYMENT: nothing if there is none yet
  on get deployment "$1" --ignore-not-found --output=jsonpath='{.metadata.annotations.deployment\.kubernetes\.io/revision}'
}

roll_out() {
  local name
  apply "notin (migration)" || give_up "the cluster did not take all of it"
  for name in "${deployments[@]}"; do
    on rollout status "deployment/$name" --timeout=15m || give_up "$name did not become ready" "$name"
  done
}

give_up() { # give_up REASON [DEPLOYMENT]: show what is wrong with it, and bring back what was there before
  if [[ -n ${2-} ]]; then why "$2" >&2 || true; fi
  go_back >&2 || complain "Not everything went back: kubectl --namespace=$namespace get deployments"
  refuse "$1"
}

go_back() { # to the former pods; kubectl skips a Deployment that has not changed
  local name left=''
  for name in "${deployments[@]}"; do
    if [[ -z ${before[$name]} ]]; then
      complain "There was no $name before, so there is nothing to go back to."
    else
      on rollout undo "deployment/$name" --to-revision="${before[$name]}" || left=yes
      on rollout status "deployment/$name" --timeout=15m || left=yes
    fi
  done
  [[ -z $left ]]
}

why() { # why DEPLOYMENT: its newest pods, and what they have said
  on get pods --selector="app.kubernetes.io/component=$1" --sort-by=.metadata.creationTimestamp
  local pod
  pod=$(on get pods --selector="app.kubernetes.io/component=$1" --sort-by=.metadata.creationTimestamp \
    --output=jsonpath='{.items[-1:].metadata.name}')
  on describe pod "$pod" | sed -n '/^Events:/,$p' | tail -n 5
  on logs "$pod" --tail=10 || true
}
