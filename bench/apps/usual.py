"""The same libraries in their usual arrangement: each extension's defaults, an access line after each request."""

import logging
import os
import sys
import time

from flask import Flask, Response, g, jsonify, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from prometheus_flask_exporter import PrometheusMetrics
from prometheus_flask_exporter.multiprocess import MultiprocessPrometheusMetrics
from pythonjsonlogger.json import JsonFormatter
from werkzeug.middleware.proxy_fix import ProxyFix

POLICY = {"default-src": "'self'", "script-src": "'self'", "style-src": "'self'"}
SEVERAL_PROCESSES = "PROMETHEUS_MULTIPROC_DIR" in os.environ

app = Flask(__name__)
app.config["SECRET_KEY"] = "usual" * 16
app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
Talisman(app, content_security_policy=POLICY, content_security_policy_nonce_in=["script-src", "style-src"])
metrics = (MultiprocessPrometheusMetrics if SEVERAL_PROCESSES else PrometheusMetrics)(app)
limiter = Limiter(get_remote_address, app=app, default_limits=["1000000 per second"], storage_uri="memory://")

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
log = logging.getLogger("usual")
log.addHandler(handler)
log.setLevel(logging.INFO)


@app.before_request
def start_clock() -> None:
    """Note when it began."""
    g.started = time.perf_counter()


@app.after_request
def write_access_line(response: Response) -> Response:
    """Log what was asked and answered."""
    log.info(
        "request",
        extra={
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "duration": time.perf_counter() - g.started,
            "remote_addr": request.remote_addr,
            "user_agent": request.user_agent.string,
        },
    )
    return response


@app.get("/v1/ping")
def ping() -> Response:
    """Answer."""
    return jsonify(message="pong")
