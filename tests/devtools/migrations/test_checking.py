import shutil

import pytest

from devtools.migrations import checking
from tests.devtools.migrations.conftest import BEGINS_AT

IN_A_BLOCK = "with op.get_context().autocommit_block():\n    "
REFUSED = {
    "ban-drop-column": 'op.drop_column("papers", "title")',
    "ban-drop-table": 'op.drop_table("papers")',
    "renaming-column": 'op.alter_column("papers", "title", new_column_name="heading")',
    "renaming-table": 'op.rename_table("papers", "articles")',
    "adding-required-field": 'op.add_column("papers", sa.Column("isbn", sa.Text(), nullable=False))',
    "adding-field-with-default": (
        'op.add_column("papers", sa.Column("key", sa.Uuid(), server_default=sa.func.gen_random_uuid()))'
    ),
    "adding-not-nullable-field": 'op.alter_column("papers", "pages", nullable=False)',
    "changing-column-type": 'op.alter_column("papers", "pages", type_=sa.BigInteger())',
    "require-concurrent-index-creation": 'op.create_index("ix_papers_title", "papers", ["title"])',
    "require-concurrent-index-deletion": 'op.drop_index("ix_papers_title", "papers")',
    "constraint-missing-not-valid": 'op.create_check_constraint("ck_papers_pages", "papers", "pages > 0")',
    "disallowed-unique-constraint": 'op.create_unique_constraint("uq_papers_title", "papers", ["title"])',
    "data-change": 'op.execute("UPDATE papers SET pages = 1 WHERE pages IS NULL")',
    "autocommit": IN_A_BLOCK + 'op.execute("ALTER TABLE papers ADD COLUMN isbn text")',
    "autocommit-repeat": IN_A_BLOCK
    + 'op.create_index("ix_papers_title", "papers", ["title"], postgresql_concurrently=True)',
    "ban-concurrent-index-creation-in-transaction": (
        'op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_a")\n'
        'op.execute("CREATE INDEX CONCURRENTLY ix_a ON papers (title)")'
    ),
    "not-rendered": 'op.get_bind().execute(sa.text("SELECT 1")).scalar()',
}
SAFE = {
    "a column that may be NULL": 'op.add_column("papers", sa.Column("isbn", sa.Text(), nullable=True))',
    "a column with a constant default": (
        'op.add_column("papers", sa.Column("isbn", sa.Text(), server_default="", nullable=False))'
    ),
    "an index that is built beside the traffic": IN_A_BLOCK
    + 'op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_papers_title")\n    '
    + 'op.create_index("ix_papers_title", "papers", ["title"], postgresql_concurrently=True)',
    "a constraint for new rows": (
        'op.create_check_constraint("ck_papers_pages", "papers", "pages > 0", postgresql_not_valid=True)'
    ),
    "a table, its index, its rows": (
        'op.create_table("authors", sa.Column("name", sa.Text(), nullable=False))\n'
        'op.create_index("ix_authors_name", "authors", ["name"])\n'
        'op.add_column("authors", sa.Column("born", sa.Date(), nullable=False))\n'
        'op.execute("INSERT INTO authors SELECT DISTINCT title, now() FROM papers")\n'
        'op.execute("UPDATE authors SET born = now()")'
    ),
    "rows with values": "op.execute(\"INSERT INTO papers (title) VALUES ('update')\")",
    "a constraint that is looked at afterwards": IN_A_BLOCK
    + 'op.execute("ALTER TABLE papers VALIDATE CONSTRAINT ck_papers_pages")',
}


def rules(folder, release):
    return [finding.rule for finding in checking.check(folder, release)]


@pytest.mark.parametrize("rule", REFUSED)
@pytest.mark.parametrize("known", [True, False], ids=["release", "no release"])
def test_what_the_running_release_could_not_live_with_is_refused(write, folder, release, rule, known):
    path = write(REFUSED[rule])
    [finding] = checking.check(folder, release if known else None)
    assert (finding.rule, finding.path) == (rule, path)
    assert finding.line in range(BEGINS_AT, BEGINS_AT + 1 + REFUSED[rule].count("\n"))
    assert [line.split(":")[0].strip() for line in str(finding).splitlines()[1:]] == ["why", "mend"]


@pytest.mark.parametrize("what", SAFE)
def test_what_the_running_release_does_not_notice_is_safe(write, folder, release, what):
    write(SAFE[what])
    assert checking.check(folder, release) == []
    assert checking.check(folder, None) == []


def test_each_statement_is_named_with_its_own_line(write, folder, release):
    write(
        'op.add_column("papers", sa.Column("isbn", sa.Text()))\n'
        'op.drop_column(\n    "papers",\n    "title",\n)\n'
        'op.execute("ALTER TABLE papers ADD COLUMN a text;\\n\\nALTER TABLE papers RENAME title TO b")'
    )
    found = [(finding.rule, finding.line - BEGINS_AT, finding.what) for finding in checking.check(folder, release)]
    assert found == [
        ("ban-drop-column", 1, "DROP COLUMN title"),
        ("renaming-column", 5, "RENAME title TO b"),
    ]


def test_a_column_that_the_release_reads_no_more_may_go(write, folder, release):
    write('op.drop_column("papers", "pages")')
    assert checking.check(folder, release) == []


