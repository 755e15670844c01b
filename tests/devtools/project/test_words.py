import pytest

from devtools import DevelopmentError
from devtools.project import words


def test_what_was_not_said_is_empty():
    assert words.read(["NAME=order-desk", "TITLE=a=b"], "NAME", "TITLE", "FORCE") == {
        "NAME": "order-desk",
        "TITLE": "a=b",
        "FORCE": "",
    }


@pytest.mark.parametrize("argument", ["WHERE=there", "NAME"])
def test_what_nobody_knows_is_refused(argument):
    with pytest.raises(DevelopmentError, match=f"'{argument}' is not understood; there are NAME="):
        words.read([argument], "NAME")


def test_answers_are_words_with_quotation_marks_where_needed():
    assert words.answers("mail=no title='Order desk' url=a=b") == {"mail": "no", "title": "Order desk", "url": "a=b"}
    assert words.answers("") == {}


@pytest.mark.parametrize(("text", "said"), [("mail", "mail without a value"), ("title='x", "No closing quotation")])
def test_answers_that_cannot_be_read_are_refused(text, said):
    with pytest.raises(DevelopmentError, match=said):
        words.answers(text)


@pytest.mark.parametrize(("word", "meant"), [("1", True), ("Yes", True), ("", False), ("0", False), ("no", False)])
def test_a_switch_is_on_or_off(word, meant):
    assert words.yes({"DRY_RUN": word}, "DRY_RUN") is meant


def test_a_switch_that_is_neither_is_refused():
    with pytest.raises(DevelopmentError, match="DRY_RUN=perhaps is neither yes nor no"):
        words.yes({"DRY_RUN": "perhaps"}, "DRY_RUN")
