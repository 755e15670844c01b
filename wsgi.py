"""What a WSGI server and the flask command load; a configuration that is not acceptable exits with status 78."""

from app import create_app

app = create_app()
