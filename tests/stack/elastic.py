"""What Elastic's programs do to a log line by the files in deploy/logging; they cannot run here, so this reads them."""

import json
import re
from datetime import datetime

import yaml

from tests.conftest import PROJECT

FOLDER = PROJECT / "deploy/logging"
TEMPLATE = json.loads((FOLDER / "index-template.json").read_text())
NGINX = PROJECT / "deploy/nginx/slipway"
VIEWS = [json.loads(line) for line in (FOLDER / "kibana-saved-view.ndjson").read_text().splitlines()]
MAPPINGS = TEMPLATE["template"]["mappings"]


def filebeat(kind):
    """Return the options of the one processor of this kind."""
    processors = yaml.safe_load((FOLDER / "filebeat.yml").read_text())["processors"]
    [options] = [processor[kind] for processor in processors if kind in processor]
    return options


def renames_of_filebeat():
    return {field["from"]: field["to"] for field in filebeat("rename")["fields"]}


def renames_of_logstash():
    [block] = re.findall(r"rename => \{(.*?)\}", (FOLDER / "logstash.conf").read_text(), re.DOTALL)
    pairs = re.findall(r'^\s*"(\w+)" => "\[(\S+)\]"$', block, re.MULTILINE)
    assert len(pairs) == block.count("=>")
    return {old: new.replace("][", ".") for old, new in pairs}


def line_of_nginx(**values):
    """Return a line of Nginx's access log, by its format and with these values, of which there may be none."""
    [quoted] = re.findall(
        r"^log_format slipway escape=json$(.*?);$", (NGINX / "log.conf").read_text(), re.DOTALL | re.MULTILINE
    )
    usual = {"slipway_timestamp": "2026-01-31T12:00:00.123Z", "slipway_status": "200", "body_bytes_sent": "512"}
    usual |= {"slipway_nanoseconds": "12000000"} | dict.fromkeys(re.findall(r"\$(\w+_seconds)\b", quoted), "0.012")
    text = "".join(re.findall(r"'(.*)'", quoted))
    return re.sub(r"\$(\w+)", lambda found: (usual | values).get(found[1], "some"), text)


def document(line, renames):
    """Return what is stored of a line, its fields by their full names."""
    fields = json.loads(line)
    fields["@timestamp"] = fields.pop("timestamp")
    for old, new in renames.items():
        if old in fields:
            assert new not in fields, f"{new} is there already"
            fields[new] = fields.pop(old)
    return fields


def mapped(name):
    """Return how the template maps a field, or None if it leaves that to its dynamic rules."""
    node = {"properties": MAPPINGS["properties"]}
    for part in name.split("."):
        node = node.get("properties", {}).get(part)
        if node is None:
            return None
    return node


def is_of_type(value, kind):
    """Whether Elasticsearch would index the value as this type."""
    if value is None:
        return True
    if kind in {"keyword", "wildcard", "match_only_text"}:
        return isinstance(value, str)
    if kind == "long":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if kind == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "date":
        return datetime.fromisoformat(value).tzinfo is not None
    raise AssertionError(f"no rule for {kind}")
