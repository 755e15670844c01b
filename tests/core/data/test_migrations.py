import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from app.core.data import migrations
from app.core.data.database import db
from app.core.data.migrations import SchemaBehindError


def set_revision(revision):
    db.session.execute(sa.text("CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32))"))
    db.session.execute(sa.text("DELETE FROM alembic_version"))
    db.session.execute(sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    db.session.commit()


@pytest.fixture
def app(app):
    with app.app_context():
        yield app


def failing(app) -> list[str]:
    """What readiness names."""
    return app.test_client().get("/readyz").json.get("failing", [])


@pytest.fixture
def history(monkeypatch):
    """A release whose code has three migrations, whatever the project's own are."""
    monkeypatch.setattr(migrations, "_revisions", lambda: ("0003", frozenset({"0001", "0002"})))


@pytest.mark.usefixtures("database")
def test_a_database_at_this_codes_revision_is_ready(app):
    assert failing(app) == []


@pytest.mark.usefixtures("bare_database")
def test_a_database_without_migrations_is_not_ready(app, history):
    with pytest.raises(SchemaBehindError, match="flask db upgrade"):
        migrations.check()


@pytest.mark.usefixtures("bare_database")
def test_a_service_without_any_migration_has_nothing_to_wait_for(app, monkeypatch):
    monkeypatch.setattr(migrations, "_revisions", lambda: (None, frozenset()))
    assert failing(app) == []


@pytest.mark.usefixtures("database")
def test_a_database_behind_this_code_is_not_ready(app, history):
    set_revision("0002")
    with pytest.raises(SchemaBehindError, match="at revision 0002, this code needs 0003"):
        migrations.check()


@pytest.mark.usefixtures("database")
def test_a_database_that_a_later_release_has_migrated_is_ready(app, history):
    set_revision("from-the-future")
    assert failing(app) == []


@pytest.mark.usefixtures("database")
def test_a_database_whose_history_was_emptied_is_not_ready(app, history):
    set_revision("0002")
    db.session.execute(sa.text("DELETE FROM alembic_version"))
    db.session.commit()
    with pytest.raises(SchemaBehindError):
        migrations.check()


@pytest.mark.usefixtures("database")
def test_readiness_names_the_migrations_when_they_are_behind(app, history):
    set_revision("0001")
    assert failing(app) == ["migrations"]


@pytest.mark.usefixtures("bare_database")  # not one that another release might have migrated
def test_models_and_migrations_describe_the_same_schema(app):
    flask_migrate.upgrade()
    flask_migrate.check()  # exits with an error when autogenerate would change something


@pytest.mark.usefixtures("bare_database")
def test_every_migration_can_be_undone_and_done_again(app, create):
    for _ in range(2):
        flask_migrate.upgrade()
        assert failing(create()) == []
        flask_migrate.downgrade(revision="base")
    assert set(sa.inspect(db.engine).get_table_names()) <= {"alembic_version"}


def write(folder, name, content):
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "versions" / name).write_text(content)


def read_by_alembic(folder):
    scripts = ScriptDirectory(folder)
    head = scripts.get_current_head()
    return head, {script.revision for script in scripts.walk_revisions()} - {head}


def test_the_check_knows_the_history_that_alembic_knows():
    assert migrations._revisions.__wrapped__() == read_by_alembic(migrations.FOLDER)


def test_the_check_knows_a_history_with_branches_as_alembic_does(tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    write(tmp_path, "__init__.py", "")
    write(tmp_path, "one.py", "revision = 'a1'\ndown_revision = None\nTABLES = ('made', print)\n")
    write(tmp_path, "two.py", "revision: str = 'b2'\ndown_revision: str | None = 'a1'\n")
    write(tmp_path, "three.py", "revision = 'c3'\ndown_revision = 'a1'\n")
    write(tmp_path, "four.py", "revision = 'd4'\ndown_revision = ('b2', 'c3')\n")
    assert migrations._revisions.__wrapped__() == read_by_alembic(tmp_path) == ("d4", {"a1", "b2", "c3"})


def test_a_history_with_two_ends_is_not_ready(tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    write(tmp_path, "one.py", "revision = 'a1'\ndown_revision = None\n")
    write(tmp_path, "two.py", "revision = 'b2'\ndown_revision = None\n")
    with pytest.raises(SchemaBehindError, match="a1, b2: flask db merge"):
        migrations._revisions.__wrapped__()


def test_without_any_file_there_is_no_history(tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    assert migrations._revisions.__wrapped__() == (None, frozenset())


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], "Perform database migrations."),
        (["db"], "Upgrade to a later version"),
        (["db", "--help"], "--x-arg"),
        (["db", "upgrade", "--help"], "--sql"),
        (["db", "nonsense"], "No such command"),
    ],
)
def test_the_commands_are_flask_migrates(app, arguments, shown):
    assert shown in app.test_cli_runner().invoke(args=arguments).output
