"""PATCH, PUT, JSON Patch and DELETE of every entity."""

from __future__ import annotations

from typing import Any

import pytest

from talkoot.core.base.actors import operator
from talkoot.core.observations import readings
from talkoot.core.observations.placing import follow_moves
from talkoot.core.register.models import Thing
from talkoot.core.register.services import change_thing
from tests.core.observations.sta.conftest import KAMPPI, OM, Api, datastream, location, observed_property, sensor, thing

THERE = {"type": "Point", "coordinates": [24.95, 60.18]}
FEATURE = {"name": "yard", "description": "", "encodingType": "application/geo+json", "feature": KAMPPI}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Things": (thing(), {"description": "another", "properties": {"a": 1}}),
    "Locations": (location(), {"name": "There", "location": THERE}),
    "Sensors": (sensor(), {"metadata": {"maker": "x"}, "encodingType": "application/json"}),
    "ObservedProperties": (observed_property(), {"definition": "ucum:K", "properties": {"x": [1]}}),
    "FeaturesOfInterest": (FEATURE, {"feature": THERE}),
}


@pytest.mark.parametrize("collection", CHANGES)
def test_a_patch_changes_what_it_names(collection: str, api: Api) -> None:
    described, changes = CHANGES[collection]
    key = api.made(collection, described)
    before = api.get(f"{collection}({key})")
    api.patch(f"{collection}({key})", changes)
    assert api.get(f"{collection}({key})") == {**before, **changes}


@pytest.mark.parametrize("collection", CHANGES)
def test_a_put_resets_what_it_does_not_name(collection: str, api: Api) -> None:
    described, _ = CHANGES[collection]
    key = api.made(collection, {**described, "properties": {"a": 1}, "description": "words"})
    answer = api.ask("PUT", f"{collection}({key})", {**described, "properties": None, "description": ""})
    assert answer.status_code == 200, answer.content
    read = api.get(f"{collection}({key})")
    assert (read["properties"], read["description"]) == ({}, "")
    without_name = {name: value for name, value in described.items() if name != "name"}
    assert api.ask("PUT", f"{collection}({key})", without_name).status_code == 400


def test_a_datastream_is_changed_and_linked_anew(api: Api, pole: int, stream: int) -> None:
    other = api.made("Things", thing(name="other"))
    probe = api.made("Sensors", sensor(name="probe"))
    kelvin = {"name": "kelvin", "symbol": "K", "definition": "ucum:K"}
    links = {"Thing": {"@iot.id": other}, "Sensor": {"@iot.id": probe}, "ObservedProperty": observed_property(name="x")}
    api.patch(f"Datastreams({stream})", {"unitOfMeasurement": kelvin, "properties": {"depth": 1}, **links})
    read = api.get(f"Datastreams({stream})?$expand=Thing,Sensor,ObservedProperty")
    assert (read["unitOfMeasurement"], read["properties"], read["name"]) == (kelvin, {"depth": 1}, "air temperature")
    assert [read[name]["name"] for name in links] == ["other", "probe", "x"]


def test_a_json_patch_changes_what_it_points_at(api: Api, pole: int) -> None:
    operations = [
        {"op": "test", "path": "/properties/owner", "value": "city"},
        {"op": "add", "path": "/properties/tags", "value": ["a"]},
        {"op": "add", "path": "/properties/tags/-", "value": "b"},
        {"op": "copy", "from": "/properties/owner", "path": "/properties/user"},
        {"op": "move", "from": "/properties/owner", "path": "/properties/keeper"},
        {"op": "replace", "path": "/name", "value": "renamed"},
        {"op": "remove", "path": "/properties/tags/0"},
        {"op": "remove", "path": "/description"},
    ]
    answer = api.ask("PATCH", f"Things({pole})", operations, "application/json-patch+json")
    assert answer.status_code == 200, answer.content
    read = api.get(f"Things({pole})")
    assert (read["name"], read["description"]) == ("renamed", "")
    assert read["properties"] == {"tags": ["b"], "user": "city", "keeper": "city"}


