"""The one search over everything."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.core.ui.conftest import SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def test_it_finds_things_and_data_in_groups(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/en/search/?q=light+pole").content.decode()
    assert "/en/datasets/register.street_lamp/" in html
    assert "Open data</h2>" in html
    assert f"/en/things/{small_city.library.uid}/" in visitor.get("/en/search/?q=kirjastossa").content.decode()


def test_the_words_stay_in_the_field_as_text(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/en/search/", {"q": '"><img src=x> OR 1=1 --'}).content.decode()
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;" in html
    assert "Nothing was found" in html


def test_suggestions_are_options_that_lead_somewhere(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/sv/search/suggest/?q=bibl").content.decode()
    assert 'role="option"' in html
    assert f'href="/sv/things/{small_city.library.uid}/"' in html
    assert "<html" not in html


def test_one_letter_suggests_nothing_and_no_words_find_nothing(visitor: Client, small_city: SmallCity) -> None:
    assert "option" not in visitor.get("/en/search/suggest/?q=k").content.decode()
    assert "Write in the field above" in visitor.get("/en/search/").content.decode()


@pytest.mark.parametrize("query", ["\x00", "%", "'; DROP TABLE register_thing; --", "a" * 5000, "🎈 *", '"(', "NEAR("])
def test_any_text_is_a_query(visitor: Client, small_city: SmallCity, query: str) -> None:
    assert visitor.get("/en/search/", {"q": query}).status_code == 200
    assert visitor.get("/en/search/suggest/", {"q": query}).status_code == 200
