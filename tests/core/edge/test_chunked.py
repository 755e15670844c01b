from io import BytesIO

import pytest
from flask import jsonify, request

from app.core.web.access import public

LIMIT = 1_048_576


class Broken(BytesIO):
    def read(self, *_size):
        raise OSError("a chunk has no size")


@pytest.fixture
def send(app):
    """A function that sends a body whose length it does not tell."""

    @public
    def take():
        return jsonify(bytes=len(request.get_data()), told=request.content_length, form=len(request.form))

    app.add_url_rule("/v1/take", "v1.take", take, methods=["POST"])

    def send(body, content_type="application/octet-stream"):
        return app.test_client().post(
            "/v1/take",
            input_stream=body,
            content_type=content_type,
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )

    return send


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_body_up_to_the_limit_reaches_the_view_whole_and_with_its_length(send, size):
    assert send(BytesIO(b"x" * size)).json == {"bytes": size, "told": size, "form": 0}


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_a_body_above_the_limit_is_refused_and_never_cut_short(send, size, content_type):
    assert send(BytesIO(b"x" * size), content_type).status_code == 413


def test_a_body_that_cannot_be_read_is_the_clients_mistake(send):
    assert send(Broken()).status_code == 400


def test_a_body_whose_length_is_told_is_left_to_the_view(client):
    assert client.post("/v1/nothing", data=b"x").status_code == 404
