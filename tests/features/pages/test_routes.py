import re

import pytest


def test_the_home_page_shows_what_runs_and_works_without_a_database(create):
    page = create(SERVICE_NAME="shop", RELEASE="1.2.3").test_client().get("/")
    assert page.status_code == 200
    assert "shop is running" in page.text
    assert "1.2.3" in page.text


@pytest.mark.usefixtures("database")
def test_every_link_of_the_home_page_leads_somewhere(client):
    links = set(re.findall(r'href="(/[^"#]*)"', client.get("/").text))
    assert len(links) >= 5
    for link in links:
        with client.get(link) as response:
            assert (link, response.status_code) == (link, 200)
