"""Services that were made of one version, and worked on, take over later ones."""

import re

import pytest

from tests.template import edits
from tests.template.services import DESK, committed, git, made, tried, updated, updated_by_command

pytestmark = pytest.mark.template

OWN = (
    "app/features/orders/__init__.py",
    "migrations/versions/0001_notes.py",
    "migrations/versions/0002_orders.py",
    "tests/features/orders/test_routes.py",
)
UNIT = "deploy/systemd/order-desk-web@.service"
PIN = re.compile(r"^[a-z0-9-]+==[^ ]+", re.MULTILINE)


@pytest.fixture(scope="module")
def worked_on(template, tmp_path_factory):
    """A service at v0.1.0 with changes of its own; not to be changed."""
    service = made(template, DESK, "v0.1.0", tmp_path_factory.mktemp("service") / "desk")
    edits.worked_on(service)
    return service


@pytest.fixture
def service(worked_on, tmp_path):
    """A copy of it."""
    git(tmp_path, "clone", "--quiet", str(worked_on), "desk")
    return tmp_path / "desk"


def read(service, name):
    return (service / name).read_text()


def test_over_one_version_both_sides_are_kept(service):
    before = {name: read(service, name) for name in OWN}
    report = updated(service, "v0.2.0")
    assert report.status == 0, report
    assert {name: read(service, name) for name in OWN} == before
    assert "TimeoutStopSec=45" in read(service, UNIT)
    assert "LimitNOFILE=32768" in read(service, UNIT)
    assert edits.CHANGED_DEFAULT in read(service, "app/config/environments.py")
    assert "GREETING" in read(service, "app/config/environments.py")
    assert "`order-desk status`" in read(service, "docs/troubleshoot.md")
    assert "orders.bp" in read(service, "app/api.py")
    assert read(service, "README.md").startswith("# Order desk, in short\n")
    assert "_commit: v0.2.0" in read(service, ".copier-answers.yml")
    assert not re.search(r"^( |\?)", git(service, "status", "--porcelain"), re.MULTILINE)  # all of it is staged


def test_over_two_versions_at_once_as_one_after_the_other_and_the_lock_has_what_both_want(service, tmp_path):
    git(tmp_path, "clone", "--quiet", str(service), "other")
    other, pins = tmp_path / "other", read(service, "requirements.txt")
    updated(service, "v0.3.0")
    committed(service, "at once")
    for version in ("v0.2.0", "v0.3.0"):
        updated(other, version)
        committed(other, version)
    assert git(service, "rev-parse", "HEAD^{tree}") == git(other, "rev-parse", "HEAD^{tree}")
    after = read(service, "requirements.txt")
    assert set(PIN.findall(after)) > set(PIN.findall(pins))  # nothing was renewed
    assert {"slugify", "humanize"} <= {pin.partition("==")[0] for pin in PIN.findall(after)}
    assert "# via order-desk (pyproject.toml)" in after
    assert "slipway" not in after
    assert re.search(r"^humanize==", read(service, "requirements-dev.txt"), re.MULTILINE)


def test_the_newest_version_brings_its_revision_and_says_what_to_do(service):
    before = {name: read(service, name) for name in OWN}
    done = updated_by_command(service)
    assert done.returncode == 1, done.stdout + done.stderr
    assert {name: read(service, name) for name in OWN} == before
    assert (service / "migrations/versions/0002_template.py").exists()
    assert not (service / ".editorconfig").exists()
    assert not (service / "app/static/app.js").exists()
    said = done.stdout
    assert said.startswith("v0.1.0 -> v0.3.0\n")
    assert "## 0.3.0" in said
    assert "## 0.2.0" in said
    assert "## Unreleased" not in said
    assert f"  changed  {UNIT}" in said
    assert "  gone     .editorconfig" in said
    assert "  new      migrations/versions/0002_template.py" in said
    assert "New settings, explained in .env.example:\n  GREETING" in said
    assert "To read:\n  docs/" in said
    assert "flask db merge -m 'Join both histories' 0002 0002_template" in said
    assert "git reset --hard" in said


def test_a_trial_says_the_same_and_changes_nothing(service):
    done = updated_by_command(service, "TO=v0.2.0", "DRY_RUN=1")
    assert done.returncode == 0, done.stderr
    assert f"  changed  {UNIT}" in done.stdout
    assert "a trial" in done.stdout
    assert git(service, "status", "--porcelain") == ""
    assert "_commit: v0.1.0" in read(service, ".copier-answers.yml")


def test_what_collides_is_marked_as_git_does_it_and_the_rest_is_taken(service):
    edits.replaced(service, "app/features/ping/routes.py", "The answer to a ping.", "What a ping gets.")
    committed(service, "in our words")
    done = updated_by_command(service, "TO=v0.2.0")
    assert done.returncode == 1
    text = read(service, "app/features/ping/routes.py")
    assert "<<<<<<< HEAD\n" in text
    assert re.search(r"^>>>>>>> \w+ \(template v0\.2\.0\)$", text, re.MULTILINE)
    assert "app/features/ping/routes.py: both have changed the same lines" in done.stdout
    assert git(service, "status", "--porcelain", "app/features/ping").startswith("UU")
    assert "LimitNOFILE=32768" in read(service, UNIT)
    git(service, "checkout", "--theirs", "app/features/ping/routes.py")  # all three sides are in the index
    assert "The answer to a ping, in a word." in read(service, "app/features/ping/routes.py")
    git(service, "reset", "--hard", "--quiet")
    assert git(service, "status", "--porcelain") == ""


