"""The entities of SensorThings as rows: where each is found, what it says of itself, and how it leads to others.

Source: OGC 18-088, SensorThings API part 1: Sensing, version 1.1, clause 8.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import Text
from talkoot.core.observations import access
from talkoot.core.observations.models import Datastream, FeatureOfInterest, HistoricalLocation, ObservedProperty
from talkoot.core.observations.sta.moments import EPOCH, MICROSECOND, iso
from talkoot.core.observations.sta.query.schema import ENTITIES
from talkoot.core.register.geometries import to_geojson
from talkoot.core.register.models import Thing

GEOJSON: Final = "application/geo+json"
COMPLEX: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"

Value = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Way:
    """How a navigation property is followed.

    `lookups` lead from the target's rows back to the entity's primary key, each to other targets; `key` is the
    attribute of the entity that holds the one target's primary key; `order` is that of the targets where none is asked.
    """

    lookups: tuple[str, ...] = ()
    key: str = ""
    order: str = "pk"


@dataclass(frozen=True, slots=True)
class Form:
    """How an entity is read: the rows that an actor may see, its properties' values, its ways to others.

    `optional` properties are left out where there is nothing to say.

    """

    rows: Callable[[Actor], QuerySet[Any]]
    values: dict[str, Value]
    ways: dict[str, Way] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()


def words(text: Text) -> str:
    """Return a text as SensorThings has it: in one language, the first of Finnish, Swedish and English present."""
    return text.fi or text.sv or text.en


def _name(row: Any) -> str:
    return words(row.name)


def _description(row: Any) -> str:
    return words(row.description)


def _properties(row: Any) -> Any:
    return row.properties


def _thing_name(thing: Thing) -> str:
    return words(thing.name) or f"{_kind_name(thing)} {thing.external_id or thing.pk}"


def _thing_description(thing: Thing) -> str:
    said = thing.tags.get("description")
    return said if isinstance(said, str) else _kind_name(thing)


def _kind_name(thing: Thing) -> str:
    declared = kinds().get(thing.kind)
    return words(declared.name) if declared is not None else thing.kind


def _encoding(location: Thing) -> str:
    said = location.tags.get("encodingType")
    return said if isinstance(said, str) else GEOJSON


def _location(location: Thing) -> Any:
    return location.tags["location"] if "location" in location.tags else to_geojson(location.geometry)


_DESCRIBED: Final[dict[str, Value]] = {"name": _name, "description": _description}
_OF_THING: Final[dict[str, Value]] = {"name": _thing_name, "description": _thing_description}
_ATTRIBUTES: Final[dict[str, Value]] = {"properties": lambda thing: thing.attributes}
_STREAM: Final[dict[str, Value]] = {
    "observedArea": lambda row: row.observed_area,
    "phenomenonTime": lambda row: row.phenomenon_time,
    "resultTime": lambda row: row.result_time,
    "properties": _properties,
    "isPublic": lambda row: row.is_public,
}
_STREAM_OPTIONAL: Final = frozenset({"observedArea", "phenomenonTime", "resultTime"})
_STREAM_WAYS: Final = {
    "Thing": Way(("datastreams",), "thing_id"),
    "Sensor": Way(("datastreams",), "sensor_id"),
}


def _single(actor: Actor) -> QuerySet[Any]:
    return access.datastreams(actor).filter(is_multi=False)


def _multi(actor: Actor) -> QuerySet[Any]:
    return access.datastreams(actor).filter(is_multi=True)


def _history(actor: Actor) -> QuerySet[Any]:
    return HistoricalLocation.objects.filter(thing__in=access.things(actor))


FORMS: Final[dict[str, Form]] = {
    "Thing": Form(
        access.things,
        {**_OF_THING, **_ATTRIBUTES},
        {
            "Locations": Way(("placed__thing", "pk")),
            "HistoricalLocations": Way(("thing",)),
            "Datastreams": Way(("thing",)),
            "MultiDatastreams": Way(("thing",)),
        },
    ),
    "Location": Form(
        access.locations,
        {**_OF_THING, "encodingType": _encoding, "location": _location, **_ATTRIBUTES},
        {"Things": Way(("placements__location", "pk")), "HistoricalLocations": Way(("locations",))},
    ),
    "HistoricalLocation": Form(
        _history,
        {"time": lambda row: iso((row.time - EPOCH) // MICROSECOND)},
        {"Thing": Way(("historical_locations",), "thing_id"), "Locations": Way(("historical_locations_here",))},
    ),
    "Datastream": Form(
        _single,
        {
            **_DESCRIBED,
            "observationType": lambda row: row.observation_types[0],
            "unitOfMeasurement": lambda row: row.units[0],
            **_STREAM,
        },
        {**_STREAM_WAYS, "ObservedProperty": Way(("datastream_links__datastream",))},
        _STREAM_OPTIONAL,
    ),
    "MultiDatastream": Form(
        _multi,
        {
            **_DESCRIBED,
            "observationType": lambda row: COMPLEX,
            "multiObservationDataTypes": lambda row: row.observation_types,
            "unitOfMeasurements": lambda row: row.units,
            **_STREAM,
        },
        {
            **_STREAM_WAYS,
            "ObservedProperties": Way(("datastream_links__datastream",), order="datastream_links__position"),
        },
        _STREAM_OPTIONAL,
    ),
    "Sensor": Form(
        access.sensors,
        {
            **_DESCRIBED,
            "encodingType": lambda row: row.encoding_type,
            "metadata": lambda row: row.metadata,
            "properties": _properties,
        },
        {"Datastreams": Way(("sensor",)), "MultiDatastreams": Way(("sensor",))},
    ),
    "ObservedProperty": Form(
        lambda actor: ObservedProperty.objects.all(),
        {**_DESCRIBED, "definition": lambda row: row.definition, "properties": _properties},
        {
            "Datastreams": Way(("property_links__observed_property",)),
            "MultiDatastreams": Way(("property_links__observed_property",)),
        },
    ),
    "FeatureOfInterest": Form(
        lambda actor: FeatureOfInterest.objects.all(),
        {
            **_DESCRIBED,
            "encodingType": lambda row: row.encoding_type,
            "feature": lambda row: row.feature,
            "properties": _properties,
        },
    ),
    "Observation": Form(
        lambda actor: Datastream.objects.none(),  # readings are in the store
        {
            "phenomenonTime": lambda row: row.phenomenon_time,
            "resultTime": lambda row: row.result_time,
            "result": lambda row: row.result,
            "resultQuality": lambda row: row.quality,
            "validTime": lambda row: row.valid_time,
            "parameters": lambda row: row.parameters,
        },
        {
            "Datastream": Way(key="datastream_id"),
            "MultiDatastream": Way(key="multi_datastream_id"),
            "FeatureOfInterest": Way(key="feature_id"),
        },
        frozenset({"validTime", "resultQuality", "parameters"}),
    ),
}


def is_stream(entity: str) -> bool:
    """Tell whether the entity type is that of series of readings."""
    return entity in ("Datastream", "MultiDatastream")


def address(root: str, entity: str, key: int) -> str:
    """Return the @iot.selfLink of an entity."""
    return f"{root}/{ENTITIES[entity].collection}({key})"
