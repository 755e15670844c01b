"""Development tooling: a private PostgreSQL and Valkey, and an environment for `make run`, `make dev` and the tests.

Never imported by the application, never deployed with it. Linux and macOS.
"""


class DevelopmentError(Exception):
    """Something that the person at the terminal can put right; its text says what and how."""
