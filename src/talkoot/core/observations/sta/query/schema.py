"""What a query may name: the entities of SensorThings 1.1, their properties and the ways between them.

Source: OGC 18-088, SensorThings API part 1: Sensing, version 1.1, clause 8.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# What a value is. `json` is known only when it is seen; `period` is a moment or an interval of time.
Type = Literal["text", "number", "boolean", "period", "date", "time", "duration", "geometry", "json", "null"]

ID: Final = "id"
ID_NAMES: Final = ("id", "@iot.id")


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way from an entity to the `target` entity; to `many` of them or to one."""

    name: str
    target: str
    many: bool


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity: its name, the name of the set of all such, its properties with their types, and its navigations."""

    name: str
    collection: str
    properties: dict[str, Type]
    navigations: dict[str, Navigation]


def _entity(name: str, collection: str, properties: dict[str, Type], *navigations: str) -> EntityType:
    ways = {}
    for way in navigations:
        target = SINGULAR.get(way, way)
        ways[way] = Navigation(way, target, many=way in SINGULAR)
    return EntityType(name, collection, {ID: "number", **properties}, ways)


SINGULAR: Final = {
    "Things": "Thing",
    "Locations": "Location",
    "HistoricalLocations": "HistoricalLocation",
    "Datastreams": "Datastream",
    "MultiDatastreams": "MultiDatastream",
    "Sensors": "Sensor",
    "ObservedProperties": "ObservedProperty",
    "Observations": "Observation",
    "FeaturesOfInterest": "FeatureOfInterest",
}
_DESCRIBED: Final[dict[str, Type]] = {"name": "text", "description": "text"}
_PROPERTIES: Final[dict[str, Type]] = {"properties": "json"}
_STREAM_TIMES: Final[dict[str, Type]] = {"observedArea": "geometry", "phenomenonTime": "period", "resultTime": "period"}
_SHARED: Final[dict[str, Type]] = {"isPublic": "boolean"}  # of our own

ENTITIES: Final[dict[str, EntityType]] = {
    entity.name: entity
    for entity in (
        _entity(
            "Thing",
            "Things",
            {**_DESCRIBED, **_PROPERTIES},
            "Locations",
            "HistoricalLocations",
            "Datastreams",
            "MultiDatastreams",
        ),
        _entity(
            "Location",
            "Locations",
            {**_DESCRIBED, "encodingType": "text", "location": "geometry", **_PROPERTIES},
            "Things",
            "HistoricalLocations",
        ),
        _entity("HistoricalLocation", "HistoricalLocations", {"time": "period"}, "Thing", "Locations"),
        _entity(
            "Datastream",
            "Datastreams",
            {
                **_DESCRIBED,
                "observationType": "text",
                "unitOfMeasurement": "json",
                **_STREAM_TIMES,
                **_PROPERTIES,
                **_SHARED,
            },
            "Thing",
            "Sensor",
            "ObservedProperty",
            "Observations",
        ),
        _entity(
            "MultiDatastream",
            "MultiDatastreams",
            {
                **_DESCRIBED,
                "observationType": "text",
                "multiObservationDataTypes": "json",
                "unitOfMeasurements": "json",
                **_STREAM_TIMES,
                **_PROPERTIES,
                **_SHARED,
            },
            "Thing",
            "Sensor",
            "ObservedProperties",
            "Observations",
        ),
        _entity(
            "Sensor",
            "Sensors",
            {**_DESCRIBED, "encodingType": "text", "metadata": "json", **_PROPERTIES},
            "Datastreams",
            "MultiDatastreams",
        ),
        _entity(
            "ObservedProperty",
            "ObservedProperties",
            {**_DESCRIBED, "definition": "text", **_PROPERTIES},
            "Datastreams",
            "MultiDatastreams",
        ),
        _entity(
            "Observation",
            "Observations",
            {
                "phenomenonTime": "period",
                "resultTime": "period",
                "validTime": "period",
                "result": "json",
                "resultQuality": "json",
                "parameters": "json",
            },
            "Datastream",
            "MultiDatastream",
            "FeatureOfInterest",
        ),
        _entity(
            "FeatureOfInterest",
            "FeaturesOfInterest",
            {**_DESCRIBED, "encodingType": "text", "feature": "geometry", **_PROPERTIES},
            "Observations",
        ),
    )
}
COLLECTIONS: Final[dict[str, EntityType]] = {entity.collection: entity for entity in ENTITIES.values()}
