"""Whatever a page does wrong is noticed: the other tests rely on it."""

import time

import pytest

pytestmark = pytest.mark.browser

MISTAKES = {
    "script: broken": "setTimeout(() => { throw new Error('broken') })",
    "console: broken": "console.error('broken')",
    "response: 404": "fetch('/nowhere')",
    "request to another site: https://elsewhere.example/": "fetch('https://elsewhere.example/', {mode: 'no-cors'})",
    "policy: style-src-attr forbids inline": "document.body.setAttribute('style', 'color: red')",
}


@pytest.mark.parametrize("complaint", MISTAKES)
def test_a_mistake_of_a_page_is_noticed(open_page, complaints, complaint):
    # The policy prevents most of these mistakes; they must be noticed without it too.
    page = open_page(bypass_csp=not complaint.startswith("policy"))
    page.goto("/")
    page.evaluate(f"() => {{ {MISTAKES[complaint]} }}")
    deadline = time.monotonic() + 5
    while not any(found.startswith(complaint) for found in complaints):
        assert time.monotonic() < deadline, complaints
        page.wait_for_timeout(10)
    page.context.close()
    complaints.clear()
