import pytest
from sqlalchemy.engine import make_url

from app.config.addresses import bind, database_url, dsn, hosts, http_url, mailbox, origin, origins, redis_url


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("postgresql://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgres://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgresql+psycopg://u:p@h:5433/db", "postgresql+psycopg://u:p@h:5433/db"),
        ("postgresql://u@/db?host=/run/pg", "postgresql+psycopg://u@/db?host=%2Frun%2Fpg"),
        ("postgresql:///db?host=/run/pg", "postgresql+psycopg:///db?host=%2Frun%2Fpg"),
        ("postgresql://u:p@[::1]:5432/db", "postgresql+psycopg://u:p@[::1]:5432/db"),
        ("postgresql://h/db?sslmode=require", "postgresql+psycopg://h/db?sslmode=require"),
    ],
)
def test_a_database_url_is_accepted_in_its_usual_spellings(raw, value):
    assert database_url(raw) == value


def test_a_database_url_keeps_a_password_of_awkward_characters():
    url = make_url(database_url("postgresql://u:p%40s%2Fs%3A%25w@h/db"))
    assert (url.username, url.password, url.host) == ("u", "p@s/s:%w", "h")


@pytest.mark.parametrize(
    "raw",
    [
        "postgresql",
        "postgresql://",
        "postgresql://h",
        "postgresql://h/",
        "postgresql:///db",
        "postgresql+psycopg2://u:p@h/db",
        "mysql://u:p@h/db",
        "sqlite:///app.db",
        "postgresql://u:p@h:port/db",
        "postgresql://u:p@h:70000/db",
        "postgresql://u:p@h:0/db",
        "postgresql://u:p@[::1/db",
        "postgresql://u:p@h/d b",
        "host=h dbname=db",
    ],
)
def test_what_is_no_postgresql_url_is_refused_without_repeating_it(raw):
    with pytest.raises(ValueError, match=r"not a URL|names no") as refusal:
        database_url(raw)
    assert "u:p@h" not in str(refusal.value)


@pytest.mark.parametrize(
    "raw",
    [
        "redis://h",
        "redis://:p@h:6379/0",
        "redis://h?db=2",
        "rediss://u:p@h:6380/15",
        "rediss://h/1?ssl_cert_reqs=none",
        f"rediss://h?ssl_ca_certs={__file__}&ssl_certfile={__file__}&ssl_keyfile={__file__}",
        "unix:///run/redis.sock",
        "unix://:p@/run/redis.sock?db=1",
    ],
)
def test_a_redis_url_is_accepted_in_its_usual_spellings(raw):
    assert redis_url(raw) == raw


@pytest.mark.parametrize(
    "raw", ["h:6379", "http://h", "redis://", "redis:///0", "redis://h/name", "redis://h:x", "unix://"]
)
def test_what_is_no_redis_url_is_refused(raw):
    with pytest.raises(ValueError, match=r"not a URL|names"):
        redis_url(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "redis://h/0?foo=bar",
        "redis://h?foo",
        "redis://h?socket_timeout=abc",
        "redis://h?socket_timeout=1",
        "redis://h?db=",
        "redis://h?ssl_cert_reqs=none",
        "unix:///x.sock?db=x",
        "unix:///x.sock?db=\u0663",
        "rediss://h?ssl_cert_reqs=maybe",
        "rediss://h?ssl_ca_certs=/nothing/ca.pem",
        "rediss://h?ssl_keyfile=/",
    ],
)
def test_a_redis_url_has_no_option_that_the_client_stumbles_over(raw):
    with pytest.raises(ValueError, match=r"has an|not a number"):
        redis_url(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("https://example.org", "https://example.org"),
        ("https://Example.ORG/", "https://example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_scheme_host_and_port(raw, value):
    assert origin(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "example.org",
        "//example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/app",
        "https://example.org?a=b",
        "https://example.org#top",
        "https://user@example.org",
        "https://user:pw@example.org",
        "https://example.org:99999",
        "https://example.org:0",
        "https://exa mple.org",
        "https://example.org\n",
        "https://-example.org",
        "https://exam_ple.org",
        "https://*",
        "https://.example.org",
    ],
)
def test_what_is_more_or_less_than_an_origin_is_refused(raw):
    with pytest.raises(ValueError, match="not a"):
        origin(raw)


def test_origins_are_a_list_in_which_a_star_has_no_place():
    assert origins("https://a.example, http://b.example:81") == ("https://a.example", "http://b.example:81")
    with pytest.raises(ValueError, match="not a URL"):
        origins("https://a.example *")


def test_hosts_are_names_and_addresses_without_a_port():
    expected = ("example.org", ".example.com", "127.0.0.1", "[::1]")
    assert hosts("Example.org, .example.com 127.0.0.1 [::1]") == expected


@pytest.mark.parametrize(
    "raw", ["example.org:443", "https://example.org", "exa_mple.org", "*.example.org", "a..b", ".", "::1"]
)
def test_what_is_no_host_is_refused(raw):
    with pytest.raises(ValueError, match="not a host name"):
        hosts(raw)


def test_a_dsn_names_key_host_and_project():
    assert dsn("https://key@errors.example/42") == "https://key@errors.example/42"
    for raw in (
        "errors.example/42",
        "https://errors.example/42",
        "https://key@errors.example/",
        "ftp://key@e.example/1",
    ):
        with pytest.raises(ValueError, match="not a"):
            dsn(raw)


@pytest.mark.parametrize(
    "raw", ["127.0.0.1:8000", "0.0.0.0:80", "[::]:8000", "localhost:65535", "unix:/run/app.sock", "fd://3"]
)
def test_gunicorn_may_listen_on_a_port_a_socket_or_a_descriptor(raw):
    assert bind(raw) == raw


@pytest.mark.parametrize(
    "raw",
    ["8000", ":8000", "*:8000", "127.0.0.1", "h:0", "h:65536", "h:٣", "unix:run/app.sock", "unix:", "fd://x", "h h:1"],
)
def test_what_gunicorn_cannot_listen_on_is_refused(raw):
    with pytest.raises(ValueError, match="not "):
        bind(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("http://localhost:4318", "http://localhost:4318"),
        ("https://traces.example.org/otlp/", "https://traces.example.org/otlp"),
        ("http://[::1]:4318/", "http://[::1]:4318"),
    ],
)
def test_a_url_over_http_may_have_a_path(raw, value):
    assert http_url(raw) == value


@pytest.mark.parametrize(
    "raw", ["localhost:4318", "grpc://h:1", "http://", "https://key@h", "https://h?key=1", "https://h#a", "http://h h"]
)
def test_a_url_over_http_carries_no_secret_and_nothing_that_is_no_path(raw):
    with pytest.raises(ValueError, match="not a URL"):
        http_url(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("no-reply@example.org", "no-reply@example.org"),
        ("Slipway <no-reply@example.org>", "Slipway <no-reply@example.org>"),
        ("Müller & Co <a.b+c@example.org>", "=?utf-8?b?TcO8bGxlciAmIENv?= <a.b+c@example.org>"),
    ],
)
def test_a_mailbox_is_an_address_with_or_without_a_name(raw, value):
    assert mailbox(raw) == value


@pytest.mark.parametrize(
    "raw",
    ["nobody", "@example.org", "a@", "a@exa_mple.org", "a b@example.org", "a@e.org, b@e.org", "a@e.org\nBcc: b@e.org"],
)
def test_what_is_no_mailbox_is_refused(raw):
    with pytest.raises(ValueError, match=r"not an address|control characters"):
        mailbox(raw)
