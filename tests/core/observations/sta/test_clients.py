"""Real clients, unchanged, on a live server: frost-sta-client and istsos4-client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from tests.core.observations.sta.conftest import KAMPPI, OM, Api, multi_datastream, sensor

fsc: Any = import_module("frost_sta_client")
istsos: Any = import_module("istsos4_client")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def address(live_server: Any, no_readings: None) -> str:
    """The root of a served service."""
    return f"{live_server.url}/sensorthings/v1.1"


@pytest.fixture
def frost(address: str, editor_key: str) -> Any:
    """The client of FROST, with a key as its password."""
    return fsc.SensorThingsService(address, auth_handler=fsc.AuthHandler("editor", editor_key))


def a_datastream(**members: Any) -> Any:
    """Return a datastream with a sensor and an observed property of its own."""
    return fsc.Datastream(
        name="air",
        description="air temperature",
        observation_type=f"{OM}Measurement",
        unit_of_measurement=fsc.UnitOfMeasurement(name="degree Celsius", symbol="°C", definition="ucum:Cel"),
        sensor=fsc.Sensor(name="S", description="s", encoding_type="text/html", metadata="https://s.example"),
        observed_property=fsc.ObservedProperty(name="T", description="t", definition="ucum:Cel"),
        **members,
    )


@pytest.fixture
def pole(frost: Any) -> Any:
    """A thing with a location and a datastream, made by a deep insert of the client."""
    place = fsc.Location(name="P", description="p", location=KAMPPI, encoding_type="application/geo+json")
    thing = fsc.Thing(name="pole", description="a pole", properties={"height": 6})
    thing.locations, thing.datastreams = [place], [a_datastream()]
    frost.create(thing)
    return thing


def test_frost_creates_reads_changes_and_deletes(frost: Any, pole: Any) -> None:
    read = frost.things().find(pole.id)
    assert (read.name, read.properties) == ("pole", {"height": 6})
    read.description = "another"
    frost.update(read)
    frost.patch(read, [{"op": "replace", "path": "/properties/height", "value": 8}])
    assert frost.things().find(pole.id).properties == {"height": 8}
    assert frost.things().find(pole.id).description == "another"
    [place] = list(read.get_locations().query().list())
    assert place.location == KAMPPI
    [stream] = list(read.get_datastreams().query().list())
    assert (stream.unit_of_measurement.symbol, stream.name) == ("°C", "air")
    frost.delete(stream)
    frost.delete(read)
    assert list(frost.things().query().list()) == []


def test_frost_makes_every_sort_of_entity(frost: Any, pole: Any, editor_key: str) -> None:
    feature = fsc.FeatureOfInterest("F", "f", "application/geo+json", feature=KAMPPI)
    frost.create(feature)
    entry = fsc.HistoricalLocation(time="2020-01-01T00:00:00Z", thing=fsc.Thing(id=pole.id))
    entry.locations = list(pole.get_locations().query().list())
    frost.create(entry)
    assert len(list(pole.get_historical_locations().query().list())) == 2
    # The client itself cannot send the units of a MultiDatastream on Python 3.11 and later; it reads and fills it.
    multi = Api(editor_key).made("MultiDatastreams", multi_datastream(Thing={"@iot.id": pole.id}))
    read = frost.multi_datastreams().find(multi)
    assert read.multi_observation_data_types == [f"{OM}Measurement", f"{OM}CountObservation"]
    observation = fsc.Observation(result=[3.5, 180], phenomenon_time=NOON.isoformat())
    observation.multi_datastream = fsc.MultiDatastream(id=multi)
    frost.create(observation)
    assert [each.result for each in read.get_observations().query().list()] == [[3.5, 180]]
    assert frost.features_of_interest().find(feature.id).feature == KAMPPI
    assert frost.observations().find(observation.id).result == [3.5, 180]


def test_frost_asks_pages_and_counts(frost: Any, pole: Any) -> None:
    [stream] = list(frost.things().find(pole.id).get_datastreams().query().list())
    document = fsc.DataArrayDocument()
    values = fsc.DataArrayValue()
    values.datastream = stream
    values.components = {fsc.DataArrayValue.Property.PHENOMENON_TIME, fsc.DataArrayValue.Property.RESULT}
    for hour in range(10):
        moment = (NOON + timedelta(hours=hour)).isoformat()
        values.add_observation(fsc.Observation(result=float(hour), phenomenon_time=moment, datastream=stream))
    document.add_data_array_value(values)
    made = frost.observations().create(document)
    assert len({each.self_link for each in made}) == 10
    found = stream.get_observations().query().filter("result gt 2.5").orderby("phenomenonTime").top(3).count().list()
    assert found.count == 7
    assert [each.result for each in found] == [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0]
    one = frost.observations().query().expand("Datastream($expand=Thing)").orderby("phenomenonTime").top(1).list()
    assert one.get(0).datastream.thing.name == "pole"
    assert one.get(0).phenomenon_time == "2026-01-01T21:00:00Z"
    again = frost.datastreams().query().filter("Thing/name eq 'pole'").expand("Observations($top=2)").list()
    assert [each.result for each in again.get(0).observations.entities] == [0.0, 1.0]


def test_istsos_creates_reads_changes_and_deletes(address: str, editor_key: str) -> None:
    with istsos.Client(address, username="editor", password=editor_key, max_retries=0) as client:
        place = client.post(istsos.Location(name="P", description="p", location=KAMPPI))
        thing = client.post(istsos.Thing(name="pole", description="a pole", locations=[place]))
        stream = client.post(
            istsos.Datastream(
                name="air",
                description="air temperature",
                unit_of_measurement=istsos.UnitOfMeasurement(name="C", symbol="C", definition="ucum:Cel"),
                observation_type=f"{OM}Measurement",
                thing=thing,
                sensor=istsos.Sensor(**{"name": "S", "encoding_type": "text/html", "metadata": sensor()["metadata"]}),
                observed_property=istsos.ObservedProperty(name="T", description="t", definition="ucum:Cel"),
            )
        )
        readings = [
            istsos.Observation(phenomenon_time=NOON + timedelta(hours=hour), result=hour, datastream=stream)
            for hour in range(5)
        ]
        assert client.bulk_observations(readings) == 5
        single = client.post(
            istsos.Observation(phenomenon_time=NOON - timedelta(hours=1), result=-1, datastream=stream)
        )
        client.patch(istsos.Observation(iot_id=single.iot_id, result=-2.5))
        assert client.get(istsos.Observation, single.iot_id).result == -2.5
        listed = client.list(istsos.Observation, filter="result ge 0", orderby="phenomenonTime desc", top=2)
        assert [each.result for each in listed] == [4, 3, 2, 1, 0]
        read = client.get(istsos.Datastream, stream.iot_id, expand="Thing")
        assert isinstance(read.thing, istsos.Thing) and read.thing.name == "pole"
        assert read.phenomenon_time is not None and read.phenomenon_time.start == NOON - timedelta(hours=1)
        client.delete(istsos.Thing, thing.iot_id)
        assert client.list(istsos.Thing) == client.list(istsos.Observation) == []
