"""The description of the interface for programs: whole, true to the tables it is made of, and shown."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

from talkoot.core.observations.sta.openapi.document import document
from talkoot.core.observations.sta.query.schema import ENTITIES
from tests.core.observations.sta.conftest import CELSIUS, Api, datastream, location, thing


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description of a service."""
    return document("https://city.example/sensorthings/v1.1")


def test_every_set_entity_and_way_has_its_address(described: dict[str, Any]) -> None:
    for entity in ENTITIES.values():
        one = f"/{entity.collection}({{id}})"
        assert described["paths"][f"/{entity.collection}"].keys() == {"get", "post"}
        assert described["paths"][one].keys() == {"get", "patch", "put", "delete"}
        for way in entity.navigations.values():
            assert ("post" in described["paths"][f"{one}/{way.name}"]) == way.many
        for name in entity.properties.keys() - {"id"}:
            assert "get" in described["paths"][f"{one}/{name}/$value"]
    operations = [operation for item in described["paths"].values() for operation in item.values()]
    assert max(Counter(operation["operationId"] for operation in operations).values()) == 1
    writing = [operation for item in described["paths"].values() for name, operation in item.items() if name != "get"]
    assert all({} not in operation["security"] for operation in writing if operation["operationId"] != "batch")


def test_what_is_answered_is_as_described_and_nothing_else(api: Api, visitor: Api) -> None:
    described = visitor.get("api")
    assert described["openapi"] == "3.1.0"
    api.made("Things", thing(Locations=[location()], Datastreams=[datastream(Observations=[{"result": 1}])]))
    everything = "Things?$count=true&$expand=Locations,HistoricalLocations,Datastreams($expand=Sensor,Observations)"
    schema = {"$ref": "#/components/schemas/ThingSet", "components": described["components"]}
    answer = api.get(everything)
    jsonschema_rs.validate(schema, answer)
    answer["value"][0]["Datastreams"][0]["unitOfMeasurement"] = 5
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, answer)


def test_what_is_described_as_taken_is_taken(api: Api, pole: int) -> None:
    described = document("/")
    schema = {"$ref": "#/components/schemas/DatastreamNew", "components": described["components"]}
    new = datastream(unitOfMeasurement=CELSIUS, Thing={"@iot.id": pole})
    jsonschema_rs.validate(schema, new)
    api.made("Datastreams", new)
    del new["unitOfMeasurement"]
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, new)
    api.post("Datastreams", new, 400)


def test_both_interfaces_are_shown(visitor: Api) -> None:
    page = visitor.client.get("/api/docs").content.decode()
    for shown in ("/sensorthings/v1.1/Datastreams({id})", "/sensorthings/v1.1/api", "/api/v1/register/things"):
        assert shown in page
    assert len(page) < 600_000
