"""How many queries a page costs: held in tests/query_counts.json for each database, and never more for more rows.

A page that honestly needs another number: run with TALKOOT_WRITE_QUERY_COUNTS=1 and commit the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import Actor
from talkoot.core.register.services import add_thing
from tests.core.ui.conftest import MakeClient, SmallCity, add_lamps

pytestmark = pytest.mark.django_db(databases="__all__")

BASELINE = Path(__file__).parents[2] / "query_counts.json"
BOX = "bbox=24.92,60.16,24.95,60.18"


def addresses(small_city: SmallCity) -> dict[str, str]:
    """Return the pages by name, as a visitor opens them."""
    return {
        "home": "/fi/",
        "section": "/fi/see/",
        "map": "/fi/map/",
        "in view": f"/fi/map/in-view/?{BOX}&layer=lamps&layer=services",
        "things": "/fi/things/",
        "things of a kind": "/fi/things/?kind=street_lamp",
        "things in a box": f"/fi/things/?{BOX}",
        "things by words": "/fi/things/?q=kirjasto",
        "building": f"/fi/things/{small_city.building.uid}/",
        "lamp": f"/fi/things/{small_city.lamp.uid}/",
        "search": "/fi/search/?q=kirjasto",
        "suggestions": "/fi/search/suggest/?q=kirj",
        "services": "/fi/services/",
        "measurements": "/fi/measurements/",
        "traffic": "/fi/traffic/",
        "datasets": "/fi/datasets/",
        "dataset": "/fi/datasets/register.street_lamp/",
        "runs": "/fi/runs/",
        "sources": "/fi/about/sources/",
        "privacy": "/fi/about/privacy/",
        "api": "/api/docs",
    }


def queries(client: Client, address: str) -> int:
    """Return how many queries a page costs on all databases, once the process is warm."""
    client.get(address)
    with Counting() as counting:
        assert client.get(address).status_code == 200
    return counting.total


class Counting:
    """Counts the queries on every database."""

    total: int

    def __enter__(self) -> Counting:
        self._captures = [CaptureQueriesContext(connections[alias]) for alias in connections]
        for capture in self._captures:
            capture.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        for capture in self._captures:
            capture.__exit__(*error)
        self.total = sum(len(capture) for capture in self._captures)


@pytest.fixture
def counted(visitor: Client, small_city: SmallCity) -> Iterator[dict[str, int]]:
    """How many queries every page costs on the small city."""
    yield {name: queries(visitor, address) for name, address in addresses(small_city).items()}


def test_pages_cost_what_the_baseline_says(counted: dict[str, int]) -> None:
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    if os.environ.get("TALKOOT_WRITE_QUERY_COUNTS") == "1":
        baseline[connections["default"].vendor] = counted
        BASELINE.write_text(json.dumps(baseline, indent=2) + "\n", encoding="utf-8")
    assert counted == baseline[connections["default"].vendor]


def test_more_rows_cost_no_more_queries(
    counted: dict[str, int], visitor: Client, small_city: SmallCity, system: Actor
) -> None:
    add_lamps(small_city.source, 60, start=5)
    for n in range(12):
        add_thing(
            system,
            kind="service_place",
            name=f"Kirjasto {n}",
            source=small_city.source,
            geometry={"type": "Point", "coordinates": [24.931, 60.1685]},
            within=small_city.building,
            owner=small_city.city,
        )
    more = {name: queries(visitor, address) for name, address in addresses(small_city).items()}
    assert {name: count for name, count in more.items() if count > counted[name]} == {}


def test_being_signed_in_costs_a_fixed_number_more(
    counted: dict[str, int], signed_in: MakeClient, small_city: SmallCity
) -> None:
    planner = signed_in("planner")
    extra = {name: queries(planner, address) - counted[name] for name, address in addresses(small_city).items()}
    assert max(extra.values()) <= 4, extra
