import pytest

from bench.measuring.calls import Caller


class Answers:
    def __init__(self):
        self.asked = []
        self.closed = 0

    def __call__(self, environ, start_response):
        self.asked.append((environ["PATH_INFO"], environ["QUERY_STRING"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self

    def __iter__(self):
        return iter([b"two ", b"parts"])

    def close(self):
        self.closed += 1


@pytest.fixture
def application():
    return Answers()


def test_an_answer_is_read_to_its_end_and_closed(application):
    answer = Caller(application).answer("/path?query=1")
    assert (answer.status, answer.headers, answer.body) == ("200 OK", {"Content-Type": "text/plain"}, "two parts")
    assert application.asked == [("/path", "query=1")]
    assert application.closed == 1


def test_as_many_calls_as_were_asked_for_are_measured_and_paths_take_turns(application):
    assert Caller(application).seconds(["/a", "/b"], 10) > 0
    assert [path for path, _ in application.asked[-10:]] == ["/a", "/b"] * 5
    assert application.closed == len(application.asked)


def test_what_an_application_puts_into_the_environment_is_not_there_at_the_next_call():
    seen = []

    def application(environ, start_response):
        seen.append(environ.get("mark"))
        environ["mark"] = True
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    Caller(application).seconds(["/"], 5)
    assert set(seen) == {None}
