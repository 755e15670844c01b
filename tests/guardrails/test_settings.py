import re

from app.config.environments import ENVIRONMENTS
from app.config.setting import REQUIRED, settings_of
from app.config.sources import read_settings
from tests.conftest import PROJECT

EXAMPLE = (PROJECT / ".env.example").read_text()
DECLARED = {
    declared.variable or name: declared for cls in ENVIRONMENTS.values() for name, declared in settings_of(cls).items()
}
READ_BY_THE_LOADER = {"APP_ENV", "APP_CONFIG_FILE"}


def shown() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_the_example_lists_every_setting_and_no_other():
    assert set(shown()) == set(DECLARED) | READ_BY_THE_LOADER


def test_the_example_explains_every_setting():
    explained = re.findall(r"^# .*\n(?:#? ?.*\n)*?((?:#?[A-Z0-9_]+=.*\n)+)", EXAMPLE, re.MULTILINE)
    assert set(re.findall(r"^#?([A-Z0-9_]+)=", "".join(explained), re.MULTILINE)) == set(shown())


def test_the_example_shows_the_defaults_of_production():
    production = settings_of(ENVIRONMENTS["production"])
    for name, declared in production.items():
        variable = declared.variable or name
        if declared.default is REQUIRED or callable(declared.default) or not declared.default:
            continue
        assert shown()[variable] == str(declared.default), variable


def test_the_example_is_a_configuration_that_only_lacks_its_secrets():
    said = read_settings(PROJECT / ".env.example")
    assert (said.values, said.problems) == ({"APP_ENV": "development"}, [])
