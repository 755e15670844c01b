"""The settings of each environment. What is written in `Config` is what production gets."""

from collections.abc import Iterator
from datetime import timedelta

from app.config.addresses import (
    bind,
    database_url,
    dsn,
    host,
    hosts,
    http_url,
    mailbox,
    origin,
    origins,
    redis_url,
    syslog,
)
from app.config.cpus import usable_cpus
from app.config.derived import Derived
from app.config.keys import secret_key, secret_keys
from app.config.optional import incomplete
from app.config.rates import rate
from app.config.setting import boolean, choice, fraction, integer, pairs, setting, text
from app.config.sources import writable_file


class Config(Derived):
    """Settings of every environment, with the defaults of production; `.env.example` explains each."""

    # Who we are
    ENVIRONMENT = "production"
    SERVICE_NAME: str = setting(text, default="slipway")
    RELEASE: str = setting(text, default="unreleased")
    GIT_SHA: str = setting(text, default="unknown")
    PUBLIC_URL: str = setting(origin)
    DEBUG: bool = setting(boolean, default=False, variable="FLASK_DEBUG")
    TESTING = False

    # Secrets, and what we lean on
    SECRET_KEY: str = setting(secret_key, secret=True)
    SECRET_KEY_FALLBACKS: list[str] = setting(secret_keys, default=list, secret=True)
    DATABASE_URL: str = setting(database_url, secret=True)
    REDIS_URL: str | None = setting(redis_url, default=None, secret=True)
    SENTRY_DSN: str | None = setting(dsn, default=None, secret=True)

    # The edge. Flask's own TRUSTED_HOSTS would refuse the probes too, hence the other name.
    ALLOWED_HOSTS: tuple[str, ...] = setting(hosts, default=(), variable="TRUSTED_HOSTS")
    PROXY_HOPS_FOR: int = setting(integer(0, 9), default=0)
    PROXY_HOPS_PROTO: int = setting(integer(0, 9), default=0)
    PROXY_HOPS_HOST: int = setting(integer(0, 9), default=0)
    PROXY_HOPS_PREFIX: int = setting(integer(0, 9), default=0)
    CORS_ORIGINS: tuple[str, ...] = setting(origins, default=())
    HSTS_SECONDS: int = setting(integer(0, 63_072_000), default=31_536_000)
    MAX_CONTENT_LENGTH: int = setting(integer(1_024, 1_073_741_824), default=1_048_576)
    MAX_FORM_MEMORY_SIZE = 262_144  # of a multipart form; others are bounded by MAX_CONTENT_LENGTH
    MAX_FORM_PARTS = 100
    RATE_LIMIT: str | None = setting(rate, default=None)
    RATE_LIMIT_STORE_DOWN: str = setting(choice("allow", "refuse"), default="allow")
    PROPAGATE_EXCEPTIONS = False  # a 500 is answered the same way in every environment, tests included

    # Cookies
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    REMEMBER_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"
    PERMANENT_SESSION_LIFETIME = timedelta(days=14)
    WTF_CSRF_TIME_LIMIT = None  # a token lives as long as its session; an open form does not go stale

    # Logs
    LOG_LEVEL: str = setting(choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO")
    LOG_FORMAT: str = setting(choice("json", "console"), default="json")
    LOG_FILE: str | None = setting(writable_file, default=None)
    LOG_SYSLOG: str | None = setting(syslog, default=None)

    # Error reports
    SENTRY_TRACES_SAMPLE_RATE: float = setting(fraction, default=0.01)

    # Gunicorn
    BIND: str = setting(bind, default="127.0.0.1:8000")
    METRICS_BIND: str | None = setting(bind, default=None)
    WEB_CONCURRENCY: int = setting(integer(1, 512), default=usable_cpus)
    WEB_THREADS: int = setting(integer(1, 256), default=4)
    WEB_TIMEOUT_SECONDS: int = setting(integer(1, 3_600), default=30)
    WEB_GRACEFUL_TIMEOUT_SECONDS: int = setting(integer(1, 3_600), default=30)
    WEB_MAX_REQUESTS: int = setting(integer(0, 10_000_000), default=10_000)
    WEB_MAX_REQUESTS_JITTER: int = setting(integer(0, 10_000_000), default=1_000)

    # Database
    DB_POOL_SIZE: int = setting(integer(1, 1_000), default=4)
    DB_POOL_MAX_OVERFLOW: int = setting(integer(0, 1_000), default=2)
    DB_POOL_TIMEOUT_SECONDS: int = setting(integer(1, 300), default=5)
    DB_POOL_RECYCLE_SECONDS: int = setting(integer(30, 86_400), default=1_800)
    DB_CONNECT_TIMEOUT_SECONDS: int = setting(integer(1, 300), default=5)
    DB_STATEMENT_TIMEOUT_MS: int = setting(integer(1, 3_600_000), default=10_000)
    DB_PREPARED_STATEMENTS: bool = setting(boolean, default=True)
    DB_MIGRATION_LOCK_TIMEOUT_SECONDS: int = setting(integer(1, 3_600), default=60)

    # Redis
    REDIS_TIMEOUT_MS: int = setting(integer(10, 10_000), default=250)
    CACHE_SECONDS: int = setting(integer(1, 86_400), default=60)
    JOB_LOST_SECONDS: int = setting(integer(3, 3_600), default=30)

    # What is off until it is configured
    SESSION_STORE: str = setting(choice("cookie", "redis"), default="cookie")
    S3_ENDPOINT: str | None = setting(origin, default=None)
    S3_REGION: str | None = setting(text, default=None)
    S3_BUCKET: str | None = setting(text, default=None)
    S3_ACCESS_KEY: str | None = setting(text, default=None)
    S3_SECRET_KEY: str | None = setting(text, default=None, secret=True)
    MAIL_SERVER: str | None = setting(host, default=None)
    MAIL_PORT: int = setting(integer(1, 65_535), default=587)
    MAIL_USE_TLS: bool = setting(boolean, default=True)
    MAIL_USERNAME: str | None = setting(text, default=None)
    MAIL_PASSWORD: str | None = setting(text, default=None, secret=True)
    MAIL_FROM: str | None = setting(mailbox, default=None)
    MAIL_SHOWN = False  # in the terminal, for want of a server
    OTEL_EXPORTER_OTLP_ENDPOINT: str | None = setting(http_url, default=None)
    OTEL_EXPORTER_OTLP_HEADERS: dict[str, str] = setting(pairs, default=dict, secret=True)
    OTEL_TRACES_SAMPLER_ARG: float = setting(fraction, default=0.05)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together, each as the variable and what is wrong with it."""
        yield from incomplete(self.mapping())
        if self.DEBUG:
            yield "FLASK_DEBUG", "on; the debugger executes code for whoever reaches it"
        if not self.SECURE:
            yield "PUBLIC_URL", "must start with https://"
        if self.PROXY_HOPS_PROTO == 0:
            yield "PROXY_HOPS_PROTO", "0: all would be redirected to https for ever; with one proxy in front it is 1"
        if self.REDIS_URL and self.PROXY_HOPS_FOR == 0:
            yield "PROXY_HOPS_FOR", "0: limits would count all clients as one, the proxy; with one in front it is 1"
        if any(name in {"*", "."} for name in self.ALLOWED_HOSTS):
            yield "TRUSTED_HOSTS", "a wildcard; name the hosts that are served"


class Production(Config):
    """What is used when nothing is said."""


class Staging(Config):
    """Production in everything but its name."""

    ENVIRONMENT = "staging"


class Development(Config):
    """For a developer's machine: plain HTTP, readable logs, `.env` is read."""

    ENVIRONMENT = "development"
    PUBLIC_URL: str = setting(origin, default="http://localhost:8000")
    ALLOWED_HOSTS: tuple[str, ...] = setting(
        hosts, default=("localhost", "127.0.0.1", "[::1]"), variable="TRUSTED_HOSTS"
    )
    HSTS_SECONDS: int = setting(integer(0, 63_072_000), default=0)
    METRICS_BIND: str | None = setting(bind, default="127.0.0.1:8001")
    LOG_FORMAT: str = setting(choice("json", "console"), default="console")
    MAIL_SHOWN = True

    def problems(self) -> Iterator[tuple[str, str]]:
        """Accept whatever is complete: nothing here is in public."""
        yield from incomplete(self.mapping())


class Testing(Development):
    """For the test suite: as development, but errors surface and nothing is read from `.env`."""

    ENVIRONMENT = "testing"
    TESTING = True


ENVIRONMENTS: dict[str, type[Config]] = {cls.ENVIRONMENT: cls for cls in (Development, Testing, Staging, Production)}
