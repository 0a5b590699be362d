"""Plans over HTTP: open to read, in GeoJSON and CSV, asked for again only when changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from talkoot.core.base.actors import Actor
from talkoot.core.compute.services import adopt

from .conftest import MakeRun

pytestmark = pytest.mark.django_db(databases="__all__")
ROOT = "/api/v1/light_poles"


@pytest.fixture
def visitor(browser_of: Callable[..., Client]) -> Client:
    """A visitor's browser."""
    return browser_of()


def test_plans_are_listed_and_read_whole(visitor: Client, planned: MakeRun, system: Actor) -> None:
    run = planned()
    adopt(system, run)
    (listed,) = visitor.get(f"{ROOT}/plans").json()
    assert (listed["uid"], listed["adopted"], listed["summary"]) == (str(run.uid), True, run.summary)
    whole = visitor.get(f"{ROOT}/plans/{run.uid}").json()
    assert whole["poles"] == len(whole["chosen"]) and whole["lower_bound"] and whole["inputs"] == run.inputs


def test_poles_and_bit_rate_are_geojson_with_an_etag(visitor: Client, planned: MakeRun) -> None:
    run = planned()
    for part, kinds in (("poles", {"Point"}), ("bit-rate", {"Polygon", "MultiPolygon"})):
        answer = visitor.get(f"{ROOT}/plans/{run.uid}/{part}")
        assert answer["Content-Type"] == "application/geo+json"
        features = answer.json()["features"]
        assert features and {feature["geometry"]["type"] for feature in features} <= kinds
        again = visitor.get(f"{ROOT}/plans/{run.uid}/{part}", headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304 and not again.content and again["ETag"] == answer["ETag"]
    lon, lat = visitor.get(f"{ROOT}/plans/{run.uid}/poles").json()["features"][0]["geometry"]["coordinates"]
    assert 24.9 < lon < 25.0 and 60.1 < lat < 60.2


def test_poles_are_a_table_too(visitor: Client, planned: MakeRun) -> None:
    run = planned()
    answer = visitor.get(f"{ROOT}/plans/{run.uid}/poles.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == run.summary["poles"] and set(rows[0]) >= {"uid", "lon", "lat", "height_m", "adds_m2"}


def test_what_is_in_use_is_empty_until_a_plan_is_adopted(visitor: Client, planned: MakeRun, system: Actor) -> None:
    run = planned()
    for part in ("poles", "bit-rate"):
        assert visitor.get(f"{ROOT}/adopted/{part}").json() == {"type": "FeatureCollection", "features": []}
    adopt(system, run)
    for part in ("poles", "bit-rate"):
        whole = visitor.get(f"{ROOT}/plans/{run.uid}/{part}").json()
        assert visitor.get(f"{ROOT}/adopted/{part}").json() == whole


@pytest.mark.parametrize("rest", ["", "/poles", "/poles.csv", "/bit-rate"])
def test_an_unknown_plan_is_not_found(visitor: Client, rest: str, db: None) -> None:
    address = f"{ROOT}/plans/00000000-0000-7000-8000-000000000000{rest}"
    answer = visitor.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 404 and "no such plan" in answer.json()["detail"]


@pytest.mark.parametrize("limit", ["0", "-5", "100000"])
def test_a_list_is_never_unbounded(visitor: Client, limit: str, planned: MakeRun) -> None:
    planned()
    assert len(visitor.get(f"{ROOT}/plans?limit={limit}").json()) == 1