def test_own_changes_follow_a_file_that_the_template_moves(service):
    text = read(service, "app/static/app.js")
    edits.written(service, "app/static/app.js", f"{text}\n// of the orders\n")
    committed(service, "a line of ours")
    updated(service, "v0.3.0")
    assert read(service, "app/static/site.js").endswith("// of the orders\n")


def test_a_part_that_was_removed_later_stays_removed(service):
    removed = tried(service, "python", "-m", "devtools.removal", "kubernetes", "uploads")
    assert removed.status == 0, removed.said
    committed(service, "without")
    report = updated(service, "v0.2.0")
    assert report.status == 0, report
    assert not (service / "deploy/kubernetes").exists()
    assert not (service / "app/core/data/uploads.py").exists()
    assert "kubernetes: false" in read(service, ".copier-answers.yml")


def test_a_file_that_was_deleted_by_hand_stays_deleted(service):
    git(service, "rm", "--quiet", "docs/troubleshoot.md")
    committed(service, "nobody reads it")
    report = updated(service, "v0.2.0")
    assert report.status == 0, report
    assert not (service / "docs/troubleshoot.md").exists()
    assert report.merged.removed_here == ["docs/troubleshoot.md"]


def test_a_part_comes_back_and_a_name_changes_by_an_answer_and_own_files_are_left_alone(service):
    removed = tried(service, "python", "-m", "devtools.removal", "uploads")
    assert removed.status == 0, removed.said
    edits.written(service, "app/features/orders/note.txt", "order-desk\n")
    committed(service, "without, and a note")
    updated(service, "v0.1.0", answers={"uploads": "yes", "name": "front-desk", "title": "Front desk"})
    assert (service / "app/core/data/uploads.py").exists()
    assert "uploads: true" in read(service, ".copier-answers.yml")
    assert "TimeoutStopSec=45" in read(service, "deploy/systemd/front-desk-web@.service")
    assert not (service / UNIT).exists()
    assert read(service, "app/features/orders/note.txt") == "order-desk\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["TO=v9.9.9"], "has no version 'v9.9.9'; it has published v0.3.0, v0.2.0, v0.1.0"),
        (["ANSWERS=domain=x_y"], "'domain': a domain in lowercase letters"),
        (["ANSWERS=colour=red"], "nobody asks for colour; the questions are cache, "),
        (["ANSWERS=mail=maybe"], "yes or no: mail=maybe"),
        (["DRY_RUN=maybe"], "DRY_RUN=maybe is neither yes nor no"),
        (["WHERE=there"], "'WHERE=there' is not understood"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(service, words, said):
    done = updated_by_command(service, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert git(service, "status", "--porcelain") == ""


def test_there_is_no_way_to_an_earlier_version_nor_from_a_dirty_tree(template, tmp_path):
    service = made(template, DESK, "v0.2.0", tmp_path / "desk")
    done = updated_by_command(service, "TO=v0.1.0")
    assert done.returncode == 2
    assert "v0.1.0 does not come after v0.2.0" in done.stderr
    edits.written(service, "new.txt", "")
    done = updated_by_command(service)
    assert done.returncode == 2
    assert "commit first what has changed here:\n?? new.txt" in done.stderr


def test_a_clone_that_was_renamed_in_place_says_once_where_it_comes_from(template, tmp_path):
    git(tmp_path, "clone", "--quiet", str(template.folder), "desk")
    service = tmp_path / "desk"
    git(service, "checkout", "--quiet", "-b", "ours", "v0.1.0")
    renamed = tried(service, "python", "-m", "devtools.template", "NAME=order-desk")
    assert renamed.status == 0, renamed.said
    committed(service, "order-desk")
    refused = updated_by_command(service)
    assert refused.returncode == 2
    assert "TEMPLATE=" in refused.stderr
    done = updated_by_command(service, "TO=v0.2.0", f"TEMPLATE={template.folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("v0.1.0 -> v0.2.0")
    assert "LimitNOFILE=32768" in read(service, UNIT)
    assert f'_src_path: "{template.folder}"' in read(service, ".copier-answers.yml")


def test_the_version_that_it_has_is_nothing_new(service):
    done = updated_by_command(service, "TO=v0.1.0")
    assert (done.returncode, done.stdout) == (
        0,
        "v0.1.0: nothing new. That is what this service is of, with the same answers.\n",
    )


def test_a_revision_of_the_templates_that_a_service_has_too_is_told_with_both_files(service):
    revision = "migrations/versions/0002_orders.py"
    edits.replaced(service, revision, 'revision = "0002"', 'revision = "0002_template"')
    committed(service, "a name that the template takes as well")
    report = updated(service, "v0.3.0")
    assert report.status == 1
    assert f"{revision} and migrations/versions/0002_template.py are both the revision 0002_template" in str(report)
    lint = tried(service, "python", "-m", "devtools.migrations")
    assert lint.status == 1
    assert f"0002_template.py:1: same-revision: 0002_template is the revision of {revision} too" in lint.said


def test_copiers_own_update_is_refused_before_it_touches_anything(service):
    done = tried(service, "copier", "update", "--trust", "--defaults")
    assert done.status != 0
    assert "make update" in done.said
    assert git(service, "status", "--porcelain") == ""
