"""The properties of SensorThings entities as expressions on the tables they are read from.

What they give is what `sta.entities` writes: a filter compares with what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.db.models import Case, CharField, F, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, NullIf

from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import LANGUAGES
from talkoot.core.observations.sta.entities import COMPLEX, GEOJSON, words
from talkoot.core.observations.sta.query.ast import Path
from talkoot.core.observations.sta.query.schema import ID
from talkoot.core.observations.sta.query.sql_functions import JsonValue, TextAt

# What a property is made of, beside a plain expression.
Sql = Any


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value: a column, and the keys that lead to it there."""

    column: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """A geometry: a column of well-known binary with its bounds beside it, a column of GeoJSON, or both.

    `keys` lead into the GeoJSON.
    """

    wkb: str = ""
    geojson: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreTime:
    """A time that the store of readings knows: of what the readings of a datastream are."""

    name: str


Property = Json | Shape | StoreTime | Sql


def property_of(entity: str, path: Path) -> Property:
    """Return what the property of `path` is made of, on rows of the entity type that has it."""
    if path.name == ID:
        return F("pk")
    found = _PROPERTIES[entity][path.name]
    if isinstance(found, Shape) and path.keys:
        return Json(found.geojson, path.keys) if found.geojson else Shape(found.wkb, keys=path.keys)
    if isinstance(found, Json):
        return Json(found.column, (*found.keys, *path.keys))
    return found() if callable(found) else found


def _shown(column: str) -> Sql:
    """Return a text by language as it is shown: in the first language that has it."""
    return Coalesce(
        *(NullIf(TextAt(F(column), language), Value("")) for language in LANGUAGES),
        Value(""),
        output_field=TextField(),
    )


@cache
def _kind_names() -> tuple[tuple[str, str], ...]:
    return tuple((code, words(kind.name)) for code, kind in kinds().items())


def _kind_name() -> Sql:
    named = [When(kind=code, then=Value(name)) for code, name in _kind_names()]
    return Case(*named, default=F("kind"), output_field=TextField())


def _thing_name() -> Sql:
    number = Coalesce(NullIf(F("external_id"), Value("")), Cast("pk", CharField()), output_field=TextField())
    unnamed = Concat(_kind_name(), Value(" "), number, output_field=TextField())
    return Coalesce(NullIf(_shown("name"), Value("")), unnamed, output_field=TextField())


def _thing_description() -> Sql:
    return Coalesce(JsonValue(F("tags"), ["description"], "text"), _kind_name(), output_field=TextField())


def _encoding() -> Sql:
    return Coalesce(JsonValue(F("tags"), ["encodingType"], "text"), Value(GEOJSON), output_field=TextField())


_DESCRIBED: Final[dict[str, Any]] = {
    "name": lambda: _shown("name"),
    "description": lambda: _shown("description"),
    "properties": Json("properties"),
}
_THING: Final[dict[str, Any]] = {
    "name": _thing_name,
    "description": _thing_description,
    "properties": Json("attributes"),
}
_STREAM: Final[dict[str, Any]] = {
    **_DESCRIBED,
    "observedArea": Shape(geojson="observed_area"),
    "phenomenonTime": StoreTime("phenomenonTime"),
    "resultTime": StoreTime("resultTime"),
    "isPublic": F("is_public"),
}
_PROPERTIES: Final[dict[str, dict[str, Any]]] = {
    "Thing": _THING,
    "Location": {**_THING, "encodingType": _encoding, "location": Shape("geometry")},
    "HistoricalLocation": {"time": F("time")},
    "Datastream": {
        **_STREAM,
        "observationType": lambda: JsonValue(F("observation_types"), ["0"], "text"),
        "unitOfMeasurement": Json("units", ("0",)),
    },
    "MultiDatastream": {
        **_STREAM,
        "observationType": lambda: Value(COMPLEX, output_field=TextField()),
        "multiObservationDataTypes": Json("observation_types"),
        "unitOfMeasurements": Json("units"),
    },
    "Sensor": {**_DESCRIBED, "encodingType": F("encoding_type"), "metadata": Json("metadata")},
    "ObservedProperty": {**_DESCRIBED, "definition": F("definition")},
    "FeatureOfInterest": {**_DESCRIBED, "encodingType": F("encoding_type"), "feature": Shape("geometry", "feature")},
}
