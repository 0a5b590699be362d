"""POST: an entity, with those that are described within it, made in one transaction and one audit entry.

Source: OGC 18-088, clause 10.2. A Thing made so is a thing of the register, and so is a Location.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotAllowedError, Problem
from talkoot.core.base.services import service
from talkoot.core.observations import readings
from talkoot.core.observations.access import may_write, own_organisation
from talkoot.core.observations.instruments import (
    GEOJSON,
    add_feature,
    add_observed_property,
    add_sensor,
    flat,
    geometry_of,
)
from talkoot.core.observations.models import LOCATION_KIND, Datastream, FeatureOfInterest, HistoricalLocation
from talkoot.core.observations.placing import place_thing
from talkoot.core.observations.sta.body import Body
from talkoot.core.observations.sta.entities import FORMS, is_stream
from talkoot.core.observations.sta.query.schema import ENTITIES
from talkoot.core.observations.sta.reading import Draft, draft_of
from talkoot.core.observations.streams import add_datastream, own_source
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing

EDIT: Final = "observations.edit"
# The services' names of fields whose SensorThings names are others.
NAMES: Final = {
    "attributes": "properties",
    "encoding_type": "encodingType",
    "observation_types": "observationType",
    "observed_area": "observedArea",
    "observed_properties": "ObservedProperties",
    "tags": "description",
    "units": "unitOfMeasurement",
}

Given = Mapping[str, Any]


@service("register.view")
def create_entity(actor: Actor, entity: str, value: Any, given: Given) -> int:
    """Make an entity of what a client described and return its @iot.id.

    Parameters: `entity`, its type ("Thing"); `value`, the JSON; `given`, rows that it is linked to by the address it
    was sent to, by navigation property. Whatever is described within it is made too; nothing is, where anything
    fails. Raises InvalidError with the way to each wrong member, NotAllowedError, ConflictError.
    """
    creator = Creator(actor)
    made = creator.make(entity, Body(value), given)
    ids = creator.write_readings()
    return ids[0] if entity == "Observation" else made.pk


class Creator:
    """Makes entities; readings are kept until all else stands and then written together."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.drafts: list[Draft] = []
        self._makers: dict[str, Callable[[Body, Given], Any]] = {
            "Thing": self._thing,
            "Location": self._location,
            "HistoricalLocation": self._history,
            "Datastream": self._datastream,
            "MultiDatastream": self._datastream,
            "Sensor": self._sensor,
            "ObservedProperty": self._observed_property,
            "FeatureOfInterest": self._feature,
            "Observation": self._observation,
        }

    def make(self, entity: str, body: Body, given: Given) -> Any:
        """Make an entity and return its row (of a reading, None: it is written last)."""
        if is_stream(entity):
            given = {**given, "": entity == "MultiDatastream"}
        return self._makers[entity](body, given)

    def resolve(self, entity: str, body: Body, given: Given | None = None) -> Any:
        """Return the row of an entity that is linked by its identifier, or made of its description."""
        if body.link is None:
            return self.make(entity, body, given or {})
        row = FORMS[entity].rows(self.actor).filter(pk=body.link).first()
        if row is None:
            body.refuse("@iot.id", f"There is no {entity} {body.link}.", "Name one that exists.")
        return row

    def write_readings(self) -> list[int]:
        """Write the readings described within and return their identifiers, in order."""
        return readings.write([draft.row for draft in self.drafts]) if self.drafts else []

    def _one(self, entity: str, body: Body, given: Given, name: str = "") -> Any:
        """Return the one row a required navigation property leads to: given by the address, linked, or made."""
        name = name or entity
        if name in given:
            return given[name]
        child = body.child(name)
        if child is None:
            body.refuse(name, "This is missing.", "Link one by @iot.id, or describe it.")
        return self.resolve(entity, child)

    def _several(self, body: Body, given: Given, *names: str, **back: Any) -> None:
        """Make or link what stands below each of the sets `names`, each linked `back` to what was made."""
        for name in names:
            entity = next(kind.name for kind in ENTITIES.values() if kind.collection == name)
            for child in body.children(name):
                self.make(entity, child, back)

    def _thing(self, body: Body, given: Given) -> Thing:
        with described(body):
            thing = add_thing(
                self.actor,
                kind="thing",
                name=body.text("name"),
                source=own_source(),
                attributes=body.mapping("properties", {}),
                tags={"description": body.text("description", "")},
                owner=own_organisation(self.actor, "register.edit"),
            )
        locations = [self.resolve("Location", child) for child in body.children("Locations")]
        locations += [given["Locations"]] if "Locations" in given else []
        if locations:
            with described(body):
                place_thing(self.actor, thing, locations)
            thing.refresh_from_db()
        self._several(body, given, "Datastreams", "MultiDatastreams", "HistoricalLocations", Thing=thing)
        return thing

    def _location(self, body: Body, given: Given) -> Thing:
        with described(body):
            location = add_thing(
                self.actor,
                kind=LOCATION_KIND,
                name=body.text("name"),
                source=own_source(),
                attributes=body.mapping("properties", {}),
                owner=own_organisation(self.actor, "register.edit"),
                **placed(body),
            )
        things = [self.resolve("Thing", child) for child in body.children("Things")]
        things += [given["Things"]] if "Things" in given else []
        for thing in things:
            with described(body):
                place_thing(self.actor, thing, [location])
        return location

    def _history(self, body: Body, given: Given) -> HistoricalLocation:
        thing = self._one("Thing", body, given)
        locations = [self.resolve("Location", child) for child in body.children("Locations")]
        locations += [given["Locations"]] if "Locations" in given else []
        with described(body):
            return place_thing(self.actor, thing, locations, time=body.moment("time"))

    def _datastream(self, body: Body, given: Given) -> Datastream:
        is_multi = given[""]
        thing, sensor = self._one("Thing", body, given), self._one("Sensor", body, given)
        if not is_multi:
            observed = [self._one("ObservedProperty", body, given)]
        elif "ObservedProperties" in given:
            observed = [given["ObservedProperties"]]
        else:
            observed = [self.resolve("ObservedProperty", child) for child in body.children("ObservedProperties")]
        with described(body):
            datastream = add_datastream(
                self.actor,
                thing=thing,
                sensor=sensor,
                observed_properties=observed,
                name=body.text("name"),
                description=body.text("description", ""),
                properties=body.mapping("properties", {}),
                observed_area=body.mapping("observedArea", None),
                is_multi=is_multi,
                **measures(body, is_multi),
            )
        back = {"MultiDatastream" if is_multi else "Datastream": datastream}
        self._several(body, given, "Observations", **back)
        return datastream

    def _sensor(self, body: Body, given: Given) -> Any:
        with described(body):
            sensor = add_sensor(
                self.actor,
                **self._described(body),
                encoding_type=body.text("encodingType"),
                metadata=body.any("metadata", ""),
            )
        self._several(body, given, "Datastreams", "MultiDatastreams", Sensor=sensor)
        return sensor

    def _observed_property(self, body: Body, given: Given) -> Any:
        with described(body):
            observed = add_observed_property(
                self.actor, **self._described(body), definition=body.text("definition")
            )
        self._several(body, given, "Datastreams", ObservedProperty=observed)
        self._several(body, given, "MultiDatastreams", ObservedProperties=observed)
        return observed

    def _feature(self, body: Body, given: Given) -> FeatureOfInterest:
        with described(body):
            feature = add_feature(
                self.actor,
                **self._described(body),
                encoding_type=body.text("encodingType"),
                feature=body.any("feature"),
            )
        self._several(body, given, "Observations", FeatureOfInterest=feature)
        return feature

    def _described(self, body: Body) -> dict[str, Any]:
        return {
            "name": body.text("name"),
            "description": body.text("description", ""),
            "properties": body.mapping("properties", {}),
            "owner": own_organisation(self.actor, EDIT),
        }

    def _observation(self, body: Body, given: Given) -> None:
        name = "MultiDatastream" if "MultiDatastream" in given or "MultiDatastream" in body else "Datastream"
        datastream = self._one(name, body, given)
        if not may_write(self.actor, datastream):
            raise NotAllowedError(
                f"You may not write to datastream {datastream.pk}. Come with a token that is bound to it."
            )
        feature = given.get("FeatureOfInterest")
        if feature is None and (child := body.child("FeatureOfInterest")) is not None:
            feature = self.resolve("FeatureOfInterest", child)
        self.drafts.append(draft_of(body, datastream, feature))