def test_a_column_may_be_read_by_whoever_cannot_be_asked(write, folder, release):
    write('op.drop_column("papers", "pages")')
    assert "no release is known here" in str(checking.check(folder, None)[0])
    (release.folder / "app/core/data/database.py").write_text("import what_is_not_here")
    assert "the code of v1.0.0 cannot be loaded" in str(checking.check(folder, release)[0])


def test_all_that_a_release_brings_is_one_transaction(write, folder, release):
    write('op.create_table("authors", sa.Column("name", sa.Text()))')
    write('op.create_index("ix_authors_name", "authors", ["name"])', "0003", "0002")
    assert checking.check(folder, release) == []
    # Without a release, 0002 may be what runs.
    assert rules(folder, None) == ["require-concurrent-index-creation"]


def test_a_constraint_is_not_looked_at_in_the_transaction_that_adds_it(write, folder, release):
    check = 'op.create_check_constraint(op.f("ck_papers_pages"), "papers", "pages > 0", postgresql_not_valid=True)'
    validate = 'op.execute("ALTER TABLE papers VALIDATE CONSTRAINT ck_papers_pages")'
    write(check)
    write(validate, "0003", "0002")
    assert rules(folder, release) == ["constraint-missing-not-valid"]
    write(IN_A_BLOCK + validate, "0003", "0002")
    assert checking.check(folder, release) == []


def test_a_block_without_a_transaction_is_alone_in_its_revision(write, folder, release):
    write(
        'op.add_column("papers", sa.Column("isbn", sa.Text()))\n'
        + IN_A_BLOCK
        + 'op.execute("ALTER TABLE papers VALIDATE CONSTRAINT ck_papers_pages")'
    )
    assert rules(folder, release) == ["autocommit"]


@pytest.mark.parametrize("downgrade", ["pass", '"""Nothing."""'])
def test_a_change_has_a_way_back(write, folder, release, downgrade):
    write('op.add_column("papers", sa.Column("isbn", sa.Text()))', downgrade=downgrade)
    assert rules(folder, release) == ["no-downgrade"]


def test_what_does_nothing_needs_no_way_back(write, folder, release):
    path = write("pass", downgrade="pass")
    path.write_text(path.read_text().replace("    NAME = '0002'\n", ""))
    assert checking.check(folder, release) == []


def test_there_is_one_newest_revision(write, folder, release):
    write("pass")
    write("pass", "0003", "0001")
    assert rules(folder, release) == ["heads"]
    write("pass", "0004", ("0002", "0003"))
    assert checking.check(folder, release) == []


def test_two_files_are_never_the_same_revision(write, folder, release):
    ours = write('op.execute("SELECT 1")', name="0002")
    theirs = ours.with_name("0002_theirs.py")
    shutil.copy(ours, theirs)
    write('op.execute("SELECT 1")', name="0003", follows="0002")
    [finding] = checking.check(folder, release)
    assert (finding.rule, finding.path) == ("same-revision", theirs)
    assert f"0002 is the revision of {ours} too" in str(finding)


def test_a_released_revision_stays_as_it_is(folder, release):
    path = folder / "versions/0001.py"
    path.write_text(path.read_text().replace("nullable=True", "nullable = True") + "# another form, and a comment\n")
    assert checking.check(folder, release) == []
    path.write_text(path.read_text().replace("nullable = True", "nullable=False"))
    assert rules(folder, release) == ["changed-after-release"]
    path.unlink()
    [finding] = checking.check(folder, release)
    assert (finding.rule, finding.path) == ("changed-after-release", path)


def test_what_a_release_has_is_not_judged_again(write, folder, release):
    path = write('op.drop_column("papers", "title")\n# migration-safety: allow ban-drop-table because it was so then')
    shutil.copy(path, release.folder / "migrations/versions")
    assert checking.check(folder, release) == []


def test_an_exception_has_a_reason_and_a_place(write, folder, release):
    drop = 'op.drop_column("papers", "title")'
    allowed = "# migration-safety: allow ban-drop-column because it was never shown to anybody\n"
    for upgrade in (allowed + drop, allowed + "# but in one report\n" + drop, f"{drop}  {allowed}"):
        write(upgrade.rstrip())
        assert checking.check(folder, release) == []
    write(f"{allowed}{drop}\n{drop}")
    assert rules(folder, release) == ["ban-drop-column"]


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("allow ban-drop-column", "it names no rule, or no reason"),
        ("allow ban-drop-column because", "it names no rule, or no reason"),
        ("allow because I say so", "it names no rule, or no reason"),
        ("allow ban-drop-table because I say so", "nothing here is refused by ban-drop-table"),
        ("allow heads because I say so", "heads cannot be allowed"),
    ],
)
def test_an_exception_that_does_not_hold_is_refused(write, folder, release, comment, problem):
    path = write(f'# migration-safety: {comment}\nop.drop_column("papers", "title")')
    found = checking.check(folder, release)
    assert [(each.rule, each.line) for each in found] == [("override", BEGINS_AT), ("ban-drop-column", BEGINS_AT + 1)]
    assert found[0].what == problem
    assert found[0].path == path


def test_an_exception_for_a_whole_file_may_be_anywhere_in_it(write, folder, release):
    path = write('op.add_column("papers", sa.Column("isbn", sa.Text()))', downgrade="pass")
    path.write_text(path.read_text() + "# migration-safety: allow no-downgrade because nobody goes back\n")
    assert checking.check(folder, release) == []