@pytest.mark.parametrize(
    ("operations", "where"),
    [
        ({}, "body"),
        (["x"], "[0]"),
        ([{"op": "jump", "path": "/name"}], "[0].op"),
        ([{"op": "replace", "path": "/nothing", "value": 1}], "[0].path"),
        ([{"op": "add", "path": "/name"}], "[0].value"),
        ([{"op": "add", "path": "name", "value": 1}], "[0].path"),
        ([{"op": "test", "path": "/name", "value": "x"}], "[0].value"),
        ([{"op": "remove", "path": "/name"}], "name"),
        ([{"op": "remove", "path": ""}], "[0].path"),
        ([{"op": "replace", "path": "/name", "value": 5}], "name"),
        ([{"op": "move", "from": "/properties", "path": "/properties/in"}], "[0].path"),
        ([{"op": "copy", "from": "/properties", "path": f"/properties/{n}"} for n in range(40)], None),
    ],
)
def test_a_wrong_json_patch_changes_nothing(operations: Any, where: str | None, api: Api, pole: int) -> None:
    before = api.get(f"Things({pole})")
    answer: Any = api.ask("PATCH", f"Things({pole})", operations, "application/json-patch+json")
    assert answer.status_code == 400, answer.content
    assert where is None or answer.json()["errors"][0]["field"] == where
    assert api.get(f"Things({pole})") == before


def test_an_observation_is_corrected_and_keeps_its_identifier(api: Api, stream: int) -> None:
    body = {"phenomenonTime": "2026-01-01T10:00:00Z", "result": 1, "resultQuality": "suspect", "parameters": {"a": 1}}
    key = api.made(f"Datastreams({stream})/Observations", body)
    api.patch(f"Observations({key})", {"result": 2.5})
    read = api.get(f"Observations({key})")
    assert {name: read[name] for name in body} == {**body, "result": 2.5}
    api.patch(f"Observations({key})", {"phenomenonTime": "2026-01-01T11:00:00Z/2026-01-01T12:00:00Z"})
    assert api.get(f"Observations({key})")["phenomenonTime"] == "2026-01-01T11:00:00Z/2026-01-01T12:00:00Z"
    other = api.made(f"Datastreams({stream})/Observations", {"phenomenonTime": "2026-01-01T15:00:00Z", "result": 1})
    api.patch(f"Observations({other})", {"phenomenonTime": "2026-01-01T11:00:00Z"}, status=400)
    answer = api.ask("PUT", f"Observations({key})", {"result": 3, "phenomenonTime": "2026-01-01T11:00:00Z"})
    assert answer.status_code == 200
    assert "parameters" not in api.get(f"Observations({key})")
    api.delete(f"Observations({key})")
    api.get(f"Observations({key})", status=404)
    assert api.ids(f"Datastreams({stream})/Observations") == [other]


def test_deleting_a_thing_closes_it_in_the_register(api: Api, pole: int, stream: int) -> None:
    api.delete(f"Things({pole})")
    assert not Thing.objects.get(pk=pole).is_open
    api.get(f"Things({pole})", status=404)
    api.get(f"Datastreams({stream})", status=404)
    api.delete(f"Things({pole})", status=404)


def test_history_is_corrected_and_deleted(api: Api, pole: int) -> None:
    [entry] = api.ids(f"Things({pole})/HistoricalLocations")
    api.patch(f"HistoricalLocations({entry})", {"time": "2025-05-05T05:05:05.5Z"})
    assert api.get(f"HistoricalLocations({entry})")["time"] == "2025-05-05T05:05:05.500Z"
    api.delete(f"HistoricalLocations({entry})")
    assert api.ids("HistoricalLocations") == []


