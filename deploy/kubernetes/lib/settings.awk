# Names in the settings and the containers of a rendering that no setting has: a sentence for each, with the nearest one.
# In a container that is not wrong by itself (other programs read HTTPS_PROXY or TZ), unless it is nearly a setting.
# Run by examining.sh: awk -f settings.awk .env.example rendered.yml. Check: pytest tests/cluster/kubernetes/commands

function least(a, b, c) { return a < b ? (a < c ? a : c) : (b < c ? b : c) }

function distance(one, other,    i, j, row) { # letters to insert, delete or replace
  for (j = 0; j <= length(other); j++) row[0, j] = j
  for (i = 1; i <= length(one); i++) {
    row[i, 0] = i
    for (j = 1; j <= length(other); j++)
      row[i, j] = least(row[i - 1, j] + 1, row[i, j - 1] + 1,
        row[i - 1, j - 1] + (substr(one, i, 1) != substr(other, j, 1)))
  }
  return row[length(one), length(other)]
}

function look(name, strict,    known, nearest, best, far, plain) {
  plain = name
  sub(/_FILE$/, "", plain)
  if (name in settings || plain in settings || name in seen) return
  seen[name] = 1
  best = 3
  for (known in settings) {
    far = distance(plain, known)
    if (far < best) { best = far; nearest = known substr(name, length(plain) + 1) }
  }
  if (nearest) print name " is no setting; is it " nearest "?"
  else if (strict) print name " is no setting: .env.example has them all"
}

FNR == NR { if (match($0, /^#?[A-Z][A-Z0-9_]*=/)) { sub(/^#/, ""); sub(/=.*/, ""); settings[$0] = 1 }; next }
/^---$/ { end_of_document() }
{ text[++lines] = $0 }
END { end_of_document() }

function end_of_document(    i, kind, name, section, env) {
  for (i = 1; i <= lines; i++) {
    if (text[i] ~ /^kind: /) kind = substr(text[i], 7)
    if (text[i] ~ /^  name: settings-/) name = "settings"
  }
  for (i = 1; i <= lines; i++) {
    if (text[i] ~ /^[a-z]/) section = text[i]
    if (kind == "ConfigMap" && name == "settings" && section ~ /^data:/ && match(text[i], /^  [A-Za-z0-9_.-]+:/))
      look(substr(text[i], 3, RLENGTH - 3), 1)
    if (text[i] ~ /^ +(- )?env:$/) env = 1
    else if (env && match(text[i], /^ +- name: /)) look_in_container(kind, substr(text[i], RLENGTH + 1))
    else if (env && text[i] !~ /^ +(value|valueFrom|name|key|fieldPath|.*KeyRef|fieldRef|.*FieldRef|resource|optional):/)
      env = 0
  }
  lines = 0
}

function look_in_container(kind, name) { if (kind == "Deployment" || kind == "Job") look(name, 0) }
