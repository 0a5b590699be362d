"""What other doors show of a model: a road's page, figures, GeoJSON over HTTP; and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import permissions
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Thing
from talkoot.programmes.traffic.showing import figures

from .conftest import MakeRun

pytestmark = pytest.mark.django_db(databases="__all__")
ROOT = "/api/v1/traffic"


@pytest.fixture
def visitor() -> Client:
    """A visitor's browser."""
    return Client(HTTP_HOST="127.0.0.1")


def test_a_road_s_page_tells_flow_speed_and_emissions_by_the_hour(
    visitor: Client, modelled: MakeRun, quarter: list[Thing], system: Actor
) -> None:
    run, address = modelled(hours=[7, 8]), f"/en/things/{quarter[0].uid}/"
    assert "Traffic on this road" not in visitor.get(address).content.decode()
    adopt(system, run)
    page = visitor.get(address).content.decode()
    assert "Traffic on this road" in page and "Wear particles" in page and page.count("day-chart") == 6
    assert "What if this road were closed?" not in page


def test_roads_are_geojson_with_ranges_and_an_etag(
    visitor: Client, modelled: MakeRun, quarter: list[Thing], system: Actor
) -> None:
    assert visitor.get(f"{ROOT}/links").json()["features"] == []
    run = modelled(hours=[7, 8])
    adopt(system, run)
    answer = visitor.get(f"{ROOT}/links?variable=co2&hour=8")
    told = {feature["properties"]["uid"]: feature for feature in answer.json()["features"]}
    assert set(told) == {str(road.uid) for road in quarter} and answer["Content-Type"] == "application/geo+json"
    for feature in told.values():
        said = feature["properties"]
        assert said["low"] <= said["value"] <= said["high"] and said["unit"] == "g/h" and 0 <= said["class"] <= 4
    again = visitor.get(f"{ROOT}/links?variable=co2&hour=8", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304 and not again.content
    day, seven = (
        {each["id"]: each["properties"]["value"] for each in visitor.get(f"{ROOT}/links?hour={at}").json()["features"]}
        for at in ("day", "7")
    )
    road = visitor.get(f"{ROOT}/links/{quarter[0].uid}").json()["hours"]
    assert sum(hour["flow"]["value"] for hour in road) == pytest.approx(day[str(quarter[0].uid)], rel=1e-5)
    assert road[0]["flow"]["value"] == pytest.approx(seven[str(quarter[0].uid)])


def test_models_are_listed_and_read_whole(visitor: Client, modelled: MakeRun, system: Actor) -> None:
    run = modelled()
    adopt(system, run)
    [listed] = visitor.get(f"{ROOT}/models?limit=100000").json()
    assert (listed["uid"], listed["adopted"]) == (str(run.uid), True)
    whole = visitor.get(f"{ROOT}/models/{run.uid}").json()
    assert whole["totals_kg"]["co2"]["low"] <= whole["totals_kg"]["co2"]["high"] and whole["inputs"] == run.inputs


@pytest.mark.parametrize(
    "rest",
    ["links?variable=noise", "links?hour=25", "links?run=x", "links/x", "models/00000000-0000-7000-8000-000000000000"],
)
def test_what_there_is_not_is_not_found(visitor: Client, modelled: MakeRun, system: Actor, rest: str) -> None:
    adopt(system, modelled())
    assert visitor.get(f"{ROOT}/{rest}").status_code == 404


def test_models_are_shown_to_whoever_may_view_them(
    visitor: Client, modelled: MakeRun, quarter: list[Thing], system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = modelled()
    adopt(system, run)
    pages = ("/en/traffic/", f"/en/traffic/report/{run.uid}/", f"/en/traffic/compare/?first={run.uid}&second={run.uid}")
    doors = (
        *pages,
        *(f"{ROOT}/{rest}" for rest in ("links", f"links/{quarter[0].uid}", "models", f"models/{run.uid}")),
    )
    road = f"/en/things/{quarter[0].uid}/"

    def shown() -> tuple[set[int], int, bool]:
        panel = "Traffic on this road" in visitor.get(road).content.decode()
        return {visitor.get(door).status_code for door in doors}, len(figures(Actor())), panel

    assert shown() == ({200}, 2, True)
    monkeypatch.setitem(permissions(), "traffic.view", replace(permissions()["traffic.view"], anyone=False))
    assert shown() == ({403}, 0, False)
    assert figures(system)
