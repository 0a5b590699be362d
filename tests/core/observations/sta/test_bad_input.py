"""What cannot be accepted gets a clear answer that names the member, in bounded time; never a failure of ours."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.core.observations.sta.conftest import Api, datastream, location, sensor, thing

MEGABYTE = "x" * 1_000_000
DEEP = b"[" * 100_000
BODIES: dict[str, tuple[str, Any, str]] = {
    "malformed": ("Things", b'{"name": "a",}', "byte"),
    "empty": ("Things", b" ", "byte 1"),
    "cut off": ("Things", b'{"name": "a"', "byte 12"),
    "NaN": ("Datastreams({stream})/Observations", b'{"result": NaN}', "byte"),
    "Infinity": ("Datastreams({stream})/Observations", b'{"result": Infinity}', "byte"),
    "1e999": ("Datastreams({stream})/Observations", b'{"result": 1e999}', "range"),
    "not UTF-8": ("Things", b'{"name": "\xff"}', "byte 10"),
    "half a character": ("Things", b'{"name": "\\ud800"}', "byte 10"),
    "NUL": ("Things", b'{"name": "a\\u0000b"}', "name"),
    "NUL in properties": ("Things", thing(properties={"a": "\x00"}), "properties"),
    "deep": ("Things", DEEP, "deep"),
    "a list": ("Things", [], "object"),
    "a number": ("Things", 5, "object"),
    "no name": ("Things", {"description": "x"}, "name"),
    "empty name": ("Sensors", sensor(name=""), "name"),
    "name of a wrong type": ("Things", thing(name=["a"]), "name"),
    "properties of a wrong type": ("Things", thing(properties="x"), "properties"),
    "a megabyte": ("Things", thing(name=MEGABYTE), "name"),
    "a megabyte described": ("Sensors", sensor(description=MEGABYTE), "description"),
    "too much in properties": ("Sensors", sensor(properties={"a": MEGABYTE * 2}), "properties"),
    "a megabyte as result": ("Datastreams({stream})/Observations", {"result": MEGABYTE}, "result"),
    "a megabyte of parameters": (
        "Datastreams({stream})/Observations",
        {"result": 1, "parameters": {"a": MEGABYTE}},
        "long",
    ),
    "unknown datastream": ("Observations", {"result": 1, "Datastream": {"@iot.id": 10**9}}, "Datastream"),
    "no datastream": ("Observations", {"result": 1}, "Datastream"),
    "an identifier that is none": ("Observations", {"result": 1, "Datastream": {"@iot.id": "a"}}, "@iot.id"),
    "a negative identifier": ("Observations", {"result": 1, "Datastream": {"@iot.id": -1}}, "@iot.id"),
    "a huge identifier": ("Observations", {"result": 1, "Datastream": {"@iot.id": 10**30}}, "@iot.id"),
    "year 9999": (
        "Datastreams({stream})/Observations",
        {"result": 1, "phenomenonTime": "9999-12-31T23:59:59-12:00"},
        "phenomenonTime",
    ),
    "year 10000": (
        "Datastreams({stream})/Observations",
        {"result": 1, "phenomenonTime": "10000-01-01T00:00:00Z"},
        "phenomenonTime",
    ),
    "ends before it starts": (
        "Datastreams({stream})/Observations",
        {"result": 1, "phenomenonTime": "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z"},
        "phenomenonTime",
    ),
    "a time that is a number": ("Datastreams({stream})/Observations", {"result": 1, "resultTime": 5}, "resultTime"),
    "a time that is an object": (
        "Datastreams({stream})/Observations",
        {"result": 1, "phenomenonTime": {"a": 1}},
        "phenomenonTime",
    ),
    "history at no time": (
        "HistoricalLocations",
        {"time": "then", "Thing": thing(), "Locations": [location()]},
        "time",
    ),
    "no geometry": ("Locations", location(location={"type": "Point"}), "location"),
    "a place off the globe": ("Locations", location(location={"type": "Point", "coordinates": [24, 600]}), "location"),
    "a geometry of texts": ("Locations", location(location={"type": "Point", "coordinates": ["a", "b"]}), "location"),
    "a crossing polygon": (
        "Locations",
        location(location={"type": "Polygon", "coordinates": [[[24, 60], [25, 61], [25, 60], [24, 61], [24, 60]]]}),
        "location",
    ),
    "a feature that is none": (
        "FeaturesOfInterest",
        {"name": "x", "encodingType": "application/geo+json", "feature": {"type": "Feature", "geometry": None}},
        "feature",
    ),
    "a place that is a text": ("Locations", location(location="here"), "location"),
    "children that are no list": ("Things", thing(Datastreams={}), "Datastreams"),
    "a child that is no object": ("Things", thing(Datastreams=[5]), "Datastreams[0]"),
    "too many children": ("Things", thing(Datastreams=[{}] * 1001), "Datastreams"),
    "a unit of a wrong type": ("Things", thing(Datastreams=[datastream(unitOfMeasurement=5)]), "unitOfMeasurement"),
    "a data array that is none": ("CreateObservations", {"a": 1}, "data array"),
    "a data array without rows": ("CreateObservations", [{"Datastream": {"@iot.id": 1}}], "data array"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_accepted(name: str, api: Api, stream: int) -> None:
    path, body, told = BODIES[name]
    start = time.perf_counter()
    refused = api.post(path.format(stream=stream), body, status=400)
    assert time.perf_counter() - start < 2
    assert told in refused["detail"], refused["detail"][:500]
    assert refused["code"] == refused["status"] == 400 and len(refused["detail"]) < 2000


QUERIES = {
    "a filter of 10,000 terms": "Things?$filter=" + " or ".join(["name eq 'a'"] * 10_000),
    "an expansion 20 deep": "Things?$expand=" + "Datastreams/Thing/" * 10 + "Datastreams",
    "brackets": "Things?$filter=" + "(" * 5000,
    "no such property": "Things?$filter=nothing eq 1",
    "no such option": "Things?$nothing=1",
    "half a filter": "Things?$filter=name eq",
    "an unclosed text": "Things?$filter=name eq 'a",
    "a negative top": "Things?$top=-1",
    "top that is no number": "Things?$top=abc",
    "a huge skip": "Observations?$skip=999999999999999999",
    "an order by several": "Things?$orderby=Datastreams/name",
    "a geometry that is none": "Locations?$filter=st_within(location,geography'POINT(')",
    "a text with a number": "Things?$filter=length(name) eq 'a'",
    "no result format": "Observations?$resultFormat=xml",
    "an identifier that is a text": "Things('a')",
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_cannot_be_answered(name: str, visitor: Api) -> None:
    start = time.perf_counter()
    refused = visitor.get(QUERIES[name], status=400)
    assert time.perf_counter() - start < 2
    assert refused["errors"][0]["field"] and refused["errors"][0]["message"] and len(refused["detail"]) < 2000


@pytest.mark.parametrize(
    "path",
    ["Things(1)/Datastreams(2)/x/y/z", "%00", "Things(1)%2F..", "Things(" + "9" * 400 + ")", "a" * 3000, "()", "/"],
)
def test_an_address_of_any_sort_is_answered(path: str, visitor: Api) -> None:
    assert visitor.ask("GET", path).status_code in (200, 400, 404)


def test_a_wrong_row_is_refused_alone(api: Api, stream: int) -> None:
    rows = [
        ["2026-01-01T00:00:00Z", 1],
        ["2026-01-01T01:00:00Z", "x"],
        ["9999-01-01T00:00:00Z", 1],
        [1],
        5,
        ["2026-01-01T02:00:00Z", 2],
    ]
    group = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    unknown = {**group, "Datastream": {"@iot.id": 999}, "dataArray": rows[:1]}
    links = api.post("CreateObservations", [group, unknown])
    assert [link.partition(" ")[0] == "error" for link in links] == [False, True, True, True, True, False, True]
    assert [row["result"] for row in api.get("Observations")["value"]] == [1.0, 2.0]


def test_methods_that_are_none(visitor: Api) -> None:
    assert visitor.ask("TRACE", "Things").status_code == 405
    assert visitor.ask("OPTIONS", "Things").headers["Allow"]
    assert visitor.ask("GET", "$batch").status_code == 405
    assert visitor.ask("GET", "CreateObservations").status_code == 405
    assert visitor.ask("HEAD", "Things").content == b""


BATCHES: dict[str, tuple[Any, int]] = {
    "no requests": ({}, 400),
    "no list": ({"requests": {}}, 400),
    "too many": ({"requests": [{}] * 1001}, 400),
    "wrong ones": ({"requests": [5, {}, {"method": "x", "url": "Things"}, {"method": "get", "url": 5}]}, 200),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_that_is_none(name: str, visitor: Api) -> None:
    body, status = BATCHES[name]
    answer = visitor.post("$batch", body, status=status)
    assert all(response["status"] == 400 for response in answer.get("responses", []))


def test_a_batch_half_wrong_keeps_the_rest(api: Api) -> None:
    requests = [
        {"id": "t", "method": "post", "url": "Things", "body": thing()},
        {"id": "x", "method": "post", "url": "Things", "body": {}},
        {"id": "d", "method": "POST", "url": "$t/Datastreams", "body": datastream(), "dependsOn": ["t"]},
        {"id": "o", "method": "post", "url": "Observations", "body": {"result": 1, "Datastream": {"@iot.id": "$d"}}},
        {"id": "n", "method": "post", "url": "$x/Datastreams", "body": datastream()},
        {
            "id": "p",
            "method": "patch",
            "url": "/sensorthings/v1.1/$t",
            "body": [{"op": "replace", "path": "/name", "value": "renamed"}],
            "headers": {"Content-Type": "application/json-patch+json"},
        },
        {"id": "g", "method": "get", "url": "Things?$select=name&$filter=name%20eq%20'renamed'"},
        {"id": "y", "method": "delete", "url": "Things(999)", "dependsOn": ["x"]},
        {"id": "z", "method": "get", "url": "Things", "atomicityGroup": 1},
    ]
    responses = {each["id"]: each for each in api.post("$batch", {"requests": requests}, status=200)["responses"]}
    status = {key: response["status"] for key, response in responses.items()}
    assert status == {"t": 201, "x": 400, "d": 201, "o": 201, "n": 400, "p": 200, "g": 200, "y": 400, "z": 400}
    assert responses["g"]["body"]["value"] == [{"name": "renamed"}]
    assert responses["d"]["location"].endswith(f"/Datastreams({responses['d']['body']['@iot.id']})")
    assert len(api.get("Observations")["value"]) == 1


def group(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Return requests of one atomicity group."""
    return [{"atomicityGroup": "g", "method": "post", **request} for request in requests]


