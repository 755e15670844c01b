import httpx
import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def document(site):
    return httpx.get(f"{site}/openapi.json").json()


def test_the_documentation_is_sound_with_every_operation_open(page, is_sound):
    assert page.goto("/docs").status == 200
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    assert is_sound(page)


def test_every_operation_of_the_document_is_shown(page, document):
    page.goto("/docs")
    shown = {tuple(text.split(maxsplit=2)) for text in page.locator("summary").all_inner_texts()}
    assert shown == {
        (method.upper(), path, operation["summary"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_an_operation_opens_and_closes_by_keyboard(page, focused):
    page.goto("/docs")
    command = page.get_by_label("Command for ping")
    while focused(page).split()[:2] != ["GET", "/v1/ping"]:
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert command.inner_text() == "$ curl 'http://localhost:8000/v1/ping'"
    page.keyboard.press("Tab")
    assert focused(page) == command.inner_text()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert not command.is_visible()


def test_the_address_of_an_operation_opens_it(page):
    page.goto("/docs#ping")
    page.get_by_label("Command for ping").wait_for(state="visible")


def test_every_link_to_a_model_leads_to_its_fields(page, document):
    page.goto("/docs")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    links = {link.get_attribute("href") for link in page.locator("main a[href^='#']").all()}
    assert "#Problem" in links
    assert [link for link in links if page.locator(f"section{link}").count() != 1] == []
    for name, model in document["components"]["schemas"].items():
        table = page.get_by_role("table", name=f"Fields of {name}", exact=True)
        assert [text.split()[0] for text in table.get_by_role("rowheader").all_inner_texts()] == list(
            model["properties"]
        )


def test_a_link_to_a_model_brings_it_into_view(page):
    page.goto("/docs#ping")
    page.locator("#ping").get_by_role("link", name="Pong").click()
    assert page.url.endswith("#Pong")
    distance = page.locator("#Pong").bounding_box()["y"]
    assert 0 <= distance < 800
