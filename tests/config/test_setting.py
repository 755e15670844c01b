import pytest

from app.config.setting import boolean, choice, fraction, integer, pairs, setting, settings_of, text, words


@pytest.mark.parametrize("raw", ["1", "true", "True", "YES", "on"])
def test_a_switch_is_on_in_the_usual_words(raw):
    assert boolean(raw) is True


@pytest.mark.parametrize("raw", ["0", "false", "False", "NO", "off"])
def test_a_switch_is_off_in_the_usual_words(raw):
    assert boolean(raw) is False


@pytest.mark.parametrize("raw", ["2", "enabled", "t", "-"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(raw):
    with pytest.raises(ValueError, match="neither true nor false"):
        boolean(raw)


@pytest.mark.parametrize(("raw", "value"), [("1", 1), ("10", 10), ("+7", 7)])
def test_a_number_within_its_bounds_is_taken(raw, value):
    assert integer(1, 10)(raw) == value


@pytest.mark.parametrize("raw", ["0", "11", "-1", "1.5", "1e1", "0x5", "five", "1_0", "٣", "9" * 5000])
def test_what_is_no_number_within_the_bounds_is_refused(raw):
    with pytest.raises(ValueError, match="not a whole number from 1 to 10"):
        integer(1, 10)(raw)


@pytest.mark.parametrize(("raw", "value"), [("0", 0), ("1", 1), ("0.01", 0.01), (".5", 0.5), ("1.000", 1)])
def test_a_fraction_is_a_number_from_nothing_to_all(raw, value):
    assert fraction(raw) == value


@pytest.mark.parametrize("raw", ["1.01", "-0.1", "1%", "1e-3", "nan", "inf", "0,5", "1_0", ".", "٣", "0" * 99])
def test_what_is_no_fraction_is_refused(raw):
    with pytest.raises(ValueError, match="not a number from 0 to 1"):
        fraction(raw)


def test_a_word_is_found_in_any_case_and_returned_in_its_own():
    assert choice("DEBUG", "INFO")("info") == "INFO"
    with pytest.raises(ValueError, match="not one of DEBUG, INFO"):
        choice("DEBUG", "INFO")("loud")


@pytest.mark.parametrize("raw", ["a\nb", "a\rb", "a\0b", "a\x1b[31mb", "a\x7fb"])
def test_a_text_with_control_characters_is_refused(raw):
    with pytest.raises(ValueError, match="control characters"):
        text(raw)


def test_a_list_is_separated_by_commas_or_white_space():
    assert words(" a, b\tc,,d ") == ("a", "b", "c", "d")


def test_a_subclass_changes_the_settings_of_its_bases():
    class Base:
        KEPT = setting(text)
        CHANGED = setting(text, default="base")
        FIXED = setting(text)

    class Derived(Base):
        CHANGED = setting(text, default="derived")
        FIXED = "no setting any more"

    assert settings_of(Derived) == {"KEPT": Base.KEPT, "CHANGED": Derived.CHANGED}


def test_pairs_are_names_and_percent_encoded_values():
    assert pairs("api-key=a%20b%3D, X-Tenant=7,") == {"api-key": "a b=", "X-Tenant": "7"}


@pytest.mark.parametrize("raw", ["key", "=value", "key=", "a b=c", "key=a%0d%0aX: y", "key=%C3%BC", "a=b\nc=d"])
def test_what_could_be_another_header_is_no_pair(raw):
    with pytest.raises(ValueError, match=r"not name=value|control characters"):
        pairs(raw)