def test_a_group_is_done_as_a_whole_or_not_at_all(api: Api) -> None:
    made = [{"id": "t", "url": "Things", "body": thing()}, {"id": "d", "url": "$t/Datastreams", "body": datastream()}]
    after = {"id": "a", "method": "patch", "url": "$t", "body": {"name": "b"}, "dependsOn": ["g"]}
    wrong = {"id": "x", "url": "Things", "body": {}}
    failed = api.post("$batch", {"requests": [*group(*made, wrong), after]}, status=200)["responses"]
    assert [(each["id"], each["status"]) for each in failed] == [("t", 424), ("d", 424), ("x", 400), ("a", 400)]
    assert [each.get("atomicityGroup") for each in failed] == ["g", "g", "g", None]
    assert api.ids("Things") == api.ids("Datastreams") == []
    done = api.post("$batch", {"requests": [*group(*made), after]}, status=200)["responses"]
    assert [each["status"] for each in done] == [201, 201, 200]
    assert api.names("Things") == ["b"] and len(api.ids("Datastreams")) == 1


@pytest.mark.parametrize(
    "request_",
    [
        {"url": "Datastreams({stream})/Observations", "body": {"result": 1}},
        {"url": "CreateObservations", "body": []},
        {"url": "Things", "body": thing(Datastreams=[datastream(Observations=[{"result": 1}])])},
        {"method": "delete", "url": "Observations(5)"},
    ],
)
def test_readings_are_kept_at_once_and_so_in_no_group(request_: dict[str, Any], api: Api, stream: int) -> None:
    given = {**request_, "url": request_["url"].format(stream=stream)}
    told = api.post("$batch", {"requests": group({"url": "Things", "body": thing(name="n")}, given)}, status=200)
    assert [each["status"] for each in told["responses"]] == [424, 400]
    assert "kept as soon as they come" in told["responses"][1]["body"]["detail"]
    assert api.names("Things") == ["pole 1"] and api.ids("Observations") == []
