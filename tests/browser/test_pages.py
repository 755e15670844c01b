import pytest

pytestmark = pytest.mark.browser


def test_the_home_page_is_sound(page, is_sound):
    assert page.goto("/").status == 200
    assert is_sound(page)


def test_the_page_for_what_does_not_exist_is_sound(page, is_sound):
    assert page.goto("/nowhere").status == 404
    assert is_sound(page)


def test_the_home_page_tells_what_runs_and_where_things_are(page, service_settings):
    page.goto("/")
    facts = page.locator("dl").inner_text()
    assert service_settings["RELEASE"] in facts
    assert service_settings["APP_ENV"] in facts
    for name, address in [
        ("API documentation", "/docs"),
        ("OpenAPI document", "/openapi.json"),
        ("Readiness", "/readyz"),
    ]:
        assert page.get_by_role("link", name=name).get_attribute("href") == address


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(page, focused):
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert focused(page) == "content"
    page.keyboard.press("Tab")
    assert focused(page) == "API documentation"


@pytest.mark.parametrize("path", ["/", "/docs", "/nowhere"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_stop_of_the_keyboard_can_be_seen(open_page, focused, path, scheme):
    page = open_page(color_scheme=scheme)
    page.goto(path)
    stops = page.locator("a, button, input:not([type=hidden]), textarea, summary, [tabindex='0']")
    visible = [stop for stop in stops.all() if stop.is_visible()]
    for _ in visible:
        page.keyboard.press("Tab")
        assert page.evaluate(
            "(({outlineStyle, outlineWidth}) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)"
            "(getComputedStyle(document.activeElement))"
        ), f"{focused(page)} does not show that it has the focus"
    assert visible[-1].evaluate("element => element === document.activeElement")


def test_where_the_reader_is_is_marked_in_the_navigation(page):
    page.goto("/docs")
    assert page.locator("nav [aria-current=page]").all_inner_texts() == ["API"]
    page.goto("/nowhere")
    assert page.locator("nav [aria-current]").count() == 0


def test_the_page_of_an_error_names_the_request_and_leads_back(page):
    answer = page.goto("/nowhere")
    assert page.get_by_role("heading", level=1).inner_text() == "Not Found"
    assert answer.headers["x-request-id"] in page.get_by_role("main").inner_text()
    page.get_by_role("link", name="Back to the start").click()
    assert page.get_by_role("heading", level=1).inner_text().endswith("is running")
