from app.config import load_config


def test_cookies_are_bound_to_host_and_tls_where_the_public_url_is_https(production):
    config = load_config(production)
    assert (config.SESSION_COOKIE_NAME, config.REMEMBER_COOKIE_NAME) == ("__Host-session", "__Host-remember")
    assert config.SESSION_COOKIE_SECURE
    assert config.REMEMBER_COOKIE_SECURE
    assert config.PREFERRED_URL_SCHEME == "https"


def test_cookies_work_over_plain_http_in_development(production):
    config = load_config({**production, "APP_ENV": "development", "PUBLIC_URL": "http://localhost:8000"})
    assert (config.SESSION_COOKIE_NAME, config.REMEMBER_COOKIE_NAME) == ("session", "remember")
    assert not config.SESSION_COOKIE_SECURE
    assert not config.REMEMBER_COOKIE_SECURE
    assert config.PREFERRED_URL_SCHEME == "http"


def test_every_secret_and_every_password_in_a_url_is_listed_for_redaction(production):
    production |= {
        "SECRET_KEY_FALLBACKS": "5f4dcc3b5aa765d61d8327deb882cf99 6cb75f652a9b52798eb6cf2201057c73",
        "DATABASE_URL": "postgresql://u:d%40ta@h/db",
        "REDIS_URL": "redis://:r3d1s@h/0",
        "SENTRY_DSN": "https://k3y@errors.example/1",
    }
    assert set(load_config(production).SECRET_VALUES) == {
        production["SECRET_KEY"],
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "6cb75f652a9b52798eb6cf2201057c73",
        "postgresql+psycopg://u:d%40ta@h/db",
        "d%40ta",
        "d@ta",
        "redis://:r3d1s@h/0",
        "r3d1s",
        "https://k3y@errors.example/1",
    }


def test_flask_sees_every_setting_under_its_name(production):
    config = load_config({**production, "DB_POOL_SIZE": "7", "TRUSTED_HOSTS": "a.example"})
    assert config.mapping()["DB_POOL_SIZE"] == 7
    assert config.mapping()["ALLOWED_HOSTS"] == ("a.example",)
    assert config.mapping()["MAX_FORM_PARTS"] == 100
