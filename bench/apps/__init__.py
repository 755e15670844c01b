"""The applications that are compared; each answers `GET /v1/ping` with the same JSON."""
