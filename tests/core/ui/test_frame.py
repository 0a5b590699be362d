"""The frame of every page: headers, languages, theme, navigation."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def test_headers_forbid_everything_foreign(visitor: Client, small_city: SmallCity) -> None:
    response = visitor.get("/en/")
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == "'self'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_pages_have_nothing_that_the_policy_would_stop(visitor: Client, small_city: SmallCity) -> None:
    for path in ("/en/", "/en/map/", f"/en/things/{small_city.building.uid}/", "/en/things/", "/api/docs"):
        html = visitor.get(path).content.decode()
        assert not re.search(r"<[^>]+\sstyle=", html), path
        assert not re.search(r"<[^>]+\son\w+=", html), path
        for script in re.findall(r"<script[^>]*>", html):
            assert "src=" in script or 'type="application/json"' in script, (path, script)


def test_a_given_request_id_is_kept_and_a_bad_one_replaced(visitor: Client, small_city: SmallCity) -> None:
    assert visitor.get("/en/", headers={"X-Request-ID": "proxy-12345678"})["X-Request-ID"] == "proxy-12345678"
    assert re.fullmatch(r"[0-9a-f]{32}", visitor.get("/en/", headers={"X-Request-ID": "a b\n"})["X-Request-ID"])


@pytest.mark.parametrize(("asked", "language"), [("sv", "sv"), ("en-GB,fi;q=0.5", "en"), ("de", "fi"), ("", "fi")])
def test_the_root_leads_to_the_readers_language(visitor: Client, asked: str, language: str) -> None:
    response = visitor.get("/", headers={"Accept-Language": asked})
    assert (response.status_code, response["Location"]) == (302, f"/{language}/")


def test_an_unknown_language_gets_a_page_that_names_the_known_ones(visitor: Client, small_city: SmallCity) -> None:
    response = visitor.get("/de/things/", headers={"Accept-Language": "en"})
    assert response.status_code == 404
    html = response.content.decode()
    assert "No pages in the language “de”" in html
    assert all(f'hreflang="{code}"' in html for code in ("fi", "sv", "en"))


def test_switching_the_language_keeps_the_page_and_its_state(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/fi/things/?kind=tree&sort=added").content.decode()
    assert 'href="/sv/things/?kind=tree&amp;sort=added" lang="sv"' in html


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ("Kaupunki", "Siirry sisältöön", "Katso")),
        ("sv", ("Staden", "Hoppa till", "Se")),
        ("en", ("City", "Skip", "See")),
    ],
)
def test_each_language_has_its_words(
    visitor: Client, small_city: SmallCity, language: str, words: tuple[str, ...]
) -> None:
    html = visitor.get(f"/{language}/").content.decode()
    assert f'<html lang="{language}"' in html
    assert all(word in html for word in words)


def test_a_chosen_theme_is_rendered_by_the_server_and_can_be_forgotten(visitor: Client, small_city: SmallCity) -> None:
    response = visitor.post("/en/theme/", {"theme": "dark", "next": "/en/things/"})
    assert (response.status_code, response["Location"]) == (302, "/en/things/")
    assert 'data-theme="dark"' in visitor.get("/en/").content.decode()
    visitor.post("/en/theme/", {"theme": "", "next": "/en/"})
    assert "data-theme" not in visitor.get("/en/").content.decode()


def test_the_theme_leads_back_to_no_other_site(visitor: Client) -> None:
    assert visitor.post("/en/theme/", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"
    assert visitor.post("/en/theme/", {"theme": "dark", "next": "//evil.example/"})["Location"] == "/"


def test_the_navigation_shows_what_the_visitor_may_open(
    signed_in: MakeClient, visitor: Client, small_city: SmallCity
) -> None:
    assert "/en/imports/" not in visitor.get("/en/plan/").content.decode()
    assert "/en/imports/" in signed_in("register_editor").get("/en/plan/").content.decode()


def test_a_section_without_anything_is_not_found(visitor: Client, small_city: SmallCity) -> None:
    assert visitor.get("/en/see/").status_code == 200
    assert visitor.get("/en/nowhere/").status_code == 404


@pytest.mark.parametrize("page", ["sources", "accessibility", "privacy", "status"])
def test_the_pages_about_the_service_are_there(visitor: Client, small_city: SmallCity, page: str) -> None:
    assert visitor.get(f"/fi/about/{page}/").status_code == 200


def test_the_privacy_page_tells_what_is_declared(visitor: Client, small_city: SmallCity) -> None:
    from talkoot.core.base.programmes import declared

    html = visitor.get("/en/about/privacy/").content.decode()
    held = list(declared("personal_data"))
    assert held
    assert all(data.title.en in html and data.purpose.en in html for data in held)
