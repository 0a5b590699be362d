"""Observations of a calibrated datastream: filtered, ordered, written as data arrays and changed by what is right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from talkoot.core.observations import readings
from talkoot.core.observations.queries import microseconds
from tests.core.observations.sta.conftest import OM, Api, datastream

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(minute: int) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


@pytest.fixture
def calibrated(api: Api, stream: int) -> Iterator[int]:
    """A datastream with results 1, 2, 3 and one of null, whose values from the second on are 10 - 2 * result."""
    for minute, result in enumerate([1, 2, 3, None]):
        api.post(f"Datastreams({stream})/Observations", {"phenomenonTime": at(minute), "result": result})
    readings.writer().calibrate(stream, [(microseconds(NOON) + 60_000_000, -2.0, 10.0)])
    yield stream
    readings.writer().calibrate(stream, [])


def rows(api: Api, stream: int, options: str) -> Any:
    """Return the value of a query."""
    return api.get(f"Datastreams({stream})/Observations?{quote(options, safe='=&$')}")["value"]


def asked(api: Api, stream: int, options: str) -> list[Any]:
    """Return the results of a query."""
    return [row["result"] for row in rows(api, stream, options)]


def test_results_are_filtered_and_ordered_as_they_are_shown(api: Api, calibrated: int) -> None:
    assert asked(api, calibrated, "$orderby=phenomenonTime asc") == [1, 6, 4, None]
    assert asked(api, calibrated, "$filter=result gt 4") == [6]
    assert asked(api, calibrated, "$filter=result ge 4 and result lt 10&$orderby=result asc") == [4, 6]
    assert asked(api, calibrated, "$filter=result eq 2") == []
    assert asked(api, calibrated, "$filter=result ne null&$orderby=result desc") == [6, 4, 1]
    assert asked(api, calibrated, "$filter=parameters/rawResult eq 2") == [6]
    assert api.get(f"Datastreams({calibrated})/Observations?$filter=result%20gt%203&$count=true")["@iot.count"] == 2
    holders = api.ids("Datastreams?$filter=Observations/result%20eq%206")
    assert holders == [calibrated]


def test_every_form_shows_the_same_and_the_raw_result(api: Api, calibrated: int) -> None:
    [first, second, third, nothing] = rows(api, calibrated, "$orderby=phenomenonTime")
    assert "parameters" not in first and "parameters" not in nothing
    assert (second["result"], second["parameters"]) == (6, {"rawResult": 2})
    assert api.get(f"Observations({third['@iot.id']})/result") == {"result": 4}
    greatest = "Observations($filter=result ne null;$orderby=result desc;$top=1)"
    [found] = api.get(f"Datastreams({calibrated})?$expand={greatest}")["Observations"]
    assert found["result"] == 6
    [array] = rows(api, calibrated, "$resultFormat=dataArray&$orderby=phenomenonTime")
    written = [dict(zip(array["components"], row, strict=True)) for row in array["dataArray"]]
    assert [row["result"] for row in written] == [1, 6, 4, None]
    assert [row["parameters"] for row in written] == [None, {"rawResult": 2}, {"rawResult": 3}, None]


def test_a_change_of_something_else_leaves_the_raw_result(api: Api, calibrated: int) -> None:
    [key] = api.ids(f"Datastreams({calibrated})/Observations?$filter=result%20eq%206")
    address = f"Observations({key})"
    api.patch(address, {"resultQuality": "suspect", "parameters": {"height": 2}})
    read = api.get(address)
    assert (read["result"], read["parameters"]) == (6, {"rawResult": 2, "height": 2})
    assert api.ask("PUT", address, read).status_code == 200  # as a client that read it sends it back
    assert api.get(address) == read
    operations = [{"op": "replace", "path": "/parameters/height", "value": 3}]
    assert api.ask("PATCH", address, operations, "application/json-patch+json").status_code == 200
    assert api.get(address)["parameters"] == {"rawResult": 2, "height": 3}
    api.patch(address, {"result": 5})  # what is sent is raw
    assert (api.get(address)["result"], api.get(address)["parameters"]["rawResult"]) == (0, 5)
    api.patch(address, {"parameters": ["a list"]})
    assert (api.get(address)["result"], api.get(address)["parameters"]) == (0, ["a list"])
    api.patch(address, {"resultQuality": "good"})
    assert api.get(address)["result"] == 0


def test_a_calibrated_count_is_shown_as_it_is(api: Api, pole: int) -> None:
    counts = datastream(name="people", observationType=f"{OM}CountObservation", Thing={"@iot.id": pole})
    stream = api.made("Datastreams", counts)
    for minute, result in ((0, 10), (1, 20)):
        api.post(f"Datastreams({stream})/Observations", {"phenomenonTime": at(minute), "result": result})
    readings.writer().calibrate(stream, [(0, 1.25, 0.0)])
    assert asked(api, stream, "$orderby=result asc") == [12.5, 25]
    assert asked(api, stream, "$filter=result eq 12.5") == [12.5]
    readings.writer().calibrate(stream, [])
