import datetime as dt
import decimal
import uuid

from flask import json, jsonify


def test_what_a_view_may_return_is_written_as_rfc_8259_and_rfc_3339(app):
    moment = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
    with app.test_request_context():
        response = jsonify(at=moment, id=uuid.UUID(int=1), price=decimal.Decimal("1.50"), text="ü\n", day=moment.date())
    assert response.content_type == "application/json"
    assert response.json == {
        "at": "2026-01-31T12:00:00Z",
        "id": "00000000-0000-0000-0000-000000000001",
        "price": "1.50",
        "text": "ü\n",
        "day": "2026-01-31",
    }


def test_options_of_the_standard_library_still_work(app):
    with app.app_context():
        assert json.dumps({"b": 1, "a": 2}, sort_keys=True, indent=1) == '{\n "a": 2,\n "b": 1\n}'


def test_templates_embed_json_that_cannot_close_their_script(app):
    with app.test_request_context():
        assert "</script>" not in app.jinja_env.from_string("{{ value | tojson }}").render(value="</script>")
