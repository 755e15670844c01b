"""The lines of a real run under Elastic's names: taken from what is shipped to Filebeat, Logstash and Elasticsearch."""

import json
import re
from datetime import UTC, datetime

import pytest
import yaml

from tests.conftest import PROJECT
from tests.stack.conftest import running, until
from tests.stack.elastic import (
    FOLDER,
    MAPPINGS,
    NGINX,
    TEMPLATE,
    VIEWS,
    document,
    filebeat,
    is_of_type,
    line_of_nginx,
    mapped,
    renames_of_filebeat,
    renames_of_logstash,
)

HOSTILE = '"}\r\n{"level":"INFO"}\x1b[2J\x00\u2028\x85\U0001f600'


@pytest.fixture(scope="module")
def lines(tmp_path_factory, stack_environment):
    """All that a run writes: its start, a page, an error with its traceback, hostile text, its end."""
    with running(tmp_path_factory.mktemp("names") / "service", stack_environment) as service:
        until(service.is_ready)
        service.get("/docs")
        service.get("/v1/stack/error")
        service.client.get("/v1/stack/message", params={"text": HOSTILE})
        assert service.stop() == 0
        yield service.stdout().removesuffix("\n").split("\n")


@pytest.fixture
def documents(lines):
    return [document(line, renames_of_logstash()) for line in lines]


def only(documents, logger):
    return [stored for stored in documents if stored["log.logger"] == logger]


def test_filebeat_and_logstash_give_the_same_names():
    assert renames_of_filebeat() == renames_of_logstash()


def test_every_line_has_the_fields_by_which_elastic_sorts_and_filters(documents):
    for stored in documents:
        assert {"@timestamp", "message", "log.level", "log.logger", "service.name", "service.version"} <= set(stored)


def test_every_field_of_every_line_is_mapped_with_a_type_that_its_value_has(documents):
    seen = set()
    for stored in documents:
        for name, value in stored.items():
            if name == "given":  # what a caller adds as `extra` is for the dynamic rules
                continue
            assert mapped(name), f"{name} is not in the template"
            assert is_of_type(value, mapped(name)["type"]), f"{name}: {value!r}"
            seen.add(name)
    assert {"http.request.id", "error.stack_trace", "event.duration", "url.path", "client.address"} <= seen


def test_what_a_caller_adds_makes_no_line_be_refused_and_no_index_grow_without_end():
    rules = {rule["match_mapping_type"]: rule["mapping"] for [rule] in map(dict.values, MAPPINGS["dynamic_templates"])}
    # Lucene refuses a document with a longer term than 32,766 bytes; a character has four at most.
    assert rules["string"] == {"type": "keyword", "ignore_above": 1024}
    assert rules["object"]["type"] == "flattened"
    assert rules["object"]["ignore_above"] * 4 < 32_766
    assert not MAPPINGS["date_detection"]
    settings = TEMPLATE["template"]["settings"]
    assert settings["index.mapping.total_fields.ignore_dynamic_beyond_limit"]
    assert settings["index.mapping.ignore_malformed"]


def test_a_traceback_and_hostile_text_are_one_event_each(lines, documents):
    [error] = [stored for stored in documents if "error.stack_trace" in stored]
    assert error["error.stack_trace"].count("\n") > 5
    [message] = only(documents, "stack")
    assert message["given"] == HOSTILE
    assert len(lines) == len("\n".join(lines).splitlines())  # by every character that some reader ends a line at


def test_the_time_is_one_that_each_of_them_reads(documents):
    layout = filebeat("timestamp")["layouts"]
    assert layout[0] == "2006-01-02T15:04:05.000Z"  # Go's way to write the pattern below
    for stored in documents:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stored["@timestamp"])
        assert abs((datetime.now(UTC) - datetime.fromisoformat(stored["@timestamp"])).total_seconds()) < 3_600


def test_what_nginx_writes_is_read_by_the_shippers_and_every_field_of_it_is_mapped():
    [file] = re.findall(r"^access_log (\S+) slipway\b", (NGINX / "server.conf").read_text(), re.MULTILINE)
    inputs = yaml.safe_load((FOLDER / "filebeat.yml").read_text())["filebeat.inputs"]
    assert [file] in [each.get("paths") for each in inputs if each["enabled"]]
    assert f'file="{file}"' in (FOLDER / "rsyslog.conf").read_text()
    stored = document(line_of_nginx(), renames_of_logstash())
    assert "upstream.response_seconds" in stored
    for name, value in stored.items():
        assert mapped(name), f"{name} is not in the template"
        assert is_of_type(value, mapped(name)["type"]), f"{name}: {value!r}"


def test_what_systemd_keeps_is_found_by_the_names_of_the_units():
    inputs = yaml.safe_load((FOLDER / "filebeat.yml").read_text())["filebeat.inputs"]
    [journal] = [each["syslog_identifiers"] for each in inputs if each["type"] == "journald"]
    units = [path.read_text() for path in (PROJECT / "deploy/systemd").glob("*.service")]
    assert set(journal) <= set(re.findall(r"^SyslogIdentifier=(\S+)$", "\n".join(units), re.MULTILINE))
    assert "slipway-web" in journal


def test_the_views_of_kibana_ask_for_fields_that_are_mapped():
    [pattern] = [view for view in VIEWS if view["type"] == "index-pattern"]
    searches = [view for view in VIEWS if view["type"] == "search"]
    assert len(searches) == 3
    for search in searches:
        source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        asked = re.findall(r"([a-z_.]+) *(?::|>=)", source["query"]["query"])
        assert asked
        for name in [*asked, *search["attributes"]["columns"], search["attributes"]["sort"][0][0]]:
            assert mapped(name), f"{search['id']}: {name}"
        assert [reference["id"] for reference in search["references"]] == [pattern["id"]]


def test_the_view_of_slow_requests_finds_what_is_slow(documents):
    [search] = [view for view in VIEWS if view["id"] == "slipway-slow-requests"]
    source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    threshold = int(re.search(r"event.duration >= (\d+)", source["query"]["query"])[1])
    assert threshold == 1_000_000_000
    assert all("event.duration" in stored for stored in only(documents, "access"))


def test_template_policy_outputs_and_view_speak_of_one_data_stream():
    policy = TEMPLATE["template"]["settings"]["index.lifecycle.name"]
    stream = re.findall(r"^ *index: (\S+)$", (FOLDER / "filebeat.yml").read_text(), re.MULTILINE)
    parts = re.findall(r'data_stream_(?:type|dataset|namespace) => "(\w+)"', (FOLDER / "logstash.conf").read_text())
    assert ["-".join(parts)] == stream == [TEMPLATE["index_patterns"][0].replace("*", "default")]
    assert VIEWS[0]["attributes"]["title"] == TEMPLATE["index_patterns"][0]
    guide = (PROJECT / "docs/logs.md").read_text()
    assert f"_ilm/policy/{policy}" in guide
    assert (FOLDER / "ilm-policy.json").is_file()


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_says_where_it_is_installed_and_how_it_is_checked(file):
    text = file.read_text()
    if file.suffix == ".ndjson":  # its form has no place for it
        text = (PROJECT / "docs/logs.md").read_text()
        assert file.name in text
        return
    beginning = "\n".join(text.splitlines()[:5])
    assert re.search(r"[Ii]nstalled as ", beginning)
    assert re.search(r"[Cc]heck it: ", beginning)
