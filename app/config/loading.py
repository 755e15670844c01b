"""Builds the configuration from the environment, or says everything that is wrong with it at once."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Never

from app.config.environments import ENVIRONMENTS, Config, Development
from app.config.names import strangers
from app.config.setting import REQUIRED, Setting, settings_of
from app.config.sources import read_secret, read_settings

EXIT_STATUS = 78  # EX_CONFIG of sysexits.h: trying again without a change is useless
PROJECT = Path(__file__).parents[2]


class ConfigError(Exception):
    """The configuration is not acceptable; `problems` maps each variable to what is wrong, free of secrets."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("\n".join(f"{variable}: {problem}" for variable, problem in problems.items()))
        self.problems = problems


def load_config(environ: Mapping[str, str], project: Path = PROJECT) -> Config:
    """Return the configuration that `environ` describes.

    The environment's own variables win over `.env` in `project` (read in
    development only), which wins over the file that `APP_CONFIG_FILE` names.
    Raises `ConfigError` naming every variable that is missing or malformed, and
    every name in a file that no setting has.
    """
    problems: dict[str, str] = {}
    cls, source = _sources(environ, project, problems)
    values: dict[str, Any] = {}
    for name, declared in settings_of(cls).items():
        variable = declared.variable or name
        try:
            values[name] = _value(variable, declared, source)
        except ValueError as error:
            problems[variable] = str(error)
            values[name] = _default(declared)
    config = cls(values)
    # What follows from a mistake that is told already, such as a missing REDIS_URL from a malformed one, is not told.
    following = {name: text for name, text in config.problems() if problems.keys().isdisjoint(re.findall(r"\w+", text))}
    problems = {**following, **problems}
    if problems:
        raise ConfigError(problems)
    return config


def load_config_or_exit() -> Config:
    """Return the configuration of this process, or print what is wrong with it and exit with status 78."""
    try:
        return load_config(os.environ)
    except ConfigError as error:
        _refuse(error)


def _refuse(error: ConfigError) -> Never:
    lines = [f"The configuration is not acceptable ({len(error.problems)} to mend):", *str(error).splitlines()]
    sys.stderr.write("\n  ".join(lines) + "\n")
    raise SystemExit(EXIT_STATUS)


def _sources(
    environ: Mapping[str, str], project: Path, problems: dict[str, str]
) -> tuple[type[Config], dict[str, str]]:
    """Return the class of the environment and all variables, the ones that win laid over the others."""
    source = dict(environ)
    if path := environ.get("APP_CONFIG_FILE"):
        source = _beneath(source, Path(path), "APP_CONFIG_FILE", problems)
    name = source.get("APP_ENV") or "production"
    if name not in ENVIRONMENTS:
        problems["APP_ENV"] = f"not one of {', '.join(ENVIRONMENTS)}"
    cls = ENVIRONMENTS.get(name, Config)
    if cls is Development and (project / ".env").exists():
        source = {**source, **_beneath(dict(environ), project / ".env", ".env", problems)}
    return cls, source


def _beneath(source: dict[str, str], path: Path, variable: str, problems: dict[str, str]) -> dict[str, str]:
    """Lay `source` over the settings of a file."""
    said = read_settings(path)
    if said.problems:
        problems[variable] = "; ".join(said.problems)
    # Tools of developers read .env too, such as Docker Compose.
    problems.update(strangers(said.lines, path.name, ours_alone=variable != ".env"))
    return {**said.values, **source}


def _value(variable: str, declared: Setting, source: Mapping[str, str]) -> Any:
    """Return the parsed value of one setting; an empty variable counts as unset."""
    raw = source.get(variable, "").strip()
    if declared.secret and (path := source.get(f"{variable}_FILE")):
        if raw:
            raise ValueError(f"given twice, as {variable} and as {variable}_FILE")
        raw = read_secret(path)
    if raw:
        return declared.parse(raw)
    if declared.default is REQUIRED:
        raise ValueError("missing or empty" + (f"; set it, or {variable}_FILE" if declared.secret else ""))
    return _default(declared)


def _default(declared: Setting) -> Any:
    """Return a setting's default; for a required one an empty text, so that the rules can still be asked."""
    if declared.default is REQUIRED:
        return ""
    return declared.default() if callable(declared.default) else declared.default
