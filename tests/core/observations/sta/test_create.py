"""POST: entities alone, deep, linked and below others; nothing where anything is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from talkoot.core.base.models import AuditEntry
from talkoot.core.observations.models import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    ObservedProperty,
    Sensor,
)
from talkoot.core.register.models import Thing
from tests.core.observations.sta.conftest import (
    CELSIUS,
    KAMPPI,
    Api,
    datastream,
    location,
    multi_datastream,
    observed_property,
    sensor,
    thing,
)


def everything() -> list[int]:
    """Count the rows that a deep insert could write."""
    models: tuple[Any, ...] = (Thing, Datastream, Sensor, ObservedProperty, FeatureOfInterest, HistoricalLocation)
    return [model.objects.count() for model in (*models, AuditEntry)]


def test_a_thing_is_a_thing_of_the_register(api: Api) -> None:
    answer = api.ask("POST", "Things", thing())
    link = answer.headers["Location"]
    made = Thing.objects.get(kind="thing")
    assert answer.status_code == 201
    assert link == f"http://testserver/sensorthings/v1.1/Things({made.pk})"
    assert (str(made.name), made.attributes) == ("pole 1", {"owner": "city"})
    read = api.get(f"Things({made.pk})")
    assert read["@iot.selfLink"] == link
    assert {name: read[name] for name in thing()} == thing()
    assert read["Datastreams@iot.navigationLink"] == f"{link}/Datastreams"


def test_a_deep_insert_makes_all_of_it_in_one_audit_entry(api: Api) -> None:
    reading = {"phenomenonTime": "2026-01-01T10:00:00Z", "result": 21.5}
    before = AuditEntry.objects.count()
    key = api.made("Things", thing(Locations=[location()], Datastreams=[datastream(Observations=[reading])]))
    assert AuditEntry.objects.count() == before + 1
    read = api.get(f"Things({key})?$expand=Locations,Datastreams($expand=Sensor,ObservedProperty,Observations)")
    [stream] = read["Datastreams"]
    assert read["Locations"][0]["location"] == KAMPPI
    assert stream["unitOfMeasurement"] == CELSIUS
    assert stream["Sensor"]["metadata"] == "x.pdf"
    assert stream["ObservedProperty"]["definition"] == "ucum:Cel"
    assert [(row["phenomenonTime"], row["result"]) for row in stream["Observations"]] == [
        ("2026-01-01T10:00:00Z", 21.5)
    ]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": 5}, "Datastreams[0].name"),
        ({"unitOfMeasurement": None}, "Datastreams[0].unitOfMeasurement"),
        ({"Sensor": {"@iot.id": 999}}, "Datastreams[0].Sensor.@iot.id"),
        ({"ObservedProperty": observed_property(definition="x" * 1000)}, "Datastreams[0].ObservedProperty.definition"),
        ({"Observations": [{"result": "warm"}]}, "Datastreams[0].Observations[0].result"),
        ({"Observations": [{"result": 1, "phenomenonTime": "soon"}]}, "Datastreams[0].Observations[0].phenomenonTime"),
    ],
)
def test_nothing_is_made_where_anything_is_wrong(wrong: dict[str, Any], where: str, api: Api) -> None:
    before = everything()
    refused = api.post("Things", thing(Locations=[location()], Datastreams=[datastream(**wrong)]), status=400)
    assert refused["errors"][0]["field"] == where
    assert everything() == before


def test_an_entity_below_another_is_linked_to_it(api: Api, pole: int) -> None:
    key = api.made(f"Things({pole})/Datastreams", datastream(name="second"))
    assert api.get(f"Datastreams({key})/Thing")["@iot.id"] == pole
    other = api.made(
        f"Sensors({api.get(f'Datastreams({key})/Sensor')['@iot.id']})/Datastreams",
        {
            **{name: value for name, value in datastream(name="third").items() if name != "Sensor"},
            "Thing": {"@iot.id": pole},
        },
    )
    assert api.ids(f"Things({pole})/Datastreams")[1:] == [key, other]
    assert Sensor.objects.count() == 2


def test_a_datastream_links_what_exists(api: Api, pole: int) -> None:
    links = {"Thing": {"@iot.id": pole}, "Sensor": {"@iot.id": api.made("Sensors", sensor())}}
    links["ObservedProperty"] = {"@iot.id": api.made("ObservedProperties", observed_property())}
    before = Sensor.objects.count()
    key = api.made("Datastreams", datastream(**links))
    assert Sensor.objects.count() == before
    assert api.get(f"Datastreams({key})/ObservedProperty")["@iot.id"] == links["ObservedProperty"]["@iot.id"]


def test_a_multidatastream_has_a_unit_and_a_type_for_each_property(api: Api, pole: int) -> None:
    body = multi_datastream(Thing={"@iot.id": pole})
    key = api.made("MultiDatastreams", body)
    assert api.names(f"MultiDatastreams({key})/ObservedProperties") == ["temperature", "people"]
    api.post(f"MultiDatastreams({key})/Observations", {"result": [1.5, 3]})
    api.post(f"MultiDatastreams({key})/Observations", {"result": [1.5]}, status=400)
    [read] = api.get(f"MultiDatastreams({key})/Observations")["value"]
    assert read["result"] == [1.5, 3]
    assert "MultiDatastream@iot.navigationLink" in read and "Datastream@iot.navigationLink" not in read
    assert api.ids("Datastreams") == api.ids(f"Things({pole})/Datastreams")
    one_short = {**body, "unitOfMeasurements": [CELSIUS]}
    assert api.post("MultiDatastreams", one_short, status=400)["errors"][0]["field"] == "unitOfMeasurements"


def test_placing_a_thing_writes_its_history_and_moves_it_in_the_register(api: Api, pole: int) -> None:
    there = {"type": "Point", "coordinates": [24.94, 60.17]}
    key = api.made(f"Things({pole})/Locations", location(name="Elsewhere", location=there))
    assert api.ids(f"Things({pole})/Locations") == [key]
    history = api.get(f"Things({pole})/HistoricalLocations?$orderby=time desc&$expand=Locations")["value"]
    assert [[place["name"] for place in entry["Locations"]] for entry in history] == [["Elsewhere"], ["Kamppi"]]
    assert (Thing.objects.get(pk=pole).min_lon, Thing.objects.get(pk=pole).min_lat) == (24.94, 60.17)
    assert api.ids(f"Locations({key})/Things") == [pole]


def test_an_older_place_is_history_only(api: Api, pole: int) -> None:
    there = api.made("Locations", location(location={"type": "Point", "coordinates": [24.9, 60.1]}))
    entry = {"time": "2020-01-01T00:00:00Z", "Thing": {"@iot.id": pole}, "Locations": [{"@iot.id": there}]}
    key = api.made("HistoricalLocations", entry)
    assert api.get(f"HistoricalLocations({key})")["time"] == "2020-01-01T00:00:00Z"
    assert api.ids(f"Things({pole})/Locations") != [there]
    assert Thing.objects.get(pk=pole).min_lat == 60.168


def test_a_place_with_a_height_or_in_another_encoding_reads_as_it_was_sent(api: Api) -> None:
    high = {"type": "Point", "coordinates": [24.9, 60.1, 12.0]}
    key = api.made("Locations", location(location=high, encodingType="application/vnd.geo+json"))
    read = api.get(f"Locations({key})")
    assert (read["location"], read["encodingType"]) == (high, "application/vnd.geo+json")
    key = api.made("Locations", location(location="by the door", encodingType="text/plain"))
    assert api.get(f"Locations({key})")["location"] == "by the door"
    assert Thing.objects.get(pk=key).geometry is None


def test_every_open_thing_with_a_place_is_a_location_of_the_same_number(api: Api, pole: int) -> None:
    [place] = api.ids(f"Things({pole})/Locations")
    assert place in api.ids("Locations") and pole not in api.ids("Locations")
    assert place not in api.ids("Things")


def test_an_observation_without_a_feature_is_about_the_things_place(api: Api, stream: int) -> None:
    key = api.made("Observations", {"result": 20, "Datastream": {"@iot.id": stream}})
    feature = api.get(f"Observations({key})/FeatureOfInterest")
    assert feature["feature"] == KAMPPI
    assert api.get(f"Observations({key})/Datastream")["@iot.id"] == stream
    own = {"name": "the door", "description": "", "encodingType": "application/geo+json", "feature": KAMPPI}
    key = api.made(f"Datastreams({stream})/Observations", {"result": 20, "FeatureOfInterest": own})
    other = api.get(f"Observations({key})/FeatureOfInterest")
    assert other["name"] == "the door" and other["@iot.id"] != feature["@iot.id"]
    assert api.ids(f"FeaturesOfInterest({other['@iot.id']})/Observations") == [key]
    link = {"FeatureOfInterest": {"@iot.id": other["@iot.id"]}, "result": 1, "phenomenonTime": "2026-01-01T00:00:00Z"}
    key = api.made(f"Datastreams({stream})/Observations", link)
    assert api.get(f"Observations({key})?$expand=FeatureOfInterest")["FeatureOfInterest"]["name"] == "the door"
