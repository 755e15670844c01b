# The Secrets that the pods of a rendering name, one a line, but for those that another object of it makes.
# Run by examining.sh: awk -f secrets.awk rendered.yml. Check: pytest tests/cluster/kubernetes/commands

function end_of_document(    i, name) {
  if (kind ~ /Secret$/) made[own] = 1
  if (kind ~ /^(Deployment|Job|CronJob|StatefulSet|DaemonSet)$/) for (name in found) named[name] = 1
  kind = own = section = waiting = ""
  split("", found)
}

/^---$/ { end_of_document(); next }
/^[a-z]/ { section = $1 }
/^kind: / { kind = $2 }
section == "metadata:" && /^  name: / { own = $2 }
/^ +secretName: / { found[$2] = 1; waiting = 0 }
waiting && /^ +(- )?name: / { found[$NF] = 1; waiting = 0 }
/^ +(- )?(secret|secretRef|secretKeyRef|imagePullSecrets):$/ { waiting = 1 }
END { end_of_document(); for (name in named) if (!(name in made)) print name }
