"""The code of docs/optional.md, run as it is written."""

import pytest
from flask import session

from tests.guides import written

GUIDE = "optional.md"
STORE = {
    "S3_ENDPOINT": "https://s3.example.org",
    "S3_REGION": "eu-central-1",
    "S3_BUCKET": "files",
    "S3_ACCESS_KEY": "AKIAEXAMPLE",
    "S3_SECRET_KEY": "a-secret-of-the-store",
}


def test_a_span_around_a_part_of_a_request(app):
    render = written(GUIDE, "Tracing")["render"]
    with app.test_request_context():
        assert render(3) == "..."


@pytest.mark.parametrize("store", ["cookie", "redis"])
def test_signing_in_and_out(create, redis, store):
    code, app = written(GUIDE, "Sessions in Redis"), create(SESSION_STORE=store)
    with app.test_request_context():
        code["sign_in"](7)
        assert session["user_id"] == 7
        code["sign_out"]()
        assert "user_id" not in session


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # minio's
def test_the_form_of_an_upload(create):
    app = create(**STORE)
    app.add_url_rule("/v1/pictures", "v1.begin_picture", written(GUIDE, "Uploads")["begin_picture"], methods=["POST"])
    answered = app.test_client().post("/v1/pictures")
    assert (answered.status_code, answered.json["url"]) == (201, "https://s3.example.org/files")
    assert answered.json["fields"]["key"] == answered.json["key"]


def test_a_message(app, capsys):
    with app.app_context():
        written(GUIDE, "Mail")["welcome"]("ann@example.net")
    assert "It is good to have you here." in capsys.readouterr().err
