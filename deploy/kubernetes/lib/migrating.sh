# shellcheck shell=bash disable=SC2154
# The migration of a release: started, watched, and its log shown; what cannot start is taken away again.
# Used by deploy/kubernetes/release, which sets $id, $former and $again. Check: shellcheck migrating.sh

migrate() {
  local state said began=$SECONDS
  apply migration || refuse "the cluster did not take the migration; $former" "$again"
  while true; do
    state=$(on get job "migration-$id" --output=jsonpath='{.status.conditions[?(@.status=="True")].type}')
    case $state in
      *Complete*)
        said=$(migration_log | grep . | tail -n 1) || true
        say "Migrated: ${said:-it said nothing}" && return ;;
      *Failed*) migration_log >&2; refuse "the migration failed; $former" ;;
    esac
    if never_starts $((SECONDS - began)); then
      on describe pods --selector="job-name=migration-$id" | tail -n 5 >&2
      on delete job "migration-$id" --wait=false >/dev/null  # it must not start once somebody has mended that
      refuse "the migration does not start; $former"
    fi
    sleep 1
  done
}

never_starts() { # never_starts SECONDS: an image that is not there, a Secret that is missing, no room on any node
  local seen
  seen=$(on get pods --selector="job-name=migration-$id" \
    --output=jsonpath='{.items[*].status.phase} {.items[*].status.containerStatuses[*].state.waiting.reason}')
  case $seen in
    *ImagePullBackOff | *ErrImageNeverPull | *InvalidImageName | *CreateContainerConfigError) return 0 ;;
    Running* | Succeeded* | Failed*) return 1 ;;
  esac
  (($1 > 120))
}

migration_log() { on logs --tail=40 --selector="job-name=migration-$id" 2>/dev/null || true; }
