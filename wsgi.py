"""What a WSGI server and the flask command load; a configuration that is not acceptable exits with status 78."""

import gc

# All of this is there to stay, so it is not searched for garbage: now, that would take a fifth of the start (200 ms);
# in a worker it would write to all the memory that the worker shares with the others, and so copy it (30 MiB each).
gc.disable()

from app import create_app, preflight  # noqa: E402  after the line above

app = preflight.alone() or create_app()

gc.freeze()
gc.enable()
