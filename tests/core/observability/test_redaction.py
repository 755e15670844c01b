import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.observability.redaction import _PATTERNS, Redactor

KNOWN = "correct-horse-battery"


@pytest.fixture
def redactor():
    return Redactor([KNOWN, "", "abc"])


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"the key is {KNOWN}!", KNOWN),
        ("postgresql://app:hunter2@db:5432/app refused", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("https://9f8e7d@sentry.example/1", "9f8e7d"),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Cookie: session=eyJhIjoxfQ.aaaa; other=1", "eyJhIjoxfQ"),
        ("password=hunter2&x=1", "hunter2"),
        ('{"password": "hunter2", "x": 1}', "hunter2"),
        ("{'api_key': 'hunter2'}", "hunter2"),
        ("DB_PASSWORD='hunter2'", "hunter2"),
        ("client_secret = hunter2", "hunter2"),
        ("token: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJhbGciOiJIUzI1NiJ9"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJhbGciOiJIUzI1NiJ9"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow and then it was cut", "MIIEow"),
        ('invalid input syntax for type integer: "it is hunter2"', "hunter2"),
        ('invalid input syntax for type integer: "a"b\nhunter2"\nCONTEXT:  portal parameter', "hunter2"),
        ('invalid input value for enum colour: "hunter2"\nLINE 1: ...', "hunter2"),
        ('date/time field value out of range: "hunter2"', "hunter2"),
        ('malformed array literal: "hunter2"', "hunter2"),
        ('value "123456789012345" is out of range for type integer', "123456789012345"),
        ("duplicate key\nDETAIL:  Key (name)=(a\nhunter2) already exists.\n[SQL: INSERT ...]", "hunter2"),
        ("refused\nCONTEXT:  unnamed portal parameter $1 = 'hunter2'", "hunter2"),
    ],
)
def test_a_secret_in_a_text_is_replaced(redactor, text, secret):
    assert secret not in redactor.text(text)
    assert "[redacted]" in redactor.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/notes 200",
        "an abc is too short to be a secret",
        "user@example.org wrote",
        "the tokenizer passed",
        "https://example.org/a?b=c",
        "sessions are signed",
        "in detail: the context of it",
        'column "name" does not exist\nLINE 1: SELECT name FROM notes',
    ],
)
def test_an_innocent_text_is_left_alone(redactor, text):
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "DB_PASSWORD",
        "Authorization",
        "x-api-key",
        "clientSecret",
        "session.cookie",
        "access_token",
        "tokens",
    ],
)
def test_a_field_that_speaks_of_a_secret_loses_its_value(redactor, key):
    assert redactor.field(key, "anything") == "[redacted]"
    assert redactor.field(key, {"a": 1}) == "[redacted]"
    assert redactor.field(key, None) is None


@pytest.mark.parametrize("key", ["http.route", "message", "passenger", "compass", "secretary", "event.duration"])
def test_a_field_that_speaks_of_something_else_keeps_it(redactor, key):
    assert redactor.field(key, 5) == 5


def test_a_secret_is_found_however_deep_it_is(redactor):
    value = {"a": [{"password": "x"}, (KNOWN, 1)], "b": ValueError(KNOWN), "c": True}
    expected = {"a": [{"password": "[redacted]"}, ["[redacted]", 1]], "b": "[redacted]", "c": True}
    assert redactor.value(value) == expected


def test_what_postgresql_says_beside_the_value_it_quotes_is_kept(redactor):
    said = (
        '(psycopg.errors.InvalidTextRepresentation) invalid input syntax for type integer: "x"\n'
        "CONTEXT:  unnamed portal parameter $1 = 'x'\n[SQL: SELECT CAST(%(value)s AS integer)]\n\n"
    )
    assert redactor.text(said) == (
        "(psycopg.errors.InvalidTextRepresentation) invalid input syntax for type integer: [redacted]\n"
        "CONTEXT: [redacted]\n[SQL: SELECT CAST(%(value)s AS integer)]\n\n"
    )


PARTS = [
    *("@", ":", "=", " ", "\n", '"', "'", ",", "://", "a", "hunter2", KNOWN),
    *("\u017f", "\u212a", "\u0130"),  # which fold to s, k and i
    *("eyJhbGciOiJI.eyJzdWIi.c2ln", "Bearer abcdefgh", "basic dXNlcjpwYXNz", "TOKEN", "-----BEGIN PRIVATE KEY-----"),
    *("password", "PassWord", "api-key", "dsn", "Sessions", "cookie", "signature", "credentials", "DETAIL", "CONTEXT"),
    *("invalid input syntax for type a", "malformed array literal", "field value out of range"),
    'value "x" is out of range',
]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_a_text_that_is_passed_over_has_nothing_to_replace(text):
    redactor = Redactor([KNOWN])
    if not redactor.suspects(text):
        searched = text.replace(KNOWN, "[redacted]")
        for pattern, replacement in _PATTERNS:
            searched = pattern.sub(replacement, searched)
        assert searched == text


def test_a_hostile_text_is_searched_in_a_time_that_grows_with_its_length_only(redactor):
    for text in (
        "password=" * 20_000,
        "://" * 50_000,
        "eyJ" * 50_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
        "a@" * 99_999,
        "DETAIL:\n" * 30_000,
        'invalid input syntax for type a: "' * 10_000,
        'value "' * 50_000,
    ):
        assert isinstance(redactor.text(text), str)
