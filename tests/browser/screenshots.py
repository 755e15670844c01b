"""Takes the pictures of the README. Its name is not a test's, so that only `make screenshots` takes them."""

import httpx
import psycopg
import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.browser

IMAGES = PROJECT / "docs" / "images"
LARGEST_BYTES = 120_000
NOTES = [
    (
        "Rotate the signing key",
        "Put the old one into SECRET_KEY_FALLBACKS for two weeks, so that nobody is logged out.",
    ),
    ("Drill the restore", "A backup counts once it has been restored. Next: the first Monday of the month."),
    ("Read the release notes", "PostgreSQL, Flask, Gunicorn.\nThen make lock, make check."),
    ("Groceries", "Bread, and something to put on it."),
]


def save(page, name: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    content = page.screenshot(path=IMAGES / name)
    assert len(content) <= LARGEST_BYTES, f"{name} has {len(content)} bytes"


def test_picture_of_the_home_page(page):
    page.goto("/")
    save(page, "home.png")


def test_picture_of_the_notes(page, site, site_database):
    for title, body in reversed(NOTES):
        httpx.post(f"{site}/v1/notes", json={"title": title, "body": body}).raise_for_status()
    with psycopg.connect(site_database.replace("+psycopg", "")) as connection:
        # The same picture whenever it is taken.
        connection.execute(
            "UPDATE notes SET created_at = TIMESTAMPTZ '2026-01-05 09:00Z' + id * INTERVAL '25 hours 7 min'"
        )
    page.goto("/notes")
    save(page, "notes.png")


def test_picture_of_the_documentation(page):
    page.goto("/docs")
    page.locator("summary", has_text="POST").first.click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    save(page, "api.png")
