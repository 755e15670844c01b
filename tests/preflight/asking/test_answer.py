from email.message import Message

import pytest

from app.preflight.asking.answer import Answer


def made(status=200, body=b"", **headers):
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return Answer("GET https://example.org/", status, message, body)


def test_a_media_type_is_told_without_its_parameters():
    assert made(Content_Type="Text/HTML; charset=utf-8").type == "text/html"
    assert made().type == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff\xfe"])
def test_what_is_no_object_is_an_empty_one(body):
    assert made(body=body).json() == {}


def test_links_of_this_host_are_found_each_once_without_queries():
    page = b"""<a href="/notes?page=2"> <a href='/notes'> <script src="/static/app.js"> <a href="//elsewhere/x">
    <a href="https://elsewhere/"> <a href="#top">"""
    assert made(body=page).links() == ["/notes", "/static/app.js"]


def test_where_a_redirect_leads_is_told():
    assert made(308, Location="https://Attacker.example/x").leads_to == "attacker.example"
    assert made(308, Location="/x").leads_to == ""


@pytest.mark.parametrize(("status", "served", "refused"), [(200, True, False), (304, False, False), (404, False, True)])
def test_a_status_says_what_became_of_it(status, served, refused):
    answer = made(status)
    assert (answer.served, answer.refused) == (served, refused)


def test_an_answer_tells_itself():
    answer = made(308, Location="https://example.org/", Content_Type="text/html")
    assert str(answer) == "GET https://example.org/ is answered with 308 text/html to https://example.org/"
