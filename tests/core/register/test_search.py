"""Words: found in any inflection and language, ranked, harmless whatever they hold."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkoot.core.base.actors import Actor
from talkoot.core.base.text import Text
from talkoot.core.register import services
from talkoot.core.register.documents import document, forms, words
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.queries import search_things
from talkoot.core.register.search import find
from tests.core.register.conftest import AddThing

quietly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def library(add: AddThing) -> Thing:
    """A library with its names and address."""
    return add(
        kind="service_place",
        name={"fi": "Töölön kirjasto", "sv": "Tölö bibliotek", "en": "Töölö Library"},
        attributes={"category": "library", "operator": "Helsingin kaupunki"},
        tags={"addr:street": "Topeliuksenkatu", "addr:housenumber": "6", "note": "ei haeta"},
    )


@pytest.mark.parametrize(
    "query",
    [
        "kirjasto",
        "kirjastossa",
        "KIRJASTOT",
        "kirjas",
        "biblioteket",
        "libraries",
        "töölön kirjastosta",
        "toolon kirjasto",
        "tölö",
        "Topeliuksenkatu 6",
        "Topeliuksenkadulla",
        "helsinki kirjasto",
        "kirjasto topeliuksenkatu",
        "helsingin kaupungin kirjasto",
        "library, Töölö!",
        "palvelupaikka kirjasto",
    ],
)
def test_found_in_any_inflection_language_and_spelling(query: str, library: Thing) -> None:
    assert search_things(query) == [library]


@pytest.mark.parametrize(
    "query", ["", "  ", "!?", "koulu", "kirjasto koulu", "haeta", "irjasto", "palvelupaikka koulu"]
)
def test_not_found_by_other_words(query: str, library: Thing) -> None:
    assert search_things(query) == []


def test_things_without_words_of_their_own_are_not_found_by_kind(add: AddThing) -> None:
    add(name="")
    assert search_things("valaisinpylväs") == []
    named = add(name="Lamppu 1")
    assert search_things("valaisinpylväs") == [named]


def test_kinds_that_are_not_searchable_are_not_found(add: AddThing) -> None:
    add(kind="junction", name="Risteys")
    assert search_things("risteys") == []


def test_whole_names_first_then_beginnings_then_names_then_the_rest(add: AddThing) -> None:
    by_attribute = add(kind="building", geometry=None, name="Talo", tags={"addr:street": "Kamppi"})
    inside = add(kind="site", geometry=None, name="Uusi Kamppi")
    begins = add(kind="site", geometry=None, name="Kampin Kamppi keskus")
    longer = add(kind="site", geometry=None, name="Kamppi keskus")
    whole = add(kind="site", geometry=None, name="Kamppi")
    assert search_things("kamppi") == [whole, longer, inside, begins, by_attribute]
    assert search_things("kamppi", limit=2) == [whole, longer]


def test_only_the_kinds_asked_for(add: AddThing) -> None:
    site, building = (add(kind=kind, geometry=None, name="Kamppi") for kind in ("site", "building"))
    assert search_things("kamppi", kinds=["building"]) == [building]
    assert search_things("kamp", kinds=["site", "room"]) == [site]
    assert search_things("kamppi", kinds=["room"]) == []


def test_the_hits_of_the_search_over_everything(library: Thing) -> None:
    with override("fi"):
        [hit] = find(Actor(), "kirjasto", 10)
        assert (hit.title, hit.what) == ("Töölön kirjasto", "Palvelupaikka")
        assert hit.url == reverse("ui:thing", args=[library.uid])


hostile = st.text(st.sampled_from("ab'\"();*:^-+&|!<>\\%_=#{}[]~,. \n\x00🌲öÖ") | st.characters(), max_size=30)


@given(query=hostile)
@quietly
def test_any_text_is_a_query(query: str, library: Thing) -> None:
    found = search_things(query)
    assert found in ([], [library])


@given(name=st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), min_size=1, max_size=60))
@quietly
def test_whatever_is_called_something_is_found_by_it(name: str, system: Actor, source: Source) -> None:
    Thing.objects.all().delete()
    thing = services.add_thing(system, kind="site", name=name, source=source)
    assert str(Thing.objects.get().name.fi) == name
    assert search_things(name) == ([thing] if words(name) else [])


@pytest.mark.parametrize("query", ["a" * 100_000, "kirjasto " * 10_000, "ka " * 500])
def test_long_queries_are_cut(query: str, library: Thing) -> None:
    search_things(query)


@pytest.mark.parametrize(
    ("language", "inflected", "stem"),
    # The stems are those of the Snowball project's published vocabularies.
    [("fi", "kirjastossa", "kirjasto"), ("sv", "biblioteket", "bibliotek"), ("en", "libraries", "librari")],
)
def test_stems_are_snowballs(language: str, inflected: str, stem: str) -> None:
    assert stem in forms(inflected, language)


def test_a_document_is_bounded() -> None:
    tokens = document("thing", Text(fi="sana " * 60 + "x" * 300), {"name": "a b c " * 10_000}, {}).split(" ")
    assert len(tokens) == len(set(tokens)) <= 200
    assert max(map(len, tokens)) <= 200


def test_markup_and_statements_in_every_text_are_kept_as_they_came(add: AddThing, system: Actor) -> None:
    evil = "<script>alert('x')</script>'; DROP TABLE register_thing; -- \" %s {0} \\"
    texts: dict[str, Any] = {
        "kind": "thing",
        "name": {"fi": evil, "sv": evil, "en": evil},
        "attributes": {"name": evil, evil[:60]: evil},
        "tags": {evil: evil, "addr:street": evil},
        "external_id": evil,
        "provenance": {"name": f"assumed:{evil}"},
    }
    kept = Thing.objects.get(pk=add(**texts).pk)
    assert (kept.name.fi, kept.name.sv, kept.name.en) == (evil, evil, evil)
    assert (kept.attributes, kept.tags) == (texts["attributes"], texts["tags"])
    assert (kept.external_id, kept.provenance) == (evil, texts["provenance"])
    assert search_things(evil) == [kept]
    changed = services.change_thing(system, kept, name="Muu")
    assert services.undo_change(system, changed).name.fi == evil
