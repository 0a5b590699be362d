"""Verbs on what observes, what is observed and what it is about: sensors, observed properties, features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import shapely

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.services import service
from talkoot.core.base.text import Text
from talkoot.core.observations import readings
from talkoot.core.observations.checks import require_storable, set_values
from talkoot.core.observations.models import Datastream, FeatureOfInterest, ObservedProperty, Owned, Sensor
from talkoot.core.observations.streams import delete_datastream
from talkoot.core.people.models import Organisation
from talkoot.core.register.geometries import from_geojson
from talkoot.core.register.models import Thing
from talkoot.core.register.services import text_of

EDIT: Final = "observations.edit"
GEOJSON: Final = ("application/geo+json", "application/vnd.geo+json", "application/json")
DESCRIPTION: Final = frozenset({"name", "description", "properties"})

Words = Text | Mapping[str, str] | str
E = TypeVar("E", bound=Owned)


@service(EDIT, subject="owner")
def add_sensor(
    actor: Actor,
    *,
    name: Words,
    encoding_type: str,
    metadata: Any,
    description: Words = "",
    properties: Mapping[str, Any] | None = None,
    owner: Organisation | None = None,
) -> Sensor:
    """Add an instrument of an organisation's own (the city's without one).

    Parameters: `metadata` describes the instrument in the form that `encoding_type` (a media type) names.
    Raises InvalidError with each field that is wrong.
    """
    sensor = Sensor(encoding_type=encoding_type, metadata=metadata)
    return _add(sensor, name, description, properties, owner)


@service(EDIT, subject="owner")
def add_observed_property(
    actor: Actor,
    *,
    name: Words,
    definition: str,
    description: Words = "",
    properties: Mapping[str, Any] | None = None,
    owner: Organisation | None = None,
) -> ObservedProperty:
    """Add something that can be observed; `definition` is the URI that says what it is. Raises InvalidError."""
    return _add(ObservedProperty(definition=definition), name, description, properties, owner)


@service(EDIT, subject="owner")
def add_feature(
    actor: Actor,
    *,
    name: Words,
    encoding_type: str,
    feature: Any,
    description: Words = "",
    properties: Mapping[str, Any] | None = None,
    owner: Organisation | None = None,
    thing: Thing | None = None,
) -> FeatureOfInterest:
    """Add what observations are about; `feature` is GeoJSON where `encoding_type` says so.

    Raises InvalidError with each field that is wrong.
    """
    made = FeatureOfInterest(encoding_type=encoding_type, feature=feature, thing=thing)
    place(made)
    return _add(made, name, description, properties, owner)


@service(EDIT, subject="sensor")
def change_sensor(actor: Actor, /, sensor: Sensor, **changes: Any) -> Sensor:
    """Change name, description, properties, encoding_type or metadata of an instrument. Raises InvalidError.

    Raises ConflictError for a procedure's stand-in: it says what the adopted run says.
    """
    if sensor.procedure:
        raise ConflictError("This sensor stands for a procedure. It changes when another run is adopted.")
    return _change(sensor, changes, DESCRIPTION | {"encoding_type", "metadata"})


@service(EDIT, subject="observed_property")
def change_observed_property(actor: Actor, /, observed_property: ObservedProperty, **changes: Any) -> ObservedProperty:
    """Change name, description, properties or definition of an observed property. Raises InvalidError."""
    return _change(observed_property, changes, DESCRIPTION | {"definition"})


@service(EDIT, subject="feature")
def change_feature(actor: Actor, feature: FeatureOfInterest, /, **changes: Any) -> FeatureOfInterest:
    """Change name, description, properties, encoding_type or feature. Raises InvalidError."""
    return _change(feature, changes, DESCRIPTION | {"encoding_type", "feature"})


@service(EDIT, subject="sensor")
def delete_sensor(actor: Actor, sensor: Sensor) -> None:
    """Delete an instrument with its datastreams and their readings.

    Raises NotAllowedError where one of the datastreams is another's, ConflictError for a procedure's stand-in.
    """
    if sensor.procedure:
        raise ConflictError("This sensor stands for a procedure whose run is adopted. End the adoption instead.")
    for datastream in sensor.datastreams.select_related("thing"):
        delete_datastream(actor, datastream)
    _delete(sensor)


@service(EDIT, subject="observed_property")
def delete_observed_property(actor: Actor, observed_property: ObservedProperty) -> None:
    """Delete an observed property with the datastreams that observe it, and their readings."""
    for datastream in observed_property.datastreams.select_related("thing"):
        delete_datastream(actor, datastream)
    _delete(observed_property)


@service(EDIT, subject="feature")
def delete_feature(actor: Actor, feature: FeatureOfInterest) -> None:
    """Delete a feature of interest that no reading is about.

    Raises ConflictError where one is, or where that cannot be told in time.
    """
    default_of = Datastream.objects.filter(feature=feature).values_list("pk", flat=True)
    if len(readings.store().latest(list(default_of))):
        raise ConflictError("It is the place of a thing, and readings are about it. Delete the datastreams first.")
    try:
        named = readings.name_feature(feature.pk)
    except TimeoutError:
        raise ConflictError("There are too many readings to tell whether any is about it. Leave it.") from None
    if named:
        raise ConflictError("Readings are about it. Delete these first.")
    _delete(feature)


def place(feature: FeatureOfInterest) -> None:
    """Set geometry and bounds from the GeoJSON of the feature; leave them empty for any other encoding."""
    if feature.encoding_type not in GEOJSON:
        feature.geometry = feature.min_lon = feature.min_lat = feature.max_lon = feature.max_lat = None
        return
    feature.geometry = from_geojson(flat(geometry_of("feature", feature.feature)))
    bounds = shapely.from_wkb(feature.geometry).bounds
    feature.min_lon, feature.min_lat, feature.max_lon, feature.max_lat = bounds


def geometry_of(field: str, value: Any) -> Mapping[str, Any]:
    """Return the geometry of GeoJSON that is a geometry or a Feature. Raises InvalidError for anything else."""
    geometry = value.get("geometry") if isinstance(value, Mapping) and value.get("type") == "Feature" else value
    if not isinstance(geometry, Mapping):
        raise InvalidError(field, "This is no GeoJSON.", "Give a geometry or a Feature (RFC 7946).")
    return geometry


def flat(geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a GeoJSON geometry without heights: the register's places are on the map."""
    return {**geometry, "coordinates": _without_heights(geometry.get("coordinates"))}


def _without_heights(value: Any, depth: int = 0) -> Any:
    if not isinstance(value, list) or depth > 5:
        return value
    if len(value) == 3 and all(isinstance(number, int | float) for number in value):
        return value[:2]
    return [_without_heights(item, depth + 1) for item in value]


def _add(
    entity: E, name: Words, description: Words, properties: Mapping[str, Any] | None, owner: Organisation | None
) -> E:
    entity.name, entity.description = text_of("name", name), text_of("description", description)
    entity.properties, entity.owner = properties or {}, owner
    require_storable(entity)
    entity.save()
    audit.note(_label(entity), added=1)
    return entity


def _change(entity: E, changes: Mapping[str, Any], changeable: frozenset[str]) -> E:
    texts = {field: text_of(field, changes[field]) for field in ("name", "description") if field in changes}
    if fields := set_values(entity, {**changes, **texts}, changeable):
        if isinstance(entity, FeatureOfInterest):
            place(entity)
        entity.save()
        audit.note(_label(entity), fields=fields)
    return entity


def _delete(entity: Owned) -> None:
    audit.note(_label(entity), deleted=1)
    entity.delete()


def _label(entity: Owned) -> str:
    return f"{entity._meta.model_name} {entity.pk}"