def test_moving_a_location_moves_what_is_placed_there(api: Api, pole: int, stream: int) -> None:
    [place] = api.ids(f"Things({pole})/Locations")
    api.patch(f"Locations({place})", {"location": THERE})
    assert Thing.objects.get(pk=pole).min_lon == 24.95
    key = api.made(f"Datastreams({stream})/Observations", {"result": 1})
    assert api.get(f"Observations({key})/FeatureOfInterest")["feature"] == THERE


def test_deleting_a_location_leaves_what_was_placed_there_in_its_place(api: Api, pole: int) -> None:
    [place] = api.ids(f"Things({pole})/Locations")
    api.delete(f"Locations({place})")
    assert api.ids("Locations") == api.ids(f"Things({pole})/Locations") == [pole]
    assert api.get(f"Locations({pole})")["location"] == KAMPPI
    api.delete(f"Locations({pole})", status=409)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("collection", ["Datastreams", "Sensors", "ObservedProperties"])
def test_deleting_takes_datastreams_and_their_readings_with_it(collection: str, api: Api, stream: int) -> None:
    key = api.made(f"Datastreams({stream})/Observations", {"result": 1})
    target = {
        "Datastreams": stream,
        "Sensors": api.get(f"Datastreams({stream})/Sensor")["@iot.id"],
        "ObservedProperties": api.get(f"Datastreams({stream})/ObservedProperty")["@iot.id"],
    }[collection]
    api.delete(f"{collection}({target})")
    api.get(f"Datastreams({stream})", status=404)
    assert len(readings.store().by_id([key])) == 0
    assert readings.store().count([stream]) == 0


def test_a_feature_of_interest_can_go_when_no_reading_is_about_it(api: Api, stream: int) -> None:
    own = api.made("FeaturesOfInterest", FEATURE)
    key = api.made(f"Datastreams({stream})/Observations", {"result": 1, "FeatureOfInterest": {"@iot.id": own}})
    other = api.made(f"Datastreams({stream})/Observations", {"result": 2, "phenomenonTime": "2026-01-01T00:00:00Z"})
    [default] = api.ids(f"FeaturesOfInterest?$filter=Observations/id eq {other}")
    for refused in (own, default):
        api.delete(f"FeaturesOfInterest({refused})", status=409)
    api.delete(f"Observations({key})")
    api.delete(f"FeaturesOfInterest({own})")
    api.get(f"FeaturesOfInterest({own})", status=404)


def test_whoever_moves_a_thing_new_readings_are_about_its_new_place(api: Api, stream: int, pole: int) -> None:
    assert follow_moves() == 0
    change_thing(operator(), Thing.objects.get(pk=pole), geometry=THERE)
    assert follow_moves() == 1
    key = api.made(f"Datastreams({stream})/Observations", {"result": 1})
    assert api.get(f"Observations({key})/FeatureOfInterest")["feature"] == THERE
    assert follow_moves() == 0


def test_an_observed_area_is_kept(api: Api, stream: int) -> None:
    area = {"type": "Polygon", "coordinates": [[[24, 60], [25, 60], [25, 61], [24, 60]]]}
    api.patch(f"Datastreams({stream})", {"observedArea": area})
    api.patch(f"Datastreams({stream})", {"description": "another"})
    assert api.get(f"Datastreams({stream})")["observedArea"] == area
    within = "st_within(observedArea,geography'POLYGON ((20 50, 30 50, 30 70, 20 70, 20 50))')"
    assert api.ids(f"Datastreams?$filter={within}") == [stream]


def test_only_entities_are_written_to(api: Api, pole: int) -> None:
    for method, path in (("PATCH", "Things"), ("POST", f"Things({pole})"), ("PUT", f"Things({pole})/name")):
        assert api.ask(method, path, {}).status_code == 405
    assert api.ask("DELETE", "").status_code == 405
    assert api.post("Datastreams", {**datastream(), "observationType": f"{OM}Measurement"}, status=400)
