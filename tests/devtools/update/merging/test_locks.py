from devtools.update.merging import locks

HEAD = "# This file was made by uv\n"


def pin(name, version, marker=""):
    return f"{name}=={version}{marker} \\\n    --hash=sha256:{name}{version}\n    # via order-desk (pyproject.toml)\n"


def test_of_each_package_the_newer_pin_is_taken_and_nothing_is_lost():
    own = HEAD + pin("flask", "3.2.0") + pin("only-ours", "1.0") + pin("redis", "8.1.0")
    theirs = HEAD + pin("flask", "3.10.0") + pin("only-theirs", "2.0") + pin("redis", "8.0.9")
    assert locks.started(own, theirs) == HEAD + "".join(
        [pin("flask", "3.10.0"), pin("only-ours", "1.0"), pin("only-theirs", "2.0"), pin("redis", "8.1.0")]
    )


def test_pins_for_several_pythons_stay_together():
    both = pin("numpy", "1.0", " ; python_full_version < '3.12'") + pin(
        "numpy", "2.0", " ; python_full_version >= '3.12'"
    )
    assert locks.started(HEAD + pin("numpy", "1.5"), HEAD + both) == HEAD + both


def test_only_files_that_are_there_are_started(tmp_path):
    (tmp_path / "requirements.txt").write_text(HEAD + pin("flask", "3.0"))
    template = {"requirements.txt": HEAD + pin("flask", "3.1"), "requirements-other.txt": HEAD}
    assert locks.start(tmp_path, template) == ["requirements.txt"]
    assert locks.start(tmp_path, template) == []
    assert not (tmp_path / "requirements-other.txt").exists()
