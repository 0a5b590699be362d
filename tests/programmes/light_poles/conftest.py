"""A quarter of a city for this programme's tests: four blocks, lamps along the streets between them, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.test import Client
from django.utils.translation import override
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.text import Text
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import Run
from talkoot.core.people.models import Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from talkoot.core.register.metres import to_degrees
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import add_thing, ensure_source
from talkoot.programmes.light_poles.services import ask_for_plan

CORNER = (385_500.0, 6_672_000.0)  # metres of ETRS-TM35FIN, in Kamppi
BLOCKS = ((0, 0), (100, 0), (0, 80), (100, 80))
LAMPS = [(x, y) for x in (-10, 90, 190) for y in range(-10, 160, 28)] + [(x, 70) for x in (20, 60, 120, 160)]
# A coarse grid and a short time keep the tests quick; what they ask for can be met.
QUICK: dict[str, Any] = {"coverage": 0.8, "grid_m": 8, "surroundings_m": 30, "time_limit_s": 10}

MakeRun = Callable[..., Run]


def _geometry(shape: Any) -> dict[str, Any]:
    moved = shapely.transform(shape, lambda xy: xy + CORNER)
    return dict(shapely.geometry.mapping(to_degrees(moved)))


def add_lamp(source: Source, x: float, y: float, **attributes: float) -> Thing:
    """Add a light pole at metres from the quarter's corner."""
    return add_thing(
        operator(),
        kind="street_lamp",
        name=Text(),
        source=source,
        geometry=_geometry(shapely.Point(x, y)),
        attributes=attributes,
        external_id=f"lamp/{x}/{y}",
    )


def add_block(source: Source, x: float, y: float, height_m: float = 18.0) -> Thing:
    """Add a building 80 by 60 m."""
    return add_thing(
        operator(),
        kind="building",
        name=Text(),
        source=source,
        geometry=_geometry(shapely.box(x, y, x + 80, y + 60)),
        attributes={"height_m": height_m},
        provenance={"height_m": "assumed:default for buildings"},
        external_id=f"block/{x}/{y}",
    )


@pytest.fixture(autouse=True)
def lake(settings: Settings, tmp_path: Path) -> Path:
    """An empty lake."""
    settings.LAKE = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language the tests read."""
    with override("en"):
        yield


@pytest.fixture
def source(db: None) -> Source:
    """Where the quarter's things come from."""
    return ensure_source(operator(), code="survey", name=Text(en="Survey"), licence="CC-BY-4.0")


@pytest.fixture
def quarter(source: Source) -> list[Thing]:
    """Four blocks and the lamps around them; returns the lamps."""
    for x, y in BLOCKS:
        add_block(source, x, y)
    return [add_lamp(source, x, y, height_m=6.0) for x, y in LAMPS]


@pytest.fixture
def planned(quarter: list[Thing]) -> MakeRun:
    """Makes a plan of the quarter here and returns its run as it ended."""

    def make(**parameters: Any) -> Run:
        return finish_run(ask_for_plan(operator(), {**QUICK, **parameters}))

    return make


@pytest.fixture
def city(db: None) -> Organisation:
    """The city itself."""
    return ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki", en="City"), is_city=True)


@pytest.fixture
def actor_with(city: Organisation) -> Callable[..., Actor]:
    """Makes an account with these roles in the city and returns it as an actor."""

    def make(*roles: str) -> Actor:
        account = create_account(operator(), email=f"{'-'.join(roles) or 'resident'}@example.org")
        for role in roles:
            grant_role(operator(), account, city, role)
        return Actor(account=account)

    return make


@pytest.fixture
def browser_of(actor_with: Callable[..., Actor]) -> Callable[..., Client]:
    """Makes a browser: a visitor's without roles named, else that of an account with these roles."""

    def make(*roles: str) -> Client:
        client = Client(HTTP_HOST="127.0.0.1")
        if roles:
            client.force_login(actor_with(*roles).account, backend="talkoot.core.people.backends.AccountBackend")
        return client

    return make
