"""A quarter for traffic: nine blocks, streets between them, and a main road that leads out on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.utils.translation import override
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.text import Text
from talkoot.core.compute import results
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import Run
from talkoot.core.people.models import Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from talkoot.core.register.metres import to_degrees
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import add_thing, ensure_source
from talkoot.programmes.traffic.services import ask_for_model

CORNER = (385_500.0, 6_672_000.0)  # metres of ETRS-TM35FIN, in Kamppi
BLOCK_M = 120.0
STREETS = 4  # in each direction
MAIN = 1  # which of those from west to east is the main road
QUICK: dict[str, Any] = {"hours": [8], "date": "2026-03-02"}

MakeRun = Callable[..., Run]


def placed(shape: Any) -> dict[str, Any]:
    """Return a shape in metres from the quarter's corner as GeoJSON."""
    moved = shapely.transform(shape, lambda xy: xy + CORNER)
    return dict(shapely.geometry.mapping(to_degrees(moved)))


def add_road(source: Source, ends: tuple[tuple[float, float], tuple[float, float]], **attributes: Any) -> Thing:
    """Add a road link between two places, in metres."""
    line = shapely.LineString(ends)
    told = {"road_class": "residential", "lanes": 1, "speed_kmh": 30.0, "oneway": "no", "length_m": line.length}
    return add_thing(
        operator(),
        kind="road_link",
        name=Text(),
        source=source,
        geometry=placed(line),
        attributes={**told, **attributes},
        external_id=f"road/{ends}",
    )


def add_house(source: Source, x: float, y: float, **attributes: Any) -> Thing:
    """Add a building 80 m by 80 m in a block; the corner is given in metres."""
    return add_thing(
        operator(),
        kind="building",
        name=Text(),
        source=source,
        geometry=placed(shapely.box(x, y, x + 80, y + 80)),
        attributes=attributes,
        external_id=f"house/{x}/{y}",
    )


def rows_of(run: Run, variable: str, road: Thing) -> list[dict[str, Any]]:
    """Return a variable's rows of a road, hour after hour."""
    rows = results.table(run, "links").to_pylist()
    return [row for row in rows if row["variable"] == variable and row["thing"] == str(road.uid)]


def values(run: Run, variable: str) -> dict[str, float]:
    """Return a variable's values by road, of a run of one hour."""
    rows = results.table(run, "links").to_pylist()
    return {row["thing"]: row["value"] for row in rows if row["variable"] == variable}


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
    """Houses of different uses, and the streets between them; returns the road links."""
    for row in range(STREETS - 1):
        for column in range(STREETS - 1):
            use = ("apartments", "office", "retail")[(row + column) % 3]
            add_house(source, column * BLOCK_M + 20, row * BLOCK_M + 20, use=use, levels=5)
    roads = []
    for line in range(STREETS):
        main = {"road_class": "primary", "speed_kmh": 50.0, "lanes": 2} if line == MAIN else {}
        for at in range(STREETS - 1):
            a, b = at * BLOCK_M, (at + 1) * BLOCK_M
            roads.append(add_road(source, ((a, line * BLOCK_M), (b, line * BLOCK_M)), **main))
            roads.append(add_road(source, ((line * BLOCK_M, a), (line * BLOCK_M, b))))
    end, y = (STREETS - 1) * BLOCK_M, MAIN * BLOCK_M
    outs = (((-300.0, y), (0.0, y)), ((end, y), (end + 300.0, y)))
    return [*roads, *(add_road(source, out, road_class="primary", speed_kmh=50.0, lanes=2) for out in outs)]


@pytest.fixture
def modelled(quarter: list[Thing]) -> MakeRun:
    """Models the quarter's traffic here and returns the run as it ended."""

    def make(**parameters: Any) -> Run:
        return finish_run(ask_for_model(operator(), {**QUICK, **parameters}))

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
