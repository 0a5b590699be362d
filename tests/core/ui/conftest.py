"""A small city for the pages' tests: a few things of every sort, and visitors who may and may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from talkoot.core.base.actors import operator
from talkoot.core.base.text import Text
from talkoot.core.people.models import Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import add_thing, ensure_source, relate

MakeClient = Callable[..., Client]
SQUARE = [[24.930, 60.168], [24.932, 60.168], [24.932, 60.169], [24.930, 60.169], [24.930, 60.168]]
HTML_NAME = "<script>alert(1)</script> & 'co' \"x\""


@dataclass
class SmallCity:
    """The things the tests speak of."""

    city: Organisation
    source: Source
    library: Thing
    building: Thing
    lamp: Thing
    lamps: list[Thing]


def add_lamps(source: Source, count: int, start: int = 0) -> list[Thing]:
    """Add lamps in a row along a street."""
    return [
        add_thing(
            operator(),
            kind="street_lamp",
            name=Text(),
            source=source,
            geometry={"type": "Point", "coordinates": [24.93 + 0.0001 * n, 60.17]},
            attributes={"height_m": 6.0},
            provenance={"height_m": "assumed:default for street lamps"},
            external_id=f"node/{1000 + n}",
        )
        for n in range(start, start + count)
    ]


@pytest.fixture
def small_city(db: None) -> SmallCity:
    """A city with a building, a library in it, and lamps."""
    city = ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki", sv="Staden", en="City"), is_city=True)
    source = ensure_source(
        operator(), code="survey", name=Text(fi="Mittaus", en="Survey"), licence="CC-BY-4.0", attribution="© City"
    )
    building = add_thing(
        operator(),
        kind="building",
        name=Text(fi="Kulttuuritalo", sv="Kulturhuset", en="House of Culture"),
        source=source,
        geometry={"type": "Polygon", "coordinates": [SQUARE]},
        attributes={"height_m": 12.5, "levels": 3},
        provenance={"height_m": "assumed:levels*3.2+1.0"},
        owner=city,
        external_id="way/1",
    )
    library = add_thing(
        operator(),
        kind="service_place",
        name=Text(fi="Kirjasto", sv="Biblioteket", en="Library"),
        source=source,
        geometry={"type": "Point", "coordinates": [24.931, 60.1685]},
        attributes={"category": "library", "website": "https://library.example/", "wheelchair": "yes"},
        within=building,
        owner=city,
    )
    lamps = add_lamps(source, 5)
    relate(operator(), library, "at", building, source=source)
    return SmallCity(city, source, library, building, lamps[0], lamps)


@pytest.fixture
def visitor() -> Client:
    """A browser whose owner is not signed in."""
    return Client(HTTP_HOST="127.0.0.1")


@pytest.fixture
def signed_in(db: None) -> MakeClient:
    """Makes a browser whose owner is signed in with a role in the city, or in the organisation `within`."""

    def make(role: str = "", within: Organisation | None = None, **fields: Any) -> Client:
        city = ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki"), is_city=True)
        account = create_account(operator(), email=f"{role or 'resident'}@example.org", **fields)
        if role:
            grant_role(operator(), account, within or city, role)
        client = Client(HTTP_HOST="127.0.0.1")
        client.force_login(account, backend="talkoot.core.people.backends.AccountBackend")
        return client

    return make
