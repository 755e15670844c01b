import pytest

from app.preflight.answers import static
from tests.preflight.looking import found, not_checked, passes


def as_nginx_does(answer):
    """Mark static files as compressed, as the shipped site sends them; tests/nginx asks the real one."""
    if answer.path.startswith("/static/"):
        answer.set("Content-Encoding", "gzip")
        answer.set("Vary", "Accept-Encoding")


@pytest.mark.parametrize("check", [static.static, static.compressed_pages], ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def test_files_that_are_compressed_pass(spoiled):
    assert passes(static.compression, spoiled(as_nginx_does))


def test_a_large_file_that_is_sent_as_it_is_is_a_warning(site):
    assert any(line.endswith(".css is sent as it is.") for line in found(static.compression, site))


def test_a_compressed_file_that_caches_may_give_to_everybody_is_a_warning(spoiled):
    def forget(answer):
        as_nginx_does(answer)
        answer.drop("Vary")

    assert all(line.endswith("no Vary: Accept-Encoding.") for line in found(static.compression, spoiled(forget)))


def test_a_page_that_is_compressed_is_found(spoiled):
    said = found(static.compressed_pages, spoiled(lambda answer: answer.set("Content-Encoding", "gzip")))
    assert len(said) == 2
    assert all(line.startswith("medium: ") for line in said)


def test_a_static_file_that_is_not_there_is_found(spoiled):
    def lose(answer):
        if answer.path.endswith(".css"):
            answer.status = 404

    [said] = found(static.static, spoiled(lose))
    assert said.startswith("high: ")


def test_a_fingerprinted_file_that_is_not_kept_is_a_warning(spoiled):
    def forget(answer):
        if answer.path.endswith(".css"):
            answer.set("Cache-Control", "no-cache")

    [said] = found(static.static, spoiled(forget))
    assert said.startswith("low: /static/app.")


def test_a_name_that_stays_and_is_kept_for_ever_is_found(spoiled):
    def rename(answer):
        answer.body = answer.body.replace(b'href="/static/', b'href="/static/plain.css" data-was="')

    def keep(answer):
        rename(answer)
        if answer.path == "/static/plain.css":
            answer.status = 200
            answer.set("Cache-Control", "public, max-age=31536000, immutable")

    assert "medium: /static/plain.css is kept for ever under a name that stays." in found(static.static, spoiled(keep))


def test_a_page_that_names_no_file_says_nothing_of_them(spoiled):
    def strip(answer):
        answer.body = answer.body.replace(b"/static/", b"//elsewhere/")

    assert "names no static file" in not_checked(static.static, spoiled(strip))
