"""JSON by orjson: several times faster than the standard library's, with the same results for what we send."""

from typing import Any

import orjson
from flask import Flask
from flask.json.provider import DefaultJSONProvider


def init_app(app: Flask) -> None:
    """Have `jsonify` and Flask's `json` write through orjson; reading stays with the standard library."""
    app.json = OrjsonProvider(app)


class OrjsonProvider(DefaultJSONProvider):
    """Writes compact JSON, dates in RFC 3339."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON; what orjson does not know goes to Flask's own conversion."""
        if kwargs:
            return super().dumps(obj, **kwargs)
        return orjson.dumps(obj, default=self.default, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z).decode()

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a response of the arguments, as `jsonify` documents them."""
        body = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(f"{self.dumps(body)}\n", mimetype=self.mimetype)
