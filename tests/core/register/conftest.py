"""What the register's tests start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils.translation import override

from talkoot.core.base.actors import Actor
from talkoot.core.base.text import Text
from talkoot.core.people.models import Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from talkoot.core.register import services
from talkoot.core.register.models import Source, Thing

KAMPPI = (24.932, 60.168)
AddThing = Callable[..., Thing]
ActorOf = Callable[[str, Organisation], Actor]


def point(lon: float = KAMPPI[0], lat: float = KAMPPI[1]) -> dict[str, Any]:
    """Return a GeoJSON point."""
    return {"type": "Point", "coordinates": [lon, lat]}


def square(lon: float = KAMPPI[0], lat: float = KAMPPI[1], side: float = 0.001) -> dict[str, Any]:
    """Return a GeoJSON square with its south-western corner at the place."""
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language the tests read."""
    with override("en"):
        yield


@pytest.fixture
def source(db: None, system: Actor) -> Source:
    """A source of things."""
    return services.ensure_source(system, code="survey", name=Text(fi="Kartoitus"), licence="CC-BY-4.0")


@pytest.fixture
def add(system: Actor, source: Source) -> AddThing:
    """Add a thing of the source: a lamp in Kamppi, unless told otherwise."""

    def add_thing(**values: Any) -> Thing:
        lamp: dict[str, Any] = {"kind": "street_lamp", "name": "", "source": source, "geometry": point()}
        return services.add_thing(system, **{**lamp, **values})

    return add_thing


@pytest.fixture
def city(db: None, system: Actor) -> Organisation:
    """The city's own organisation."""
    return ensure_organisation(system, code="city", name=Text(fi="Kaupunki"), is_city=True)


@pytest.fixture
def school(db: None, system: Actor) -> Organisation:
    """An organisation that is not the city."""
    return ensure_organisation(system, code="school", name=Text(fi="Koulu"))


@pytest.fixture
def actor_of(system: Actor) -> ActorOf:
    """Make the actor of a new account with a role in an organisation."""

    def make(role: str, organisation: Organisation) -> Actor:
        account = create_account(system, email=f"{role}@{organisation.code}.example", name=role)
        grant_role(system, account, organisation, role)
        return Actor(account=account, door="page")

    return make
