"""GET: sets, entities, properties, expansions, pages; in few queries however many rows there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import operator
from talkoot.core.base.text import Text
from talkoot.core.observations.sta import search
from talkoot.core.observations.sta.conformance import CLASSES
from talkoot.core.observations.sta.query import reading_filter
from talkoot.core.register.services import add_thing, close_thing, ensure_source
from tests.core.observations.sta.conftest import CELSIUS, KAMPPI, Api, datastream, location, observed_property, thing

HOURS = [f"2026-01-01T{hour:02}:00:00Z" for hour in range(12)]


@pytest.fixture
def readings(api: Api, stream: int) -> list[int]:
    """Twelve readings of the pole's datastream, an hour apart: 0 to 11."""
    rows = [[hour, float(position)] for position, hour in enumerate(HOURS)]
    body = [{"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}]
    links: Any = api.post("CreateObservations", body)
    return [int(link.rpartition("(")[2].rstrip(")")) for link in links]


def test_the_landing_page_names_the_sets_and_what_is_proven(visitor: Api) -> None:
    page = visitor.get("")
    assert page["serverSettings"]["conformance"] == list(CLASSES)
    for entry in page["value"]:
        assert visitor.get(entry["url"].removeprefix("http://testserver"))["value"] == []


def test_a_thing_of_the_register_reads_as_a_thing_and_a_location(visitor: Api, city: Any) -> None:
    source = ensure_source(operator(), code="osm", name="OSM", licence="ODbL-1.0")
    lamp = add_thing(
        operator(), kind="street_lamp", name=Text(), source=source, geometry=KAMPPI, attributes={"height_m": 6}
    )
    read = visitor.get(f"Things({lamp.pk})?$expand=Locations")
    assert (read["name"], read["description"]) == (f"Valaisinpylväs {lamp.pk}", "Valaisinpylväs")
    assert read["properties"] == {"height_m": 6}
    assert [(place["@iot.id"], place["location"]) for place in read["Locations"]] == [(lamp.pk, KAMPPI)]
    assert visitor.ids(f"Locations({lamp.pk})/Things") == [lamp.pk]


def test_paths_lead_from_entity_to_entity(api: Api, pole: int, stream: int, readings: list[int]) -> None:
    assert api.get(f"Things({pole})/Datastreams({stream})/Observations({readings[3]})/result") == {"result": 3.0}
    assert api.get(f"Observations({readings[3]})/Datastream/Thing/Locations")["value"][0]["name"] == "Kamppi"
    assert api.get(f"Datastreams({stream})/unitOfMeasurement/symbol") == {"symbol": "°C"}
    assert api.ask("GET", f"Things({pole})/name/$value").content == b"pole 1"
    assert api.ask("GET", f"Datastreams({stream})/Observations/$count").content == b"12"
    assert api.get(f"Things({pole})/Datastreams/$ref") == {
        "value": [{"@iot.selfLink": f"http://testserver/sensorthings/v1.1/Datastreams({stream})"}]
    }
    assert api.get(f"Datastreams({stream})/Thing/$ref")["@iot.selfLink"].endswith(f"/Things({pole})")
    assert api.ask("GET", f"Datastreams({stream})/observedArea").status_code == 204


@pytest.mark.parametrize(
    "path",
    ["Things(99999)", "Things(0)", "Things(-1)", "Nothings", "Things(1)/nothing", "Observations(77)", "Things/name"],
)
def test_what_is_not_there_is_not_found(path: str, visitor: Api) -> None:
    problem = visitor.get(path, status=404)
    assert (problem["status"], problem["code"], problem["type"]) == (404, 404, "about:blank")
    assert problem["message"] == problem["detail"]


def test_pages_follow_each_other_without_gap_or_double(api: Api, pole: int, readings: list[int]) -> None:
    for number in range(7):
        api.made("Things", thing(name=f"thing {number}"))
    link, names, pages = "Things?$top=3&$count=true&$orderby=name desc", [], 0
    while link:
        page = api.get(link)
        assert page["@iot.count"] == 8
        names += [row["name"] for row in page["value"]]
        link = page.get("@iot.nextLink", "").removeprefix("http://testserver")
        pages += 1
    assert (names, pages) == (sorted(names, reverse=True), 3)
    link, found = "Observations?$top=5&$orderby=phenomenonTime desc", []
    while link:
        page = api.get(link)
        found += [row["@iot.id"] for row in page["value"]]
        link = page.get("@iot.nextLink", "").removeprefix("http://testserver")
    assert found == readings[::-1]
    assert link == ""
    api.get("Observations?after=x", status=400)
    assert "@iot.nextLink" not in api.get("Things?$top=0")


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("condition", ["", "&$filter=result lt 90"])
def test_pages_of_readings_of_the_same_moments_follow_each_other(
    direction: str, condition: str, api: Api, pole: int
) -> None:
    streams = [api.made(f"Things({pole})/Datastreams", datastream(name=f"{number}")) for number in range(3)]
    moments = [[hour, 1.0] for hour in HOURS[:4]]
    group = {"components": ["phenomenonTime", "result"], "dataArray": moments}
    api.post("CreateObservations", [{**group, "Datastream": {"@iot.id": stream}} for stream in streams])
    link, found = f"Observations?$top=2&$orderby=phenomenonTime {direction}{condition}&$count=true", []
    while link:
        page = api.get(link)
        assert page["@iot.count"] == 12
        found += [(row["phenomenonTime"], row["@iot.id"]) for row in page["value"]]
        link = page.get("@iot.nextLink", "").removeprefix("http://testserver")
    assert len(found) == 12
    assert found == sorted(found, reverse=direction == "desc")


@pytest.mark.parametrize("descending", [False, True])
def test_few_among_many_are_found_where_the_store_looks_for_them(
    descending: bool, api: Api, readings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FIRST_BLOCK", 2)
    monkeypatch.setattr(search, "MANY_LOOKED_AT", 1)
    order = "desc" if descending else "asc"
    path = f"Observations?$filter=result ge 3 and 9 gt result&$top=2&$orderby=phenomenonTime {order}&$count=true"
    found = []
    while path:
        page = api.get(path)
        assert page["@iot.count"] == 6
        found += [row["@iot.id"] for row in page["value"]]
        path = page.get("@iot.nextLink", "").removeprefix("http://testserver")
    assert found == (readings[8:2:-1] if descending else readings[3:9])


def test_select_leaves_only_what_was_named(api: Api, pole: int, stream: int) -> None:
    assert api.get(f"Things({pole})?$select=name,properties/owner") == {
        "name": "pole 1",
        "properties": {"owner": "city"},
    }
    assert api.get(f"Things({pole})?$select=@iot.id&$expand=Datastreams($select=name)") == {
        "@iot.id": pole,
        "Datastreams": [{"name": "air temperature"}],
    }


def test_expansions_have_options_of_their_own(api: Api, pole: int, stream: int, readings: list[int]) -> None:
    api.made(f"Things({pole})/Datastreams", datastream(name="b"))
    api.made(f"Things({pole})/Datastreams", datastream(name="c"))
    read = api.get(
        f"Things({pole})?$expand=Datastreams($top=2;$orderby=name desc;$count=true;"
        "$expand=Observations($top=1;$orderby=phenomenonTime desc;$select=result))"
    )
    assert [row["name"] for row in read["Datastreams"]] == ["c", "b"]
    assert read["Datastreams@iot.count"] == 3
    following = api.get(read["Datastreams@iot.nextLink"].removeprefix("http://testserver"))
    assert [(row["name"], row["Observations"]) for row in following["value"]] == [
        ("air temperature", [{"result": 11.0}])
    ]
    page = api.get(f"Datastreams({stream})?$expand=Observations($top=2;$skip=3;$count=true)")
    assert [row["result"] for row in page["Observations"]] == [3.0, 4.0]
    assert page["Observations@iot.count"] == 12 and "$skip=5" in page["Observations@iot.nextLink"]


def test_datastreams_tell_of_which_time_their_readings_are(api: Api, stream: int, readings: list[int]) -> None:
    assert api.get(f"Datastreams({stream})")["phenomenonTime"] == f"{HOURS[0]}/{HOURS[-1]}"
    assert "phenomenonTime" not in api.get(f"Datastreams({stream})?$select=name")
    later = "2026-01-02T00:00:00Z/2026-01-03T00:00:00Z"
    api.post(f"Datastreams({stream})/Observations", {"result": 1, "phenomenonTime": later})
    assert api.get(f"Datastreams({stream})")["phenomenonTime"] == f"{HOURS[0]}/2026-01-03T00:00:00Z"
    assert api.ids("Datastreams?$filter=phenomenonTime lt 2026-01-02T12:00:00Z") == []


def test_observations_come_as_data_arrays(api: Api, stream: int, readings: list[int]) -> None:
    page = api.get(f"Datastreams({stream})/Observations?$resultFormat=dataArray&$top=2&$count=true")
    [array] = page["value"]
    assert page["@iot.count"] == 12 and "$resultFormat=dataArray" in page["@iot.nextLink"]
    assert array == {
        "Datastream@iot.navigationLink": f"http://testserver/sensorthings/v1.1/Datastreams({stream})",
        "components": ["id", "phenomenonTime", "result", "resultTime"],
        "dataArray@iot.count": 2,
        "dataArray": [[readings[0], HOURS[0], 0.0, None], [readings[1], HOURS[1], 1.0, None]],
    }
    chosen = api.get("Observations?$resultFormat=dataArray&$select=result,phenomenonTime&$top=1")["value"][0]
    assert (chosen["components"], chosen["dataArray"]) == (["phenomenonTime", "result"], [[HOURS[0], 0.0]])
    api.get("Things?$resultFormat=dataArray", status=400)


def test_observations_are_filtered_and_ordered(api: Api, stream: int, readings: list[int]) -> None:
    assert api.ids("Observations?$filter=result gt 8.5&$orderby=result desc") == readings[:8:-1]
    between = f"phenomenonTime ge {HOURS[2]} and phenomenonTime lt {HOURS[4]}"
    assert api.ids(f"Datastreams({stream})/Observations?$filter={between}") == readings[2:4]
    page = api.get("Observations?$filter=Datastream/Thing/name eq 'pole 1' and result lt 2&$count=true&$top=1")
    assert page["@iot.count"] == 2
    assert api.ids("Observations?$filter=Datastream/name eq 'nothing'") == []
    assert api.names("Things?$filter=Datastreams/Observations/result gt 10") == ["pole 1"]


def test_looking_through_readings_ends_in_time(api: Api, readings: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_filter, "MAX_SECONDS", -1.0)
    for path in ("Observations?$filter=result gt 0.5", "Things?$filter=Datastreams/Observations/result gt 0.5"):
        refused = api.get(path, status=400)
        assert refused["errors"][0]["fix"] == "Narrow it by phenomenonTime or to a datastream."
    assert len(api.ids("Observations")) == 12


def test_a_closed_thing_hides_with_its_datastreams_and_readings(
    api: Api, pole: int, stream: int, readings: list[int]
) -> None:
    from talkoot.core.register.models import Thing

    close_thing(operator(), Thing.objects.get(pk=pole))
    for path in (f"Things({pole})", f"Datastreams({stream})", f"Observations({readings[0]})"):
        api.get(path, status=404)
    assert api.ids("Things") == api.ids("Datastreams") == api.ids("Observations") == []
    assert api.get("Observations?$count=true&$top=0")["@iot.count"] == 0


EXPANSION = (
    "Things?$expand=Locations,HistoricalLocations,Datastreams($expand=Sensor,ObservedProperty,"
    "Observations($top=1;$orderby=phenomenonTime desc))"
)


def test_the_queries_do_not_grow_with_the_rows(api: Api, readings: list[int]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(EXPANSION)
        return len(captured)

    few = queries()
    for number in range(5):
        streams = [datastream(name=f"{number}{letter}", ObservedProperty=observed_property()) for letter in "ab"]
        key = api.made("Things", thing(name=f"pole {number}", Locations=[location()], Datastreams=streams))
        api.post(f"Datastreams({api.ids(f'Things({key})/Datastreams')[0]})/Observations", {"result": 1})
    assert queries() == few <= 15
    assert len(api.get(EXPANSION)["value"]) == 6
    assert api.get("Datastreams?$select=unitOfMeasurement")["value"][0] == {"unitOfMeasurement": CELSIUS}
