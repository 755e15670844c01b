from devtools.update.merging.own import locks, set_aside
from tests.devtools.update.trees import written


def test_what_is_the_services_alone_leaves_no_difference(tmp_path):
    former = written(
        tmp_path / "former",
        {
            "CHANGELOG.md": "1",
            ".copier-answers.yml": "1",
            "requirements.txt": "1",
            "requirements-gone.txt": "1",
            "migrations/versions/0001.py": "1",
            "migrations/versions/0002.py": "2",
        },
    )
    later = written(
        tmp_path / "later",
        {
            "CHANGELOG.md": "2",
            ".copier-answers.yml": "2",
            "requirements.txt": "2",
            "requirements-new.txt": "2",
            "migrations/versions/0001.py": "edited",
            "migrations/versions/0003.py": "3",
        },
    )
    assert locks(later) == {"requirements-new.txt": "2", "requirements.txt": "2"}
    set_aside(former, later)
    assert found(former) == {"requirements-gone.txt": "1", **versions("12")}
    assert found(later) == {"requirements-new.txt": "2", **versions("123")}


def versions(numbers):
    return {f"migrations/versions/000{number}.py": number for number in numbers}


def found(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
