"""The SQL of a revision, each statement with the line that wrote it: what `flask db upgrade --sql` would print."""

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory

from devtools.migrations.history import Revision


class NotRenderedError(Exception):
    """A revision that cannot be written as SQL, with the line that failed."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True)
class Statement:
    """What one line of a revision sends to the database."""

    revision: Revision
    line: int
    sql: str
    autocommit: bool


class Recorder(io.StringIO):
    """What Alembic writes its SQL to: it notes which line of the revision is at work."""

    def __init__(self, revision: Revision) -> None:
        super().__init__()
        self.statements: list[Statement] = []
        self._revision = revision
        self._autocommit = False

    def write(self, text: str) -> int:
        """Take one statement; what Alembic adds by itself, of its own table, comes from no line of the revision."""
        line = next(self._lines(), None)
        sql = text.strip()
        if line is not None and sql:
            self._autocommit = {"COMMIT;": True, "BEGIN;": False}.get(sql, self._autocommit)
            self.statements.append(Statement(self._revision, line, sql, self._autocommit))
        return len(text)

    def _lines(self) -> Iterator[int]:
        frame = sys._getframe(2)  # noqa: SLF001  the interpreter's own way to ask
        while frame.f_back:
            if frame.f_code.co_filename == str(self._revision.path):
                yield frame.f_lineno
            frame = frame.f_back


def render(folder: Path, revision: Revision) -> list[Statement]:
    """Return the statements of its upgrade, as the project's `env.py` has them written; no database is asked."""
    config = Config(folder / "alembic.ini")
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "newline")
    recorder = Recorder(revision)
    scripts = ScriptDirectory.from_config(config)
    script = scripts.get_revision(revision.name)

    def steps(_heads: Any, _context: Any) -> list[Any]:
        return [MigrationStep.upgrade_from_script(scripts.revision_map, script)]

    options: Any = {"as_sql": True, "starting_rev": revision.follows, "destination_rev": revision.name, "fn": steps}
    config.output_buffer = recorder
    try:
        with EnvironmentContext(config, scripts, **options):
            scripts.run_env()
    except Exception as error:
        raise NotRenderedError(_line_of(error, revision.path), f"{type(error).__name__}: {error}") from error
    return recorder.statements


def _line_of(error: BaseException, path: Path) -> int:
    line, trace = 1, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
