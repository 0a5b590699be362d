"""A thing's page."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from talkoot.core.base.actors import Actor
from talkoot.core.base.text import Text
from talkoot.core.register.models import Thing, ThingVersion
from talkoot.core.register.services import add_thing, change_thing, close_thing
from talkoot.core.ui.things import rule_words
from tests.core.ui.conftest import HTML_NAME, MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def page(client: Client, thing: Thing, language: str = "en", query: str = "") -> str:
    """Return the HTML of a thing's page."""
    response = client.get(f"/{language}/things/{thing.uid}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_values_stand_with_unit_origin_and_badge(visitor: Client, small_city: SmallCity) -> None:
    html = page(visitor, small_city.building)
    assert "12.5" in html
    assert '<span class="unit">m</span>' in html
    assert '<span class="badge assumed">assumed</span>' in html
    assert "Assumed: storeys × 3.2 + 1.0" in html
    assert "CC-BY-4.0" in html
    assert "© City" in html


def test_numbers_and_words_are_in_the_language(visitor: Client, small_city: SmallCity) -> None:
    finnish = page(visitor, small_city.building, "fi")
    assert "12,5" in finnish
    assert "Korkeus" in finnish
    assert "kirjasto" in page(visitor, small_city.library, "fi")
    assert "bibliotek" in page(visitor, small_city.library, "sv")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("default for street lamps", "tavallinen arvo (valaisinpylväät)"),
        ("default for building=retail", "tavallinen arvo (rakennus: myymälä)"),
        ("levels*3.2+1.0", "kerrokset × 3.2 + 1.0"),
        ("height-0.3 for building=roof", "korkeus-0.3 (rakennus: katos)"),
        ("junction=roundabout", "risteys: kiertoliittymä"),
        ("a rule of the city", "a rule of the city"),
    ],
)
def test_the_rule_of_an_assumption_is_in_the_language(rule: str, words: str) -> None:
    with override("fi"):
        assert rule_words(rule) == words


def test_relations_lead_both_ways_and_places_form_a_path(visitor: Client, small_city: SmallCity) -> None:
    library, building = small_city.library, small_city.building
    assert f'href="/en/things/{building.uid}/"' in page(visitor, library).split("crumbs")[1].split("</nav>")[0]
    assert f'href="/en/things/{library.uid}/"' in page(visitor, building).split("In it are")[1]


def test_addresses_are_links_and_other_text_is_not(visitor: Client, small_city: SmallCity, system: Actor) -> None:
    assert 'href="https://library.example/"' in page(visitor, small_city.library)
    trap = add_thing(
        system, kind="service_place", name="T", source=small_city.source, attributes={"website": "javascript:alert(1)"}
    )
    assert 'href="javascript' not in page(visitor, trap)


def test_html_in_any_text_is_shown_as_text(visitor: Client, small_city: SmallCity, system: Actor) -> None:
    trap = add_thing(
        system,
        kind="service_place",
        name=Text(fi=HTML_NAME, en=HTML_NAME),
        source=small_city.source,
        attributes={"category": "<b>bold</b>", "operator": HTML_NAME},
        tags={"<i>": HTML_NAME},
        external_id="<u>1</u>",
    )
    for address in (
        f"/en/things/{trap.uid}/",
        "/en/things/",
        "/en/search/?q=script",
        "/en/services/",
        f"/en/things/{trap.uid}/edit/",
    ):
        html = visitor.get(address).content.decode()
        for raw in ("<script>alert", "<b>bold", "<u>1</u>"):
            assert raw not in html, address
    assert "&lt;script&gt;alert(1)" in page(visitor, trap)


def test_the_past_can_be_asked_for(visitor: Client, small_city: SmallCity, system: Actor) -> None:
    lamp = small_city.lamp
    change_thing(system, lamp, attributes={"height_m": 9.0})
    week_ago = timezone.now() - datetime.timedelta(days=7)
    Thing.objects.filter(pk=lamp.pk).update(recorded_at=timezone.now() - datetime.timedelta(days=2))
    ThingVersion.objects.filter(thing=lamp).update(
        recorded_from=week_ago, recorded_to=timezone.now() - datetime.timedelta(days=2)
    )
    day = (timezone.localdate() - datetime.timedelta(days=4)).isoformat()
    then = page(visitor, lamp, query=f"?on={day}")
    assert "This is what the register said on" in then
    assert ">6 <" in then.split("What is known")[1].replace("\n", " ") or "6 <span" in then
    assert "9 <span" in page(visitor, lamp)
    history = page(visitor, lamp).split("History")[1]
    assert "<del>6.0 m</del>" in history
    assert "<ins>9.0 m</ins>" in history
    assert visitor.get(f"/en/things/{lamp.uid}/?on=1999-01-01").status_code == 404
    for wrong in ("yesterday", "2026-02-30"):
        assert visitor.get(f"/en/things/{lamp.uid}/?on={wrong}").status_code == 422


def test_what_is_gone_says_so_and_stays(visitor: Client, small_city: SmallCity, system: Actor) -> None:
    close_thing(system, small_city.lamp)
    assert "no longer there" in page(visitor, small_city.lamp)


def test_the_stable_address_leads_to_page_or_description(visitor: Client, small_city: SmallCity) -> None:
    address = f"/id/{small_city.library.uid}"
    to_page = visitor.get(address, headers={"Accept": "text/html", "Accept-Language": "sv"})
    assert (to_page.status_code, to_page["Location"]) == (303, f"/sv/things/{small_city.library.uid}/")
    to_data = visitor.get(address, headers={"Accept": "application/geo+json"})
    assert (to_data.status_code, to_data["Location"]) == (303, f"{address}.geojson")
    feature = visitor.get(f"{address}.geojson").json()
    assert feature["geometry"]["coordinates"] == [24.931, 60.1685]
    assert feature["properties"]["name"]["sv"] == "Biblioteket"
    assert feature["properties"]["licence"] == "CC-BY-4.0"
    assert feature["properties"]["within"] == str(small_city.building.uid)


def test_only_editors_are_offered_to_edit(visitor: Client, signed_in: MakeClient, small_city: SmallCity) -> None:
    assert "/edit/" not in page(visitor, small_city.lamp)
    assert f"/en/things/{small_city.lamp.uid}/edit/" in page(signed_in("register_editor"), small_city.lamp)
