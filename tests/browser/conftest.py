"""A real Chromium in front of the real Gunicorn. Every page is watched: whatever complains fails its test.

Playwright and axe are imported where they are used, because `make test` reads
these files without having them; they come with `make browser-test`.
"""

import itertools
import os
import shutil
from pathlib import Path

import pytest

from tests.browser.service import SETTINGS, running
from tests.browser.watch import watch
from tests.conftest import scratch

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
INSTALL = (
    "There is no Chromium on this machine. Install one (Debian and Ubuntu: apt install chromium), "
    "or name one (CHROMIUM=/path/to/chrome), or let Playwright fetch its own (.venv/bin/playwright install chromium)."
)
SCREENS = list(itertools.product(["light", "dark"], [1280, 360]))
# WCAG 2.2 at levels A and AA, and what the authors of axe recommend besides.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
        path = path or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.fail(INSTALL)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site_database(server, template):
    """The URL of the database behind `site`."""
    with scratch(server, template) as name:
        yield server(name)


@pytest.fixture(scope="session")
def site(site_database):
    """The address of the running service."""
    with running(site_database) as origin:
        yield origin


@pytest.fixture(scope="session")
def service_settings():
    """The variables that the service was started with."""
    return SETTINGS


@pytest.fixture
def complaints():
    """What the pages of this test have done that they may not; must be empty at its end."""
    found = []
    yield found
    assert found == []


@pytest.fixture
def open_page(browser, site, complaints):
    """A function that opens a page as a new visitor, with Playwright's options for a context."""
    contexts = []

    def open_page(**options):
        context = browser.new_context(base_url=site, locale="en-GB", timezone_id="UTC", **options)
        context.set_default_timeout(5_000)
        watch(context, site, complaints)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    """A page on a laptop in daylight."""
    return open_page(viewport={"width": 1280, "height": 800}, color_scheme="light")


@pytest.fixture(scope="session")
def axe():
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    return Axe()


@pytest.fixture
def is_sound(axe, complaints):
    """A function that looks at a page, as it is now, on every kind of screen.

    Sound is what is accessible, no wider than the screen, and makes nobody complain.
    """

    def is_sound(page) -> bool:
        for scheme, width in SCREENS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            found = axe.run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
            assert found.violations_count == 0, f"{scheme}, {width} pixels: {found.generate_report()}"
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, f"{scheme}: {needed} pixels wide on a screen of {width}"
        assert complaints == []
        return True

    return is_sound


@pytest.fixture(scope="session")
def focused():
    """A function that names what has the focus: by its text, its id, or nothing for the document."""

    def focused(page) -> str:
        return page.evaluate(
            "(({id, innerText, tagName}) => tagName === 'BODY' ? '' : id || innerText)(document.activeElement)"
        )

    return focused