def placed(body: Body) -> dict[str, Any]:
    """Return the register's geometry of a Location, and as tags what of its description the register has no place for.

    What is no GeoJSON, and heights, stand in the tags only.
    """
    encoding, location = body.text("encodingType"), body.any("location")
    tags: dict[str, Any] = {"description": body.text("description", "")}
    if encoding != GEOJSON[0]:
        tags["encodingType"] = encoding
    if encoding not in GEOJSON:
        return {"tags": {**tags, "location": location}}
    geometry = flat(geometry_of("location", location))
    if geometry != location:
        tags["location"] = location
    return {"geometry": geometry, "tags": tags}


def measures(body: Body, is_multi: bool) -> dict[str, Any]:
    """Return observation types and units of a datastream, one of each for each observed property."""
    if is_multi:
        types, units = body.strings("multiObservationDataTypes"), body.mappings("unitOfMeasurements")
    else:
        types, units = [body.text("observationType")], [body.mapping("unitOfMeasurement")]
    return {"observation_types": types, "units": units}


@contextmanager
def described(body: Body) -> Iterator[None]:
    """Let errors of services name the member as the client does: by its SensorThings name and its way."""
    try:
        yield
    except InvalidError as error:
        raise InvalidError(
            Problem(body.path(_client_name(problem.field)), problem.message, problem.fix)
            if not (body.where and problem.field.startswith(body.where))
            else problem
            for problem in error.problems
        ) from error


def _client_name(field: str) -> str:
    first, dot, rest = field.partition(".")
    if first in ("name", "description"):
        return first
    return NAMES.get(first, first) + dot + rest
