"""The register over HTTP, as a client sees it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import Actor
from talkoot.core.register import services
from tests.core.register.conftest import AddThing, point, square

ROOT = "/api/v1/register"


def get(client: Client, address: str, status: int = 200, **parameters: Any) -> Any:
    """Return the JSON of an answer of this status."""
    response = client.get(f"{ROOT}{address}", parameters)
    assert response.status_code == status, response.content
    return response.json()


def test_things_come_as_features_page_by_page(add: AddThing, client: Client) -> None:
    things = [add(name=f"Lamppu {number}", attributes={"height_m": number}) for number in range(5)]
    found, address = [], "/things?limit=2"
    while address:
        page = get(client, address)
        found += page["features"]
        address = page.get("next", "").rpartition(ROOT)[2]
    assert [feature["id"] for feature in found] == [str(thing.uid) for thing in things]
    assert found[3]["geometry"] == point()
    assert found[3]["properties"]["attributes"] == {"height_m": 3}
    assert found[3]["properties"]["source"] == "survey"
    assert found[3]["properties"]["uri"] == things[3].uri


def test_things_of_a_box_and_of_kinds(add: AddThing, client: Client) -> None:
    lamp, building = add(), add(kind="building", geometry=square())
    add(geometry=point(25.5, 60.5))
    nowhere = add(kind="site", geometry=None)

    def ids(**parameters: Any) -> list[str]:
        return [feature["id"] for feature in get(client, "/things", **parameters)["features"]]

    assert ids(bbox="24.9,60.1,25,60.2") == [str(lamp.uid), str(building.uid)]
    assert ids(bbox="24.9,60.1,25,60.2", kind="building") == [str(building.uid)]
    assert ids(kind=["site", "building"]) == [str(building.uid), str(nowhere.uid)]


def test_one_thing_now_then_and_ever(add: AddThing, system: Actor, client: Client) -> None:
    lamp = add(name="Vanha")
    services.change_thing(system, lamp, name="Uusi")
    one = get(client, f"/things/{lamp.uid}")
    assert (one["type"], one["properties"]["name"]) == ("Feature", {"fi": "Uusi"})
    then = get(client, f"/things/{lamp.uid}", as_of=lamp.recorded_at.isoformat())
    assert then["state"]["name"] == {"fi": "Vanha"}
    history = get(client, f"/things/{lamp.uid}/history")
    assert [said["state"]["name"]["fi"] for said in history] == ["Uusi", "Vanha"]
    assert history[0]["until"] is None
    assert history[0]["from"] == history[1]["until"]
    assert len(get(client, f"/things/{lamp.uid}/history", limit=1)) == 1


def test_nearest_and_search(add: AddThing, client: Client) -> None:
    far, near = add(name="Kaukana", geometry=point(24.95)), add(name="Lähellä", geometry=point(24.94))
    found = get(client, "/nearest", lon=24.93, lat=60.168, count=2)["features"]
    assert [feature["id"] for feature in found] == [str(near.uid), str(far.uid)]
    assert found[0]["metres"] == pytest.approx(555.3, abs=0.5)
    assert [feature["id"] for feature in get(client, "/search", q="kaukana")["features"]] == [str(far.uid)]


def test_kinds_and_sources(add: AddThing, client: Client) -> None:
    add()
    kinds = {kind["code"]: kind for kind in get(client, "/kinds")}
    assert kinds["street_lamp"]["count"] == 1
    assert kinds["street_lamp"]["name"]["sv"] == "Belysningsstolpe"
    assert "height_m" in kinds["street_lamp"]["schema"]["properties"]
    [source] = get(client, "/sources")
    assert (source["code"], source["name"], source["licence"]) == ("survey", {"fi": "Kartoitus"}, "CC-BY-4.0")


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        ("/things?bbox=1,2,3", 422, "bbox"),
        ("/things?limit=0", 422, "limit"),
        ("/things?limit=10001", 422, "limit"),
        ("/things?after=9999999999999999999", 422, "after"),
        ("/things?bbox=24,60,25,61&after=9999999999999999999", 422, "after"),
        ("/things?after=-1", 422, "after"),
        ("/things?kind=castle", 422, "kind"),
        ("/nearest?lon=nan&lat=60", 422, "lon"),
        ("/nearest?lon=24&lat=60&count=5000", 422, "count"),
        ("/search?q=x&limit=1000", 422, "limit"),
        (f"/things/{uuid.UUID(int=0)}", 404, ""),
    ],
)
def test_what_is_wrong_is_a_problem_document(address: str, status: int, field: str, client: Client, db: None) -> None:
    problem = get(client, address, status)
    assert (problem["status"], bool(problem["title"])) == (status, True)
    assert not field or problem["errors"][0]["field"] == field


@pytest.mark.parametrize("address", ["/things?limit=x", "/things/not-a-uuid", "/nearest?lon=a&lat=b", "/search"])
def test_what_cannot_be_read_is_refused(address: str, client: Client, db: None) -> None:
    get(client, address, 422)


def test_a_moment_needs_its_zone_and_its_time(add: AddThing, client: Client) -> None:
    lamp = add()
    problem = get(client, f"/things/{lamp.uid}", 422, as_of="2026-01-01T12:00:00")
    assert problem["errors"][0]["field"] == "as_of"
    get(client, f"/things/{lamp.uid}", 404, as_of="1999-01-01T12:00:00Z")
    get(client, f"/things/{lamp.uid}", 422, as_of="0001-01-01T00:00:00+05:00")


def test_statements_do_not_grow_with_the_answer(add: AddThing, client: Client) -> None:
    for number in range(30):
        add(name=f"Lamppu {number}")
    for address in ("/things", "/things?bbox=24,60,25,61", "/search?q=lamppu", "/nearest?lon=24.93&lat=60.17"):
        with CaptureQueriesContext(connection) as captured:
            get(client, address)
        assert sum(query["sql"].lstrip().startswith("SELECT") for query in captured.captured_queries) <= 12
