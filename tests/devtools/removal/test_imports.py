import pytest

from devtools.removal import imports


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("import a\nimport b\n\na(b)\n", "import a\nimport b\n\nb()\n", "import b\n\nb()\n"),
        ("from a import b, c\n\nb(c)\n", "from a import b, c\n\nb()\n", "from a import b\n\nb()\n"),
        (
            "from a import (\n    b,\n    c,\n)\n\nb(c)\n",
            "from a import (\n    b,\n    c,\n)\n\nc()\n",
            "from a import c\n\nc()\n",
        ),
        ("import os\n\nfrom a import b\n\nb(os)\n", "import os\n\nfrom a import b\n\nos()\n", "import os\n\nos()\n"),
        ("import a.b\n\na.b()\nc = 1\n", "import a.b\n\nc = 1\n", "c = 1\n"),
        ("from a import b as c\n\nc()\n", "from a import b as c\n\nd = 1\n", "d = 1\n"),
    ],
)
def test_names_that_nothing_uses_any_more_are_not_imported(before, after, left):
    assert imports.without_unused(before, after) == left


@pytest.mark.parametrize(
    "code",
    [
        "from a import b\n",  # for others to import, or for its effect
        'from a import b\n\n__all__ = ["b"]\n',
        "from a import b\n\n\ndef test(b): ...\n",
        'from a import b\n\n\ndef f() -> "b": ...\n',
    ],
)
def test_an_import_that_was_unused_before_or_serves_others_stays(code):
    assert imports.without_unused(f"{code}c = 1\n", code) == code


def test_a_statement_that_is_too_long_for_a_line_is_written_as_the_formatter_does():
    names = [f"name_{number:02}" for number in range(20)]
    code = f"from somewhere import {', '.join(names)}, last\n\nprint({', '.join(names)})\n"
    left = imports.without_unused(f"{code}last()\n", code)
    assert left.startswith("from somewhere import (\n    name_00,\n    name_01,\n")
    assert "last" not in left


def test_code_that_is_no_code_any_more_is_refused():
    with pytest.raises(SyntaxError):
        imports.without_unused("if a:\n    b()\n", "if a:\n")
