"""docs/reference is what the code says now."""

import pytest

from devtools.reference import FOLDER, PAGES, log_fields


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_says(name):
    assert (FOLDER / name).read_text() == PAGES[name](), "make reference"


def test_the_reference_has_no_other_page():
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_a_field_that_nobody_has_explained_is_an_error(monkeypatch):
    monkeypatch.delitem(log_fields.MEANINGS, "url.path")
    with pytest.raises(ValueError, match=r"url\.path"):
        log_fields.page()
