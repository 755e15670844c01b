"""What a client reads when something is wrong: of the service's own making, or Nginx's."""

import json
import re
from http import HTTPStatus

import pytest
from werkzeug.exceptions import default_exceptions

from tests.conftest import PROJECT
from tests.nginx.copies import SHIPPED

pytestmark = pytest.mark.nginx

API, BROWSER = {"path": "/v1/ping", "Accept": "*/*"}, {"path": "/notes", "Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def dead(start):
    """A site with nothing behind it."""
    return start()


def test_a_dead_service_is_a_502_with_problem_details_for_the_api(dead):
    answer = dead.get(**API)
    assert (answer.status, answer.header("Content-Type")) == (502, "application/problem+json")
    assert answer.header("Retry-After") == "5"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Gateway",
        "status": 502,
        "detail": "The service does not answer: it has not begun yet, or is being restarted. Please try again soon.",
        "instance": "/v1/ping",
        "request_id": answer.header("X-Request-ID"),
    }


def test_a_dead_service_is_a_page_for_browsers_with_a_style_that_needs_no_service(dead):
    answer = dead.get(**BROWSER)
    assert (answer.status, answer.header("Content-Type")) == (502, "text/html")
    page = answer.body.decode()
    assert page.startswith("<!doctype html>")
    assert f"<code>{answer.header('X-Request-ID')}</code>" in page
    assert "<h1>Bad Gateway</h1>" in page
    assert "<!--#" not in page
    [style] = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    sheet = dead.get(style)
    assert (sheet.status, sheet.header("Content-Type")) == (200, "text/css")
    assert "<style" not in page
    assert "<script" not in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
@pytest.mark.parametrize("path", ["/v1/notes", "/notes"])
def test_the_error_is_the_same_whatever_was_asked(dead, method, path):
    answer = dead.ask(method, path, None if method == "HEAD" else b"{}")
    assert answer.status == 502
    assert bool(answer.body) is (method != "HEAD")


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/v1/x", "text/html", "application/problem+json"),
        ("/v1", "text/html", "application/problem+json"),
        ("/v12/x?y", "*/*", "application/problem+json"),
        ("/v1?x", "*/*", "application/problem+json"),
        ("/vase", "*/*", "text/html"),
        ("/x", "", "text/html"),
        ("/x", "application/json", "application/problem+json"),
        ("/x", "application/problem+json", "application/problem+json"),
        ("/x", "text/html, application/json", "text/html"),
        ("/x", "image/png", "text/html"),
    ],
)
def test_the_form_of_an_error_is_the_one_that_the_application_would_choose(dead, client, path, accept, kind):
    assert dead.get(path, Accept=accept).header("Content-Type") == kind
    theirs = client.get("/nothing" if not path.startswith("/v1") else "/v1/nothing", headers={"Accept": accept})
    assert theirs.content_type.startswith(kind)


def test_a_service_that_says_nothing_is_a_504_which_promises_nothing(start, recorder):
    site = start({"proxy_read_timeout 30s": "proxy_read_timeout 1s"})
    site.serve(recorder.folder)
    recorder.speaking.clear()
    api, page = site.get(**API), site.get(**BROWSER)
    assert [answer.status for answer in (api, page)] == [504, 504]
    assert [answer.header("Retry-After") for answer in (api, page)] == [None, None]
    assert api.json()["request_id"] == api.header("X-Request-ID")
    assert b"<h1>Gateway Timeout</h1>" in page.body


def test_a_request_that_may_have_been_carried_out_is_not_sent_twice(start, recorder):
    site = start({"proxy_read_timeout 30s": "proxy_read_timeout 1s"})
    site.serve(recorder.folder)
    recorder.speaking.clear()
    assert site.ask("POST", "/v1/notes", b"{}").status == 504
    assert len(recorder.heads) == 1


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX-Request-ID: theirs-of-them\r\n"])
def test_a_service_that_breaks_off_before_its_answer_is_a_502_with_our_headers(start, recorder, said):
    site = start()
    recorder.answer = said
    site.serve(recorder.folder)
    answer = site.get(**API)
    assert answer.status == 502
    assert answer.json()["request_id"] == answer.header("X-Request-ID")
    assert answer.header("Strict-Transport-Security")


def test_an_error_of_the_application_is_passed_on_as_it_is(start, recorder):
    site = start()
    body = b'{"title":"Service Unavailable","detail":"of the application"}'
    head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 7\r\n"
    rest = b"X-Request-ID: of-the-application\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n" % len(body)
    recorder.answer = head + rest + body
    site.serve(recorder.folder)
    answer = site.get(**BROWSER)
    assert (answer.status, answer.body) == (503, body)
    assert answer.header("Retry-After") == "7"
    assert answer.header("X-Request-ID") == "of-the-application"
    assert answer.header("Content-Security-Policy") is None  # what the application left out, it has left out


def test_where_the_application_leads_to_is_not_rewritten(start, recorder):
    site = start()
    recorder.answer = b"HTTP/1.1 302 Found\r\nLocation: http://slipway/elsewhere\r\nContent-Length: 0\r\n\r\n"
    site.serve(recorder.folder)
    assert site.get("/").header("Location") == "http://slipway/elsewhere"


def test_the_file_of_maintenance_closes_the_service_and_opens_it_again(start, recorder):
    site = start()
    site.serve(recorder.folder)
    file = site.root / "var/lib/slipway/maintenance"
    file.touch()
    api, page = site.get(**API), site.get(**BROWSER)
    assert [answer.status for answer in (api, page)] == [503, 503]
    assert api.json()["title"] == "Service Unavailable"
    assert b"<h1>Service Unavailable</h1>" in page.body
    assert api.header("Retry-After") == "60"
    assert recorder.heads == []
    file.unlink()
    assert site.get(**API).status == 204


def test_a_path_that_would_break_out_of_json_stays_untold(dead):
    answer = dead.get('/v1/"},{"x":"\\')
    assert answer.json()["instance"] == "/"


def test_the_api_s_error_has_the_fields_that_the_document_promises(dead, client):
    schema = client.get("/openapi.json").get_json()["components"]["schemas"]["Problem"]
    problem = dead.get(**API).json()
    assert set(schema["required"]) <= set(problem) <= set(schema["properties"])


def test_the_titles_are_those_of_the_application():
    text = (SHIPPED / "slipway/answers.conf").read_text()
    [titles] = re.findall(r"\$slipway_error_title \{(.*?)\n\}", text, re.DOTALL)
    [details] = re.findall(r"\$slipway_error_detail \{(.*?)\n\}", text, re.DOTALL)
    ours = {int(status): title for status, title in re.findall(r'(\d{3}) "(.*)";', titles)}
    assert ours == {status: default_exceptions[status]().name for status in ours}
    assert {int(status) for status in re.findall(r"(\d{3}) ", details)} >= set(ours)
    pages = re.findall(r"error_page ([\d ]+)", (SHIPPED / "slipway/server.conf").read_text())[0]
    assert set(map(int, pages.split())) - {497, 500} | {414, 431} == set(ours)


def test_the_words_mean_nothing_to_json_and_html():
    text = (SHIPPED / "slipway/answers.conf").read_text()
    for words in re.findall(r'^ +(?:\d{3}|default) "(.*)";$', text, re.MULTILINE):
        if not words.startswith("default-src"):
            assert json.loads(f'"{words}"') == words
            assert not set(words) & set("<>&$")
    assert HTTPStatus(502).phrase in text
    assert PROJECT.is_dir()
