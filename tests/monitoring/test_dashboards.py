import re

import pytest
import yaml

from tests.monitoring.shipped import DASHBOARDS, DEPLOY, PANELS

GRAFANA = DEPLOY / "grafana"
WIDTH = 24
UNITS = {"bool_yes_no", "ops", "percentunit", "reqps", "s", "short", "string"}  # Grafana's names


def cells(panel):
    position = panel["gridPos"]
    return {
        (x, y)
        for x in range(position["x"], position["x"] + position["w"])
        for y in range(position["y"], position["y"] + position["h"])
    }


def test_the_dashboards_are_of_the_service_the_database_pool_and_the_jobs():
    assert set(DASHBOARDS) == {"service.json", "database.json", "jobs.json"}
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_has_panels_that_do_not_overlap_and_have_ids_of_their_own(name):
    panels = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [cell for panel in panels for cell in cells(panel)]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < WIDTH


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_opens_with_its_place_and_its_check(name):
    text = (GRAFANA / "dashboards" / name).read_text()
    assert f'{{\n  "description": "Installed as /var/lib/grafana/dashboards/{name}. Check: ' in text[:120]


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_asks_the_provisioned_source_and_explains_itself(name):
    panel = PANELS[name]
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
    assert panel["type"] in {"stat", "timeseries"}
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["description"].endswith(".")


@pytest.mark.parametrize("name", PANELS)
def test_every_line_of_a_panel_has_an_expression_and_a_legend(name):
    targets = PANELS[name]["targets"]
    assert len({target["refId"] for target in targets}) == len(targets) > 0
    for target in targets:
        assert target["expr"]
        assert target["legendFormat"]
        assert set(re.findall(r"\$\w+", target["expr"])) <= {"$__rate_interval"}
    assert len({target["legendFormat"] for target in targets}) == len(targets)


def test_the_dashboards_are_where_the_provider_looks():
    [provider] = yaml.safe_load((GRAFANA / "provisioning/dashboards/dashboards.yml").read_text())["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
