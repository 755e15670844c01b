"""The pages of the example; goes when the example goes."""

import httpx
import psycopg
import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _no_notes(site_database):
    with psycopg.connect(site_database.replace("+psycopg", "")) as connection:
        connection.execute("TRUNCATE notes RESTART IDENTITY")


@pytest.fixture
def many_notes(site):
    """Two pages of notes, one of them with a title that has no room to break."""
    for number in range(1, 26):
        note = {"title": "x" * 200 if number == 12 else f"Note {number}", "body": f"One line\nof note {number}"}
        httpx.post(f"{site}/v1/notes", json=note).raise_for_status()


@pytest.fixture(params=[True, False], ids=["with-script", "without-script"])
def either_page(request, open_page):
    """A page with JavaScript, and one without."""
    return open_page(java_script_enabled=request.param)


def add(page, title: str, body: str = "") -> int:
    """Send the form, and return the status of the page that it leads to."""
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(body)
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Add note").click()
    return navigation.value.status


def test_the_page_without_notes_is_sound(page, is_sound):
    assert page.goto("/notes").status == 200
    assert page.get_by_text("No notes yet").is_visible()
    assert is_sound(page)


@pytest.mark.usefixtures("many_notes")
def test_the_page_full_of_notes_is_sound(page, is_sound):
    assert page.goto("/notes").status == 200
    assert page.get_by_role("listitem").count() == 20
    assert is_sound(page)


@pytest.mark.usefixtures("many_notes")
def test_the_page_of_older_notes_is_sound_and_leads_back(page, is_sound):
    page.goto("/notes")
    page.get_by_role("link", name="Older notes").click()
    assert page.get_by_role("listitem").get_by_role("heading").all_inner_texts() == [
        f"Note {number}" for number in range(5, 0, -1)
    ]
    assert is_sound(page)
    page.get_by_role("link", name="Newest notes").click()
    assert page.get_by_role("heading", name="Note 25").is_visible()


def test_the_form_with_a_mistake_is_sound(page, is_sound):
    page.goto("/notes")
    assert add(page, title="", body="Kept") == 422
    assert is_sound(page)


def test_the_page_after_adding_a_note_is_sound(page, is_sound):
    page.goto("/notes")
    assert add(page, title="Groceries", body="x" * 300) == 200
    assert is_sound(page)


def test_the_page_for_an_address_with_a_mistake_is_sound(page, is_sound):
    assert page.goto("/notes?limit=many&cursor=none").status == 422
    assert page.get_by_role("main").get_by_role("listitem").count() == 2
    assert is_sound(page)


def test_a_note_is_added_by_keyboard_alone(page, focused):
    page.goto("/notes")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert focused(page) == "content"
    stops = []
    for text in ["Groceries", "Bread and butter", ""]:
        page.keyboard.press("Tab")
        stops.append(focused(page))
        page.keyboard.type(text)
    assert stops == ["title", "body", "Add note"]
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("listitem").get_by_text("Bread and butter").is_visible()


def test_what_was_stored_is_announced_and_can_be_put_away(page, focused):
    page.goto("/notes")
    add(page, "Groceries")
    assert page.get_by_role("status").locator("span").inner_text() == "“Groceries” is stored."
    page.get_by_role("button", name="Dismiss").press("Enter")
    assert page.get_by_role("status").count() == 0
    assert focused(page) == "content"


def test_a_mistake_is_described_at_its_field_which_has_the_focus(either_page, focused):
    either_page.goto("/notes")
    assert add(either_page, title=" ", body="Kept") == 422
    title = either_page.get_by_label("Title")
    assert either_page.title().startswith("Error: ")
    assert focused(either_page) == "title"
    assert title.get_attribute("aria-invalid") == "true"
    assert either_page.locator(f"#{title.get_attribute('aria-describedby')}").inner_text() != ""
    body = either_page.get_by_label("Text")
    assert body.input_value() == "Kept"
    assert body.get_attribute("aria-invalid") is None


def test_without_javascript_everything_works_but_putting_messages_away(open_page):
    page = open_page(java_script_enabled=False)
    page.goto("/notes")
    assert add(page, "Groceries", "Bread") == 200
    assert page.get_by_role("status").inner_text() == "“Groceries” is stored."
    assert page.get_by_role("listitem").get_by_text("Bread").is_visible()


@pytest.mark.parametrize(
    "markup",
    [
        "<script>window.ran = true</script>",
        "<img src=x onerror='window.ran = true'>",
        "\"><svg onload='window.ran = true'>",
        "<b style='color: red'>bold</b>",
        "{{ 7 * 7 }}",
    ],
)
def test_markup_in_a_note_is_text_wherever_it_is_shown(page, markup):
    page.goto("/notes")
    assert add(page, title=markup, body=markup) == 200
    assert page.get_by_role("listitem").get_by_role("heading").inner_text() == markup
    assert page.get_by_role("listitem").get_by_role("paragraph").inner_text() == markup
    assert page.get_by_role("status").locator("span").inner_text() == f"“{markup}” is stored."
    assert page.locator("li script, li img, li svg, li b, [role=status] :not(span, button)").count() == 0
    assert page.evaluate("window.ran") is None
