"""POST: an entity, with those that are described within it, made in one transaction and one audit entry.

Source: OGC 18-088, clause 10.2. A Thing made so is a thing of the register, and so is a Location.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.base.services import service
from talkoot.core.observations import readings
from talkoot.core.observations.access import may_write, modelled_words, own_organisation
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
from talkoot.core.observations.sta.entities import FORMS
from talkoot.core.observations.sta.members import blaming, read
from talkoot.core.observations.sta.query.schema import COLLECTIONS
from talkoot.core.observations.sta.reading import Draft, batch_of, draft_of
from talkoot.core.observations.streams import add_datastream, own_source
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing

EDIT: Final = "observations.edit"
REGISTER: Final = "register.edit"

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
    return ids[-1] if entity == "Observation" else made.pk


class Creator:
    """Makes entities; readings are kept until all else stands and then written together."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self._drafts: list[Draft] = []
        self._makers: dict[str, Callable[[Body, Given], Any]] = {
            "Thing": self._thing,
            "Location": self._location,
            "HistoricalLocation": self._history,
            "Datastream": self._datastream,
            "MultiDatastream": self._multi_datastream,
            "Sensor": self._sensor,
            "ObservedProperty": self._observed_property,
            "FeatureOfInterest": self._feature,
            "Observation": self._observation,
        }

    def make(self, entity: str, body: Body, given: Given) -> Any:
        """Make an entity and return its row (of a reading, None: it is written last)."""
        return self._makers[entity](body, given)

    def resolve(self, entity: str, body: Body) -> Any:
        """Return the row of an entity that is linked by its identifier, or made of its description."""
        if body.link is None:
            return self.make(entity, body, {})
        row = FORMS[entity].rows(self.actor).filter(pk=body.link).first()
        if row is None:
            body.refuse("@iot.id", f"There is no {entity} {body.link}.", "Name one that exists.")
        return row

    def write_readings(self) -> list[int]:
        """Write the readings described within and return their identifiers, in order."""
        return readings.write(batch_of(self._drafts)) if self._drafts else []

    def _one(self, entity: str, body: Body, given: Given) -> Any:
        """Return the one row a required navigation property leads to: given by the address, linked, or made."""
        if entity in given:
            return given[entity]
        child = body.child(entity)
        if child is None:
            body.refuse(entity, "This is missing.", "Link one by @iot.id, or describe it.")
        return self.resolve(entity, child)

    def _several(self, collection: str, body: Body, given: Given) -> list[Any]:
        """Return the rows that a navigation property to several leads to."""
        entity = COLLECTIONS[collection].name
        linked = [given[collection]] if collection in given else []
        return linked + [self.resolve(entity, child) for child in body.children(collection)]

    def _make_below(self, collections: tuple[str, ...], body: Body, given: Given) -> None:
        """Make the entities that are described below one that was just made, each linked to it by `given`."""
        for collection in collections:
            for child in body.children(collection):
                self.make(COLLECTIONS[collection].name, child, given)

    def _thing(self, body: Body, given: Given) -> Thing:
        values = read("Thing", body, whole=True)
        with blaming("Thing", body):
            thing = self._register("thing", {"description": values.pop("description")}, values)
        if locations := self._several("Locations", body, given):
            with blaming("Thing", body):
                place_thing(self.actor, thing, locations)
        self._make_below(("Datastreams", "MultiDatastreams", "HistoricalLocations"), body, {"Thing": thing})
        return thing

    def _location(self, body: Body, given: Given) -> Thing:
        location: Thing
        if body.link is not None and "Things" in given:
            location = self.resolve("Location", body)
        else:
            values = read("Location", body, whole=True)
            with blaming("Location", body):
                geometry, tags = placed(values.pop("encoding_type"), values.pop("location"))
                tags["description"] = values.pop("description")
                location = self._register(LOCATION_KIND, tags, {**values, "geometry": geometry})
        for thing in self._several("Things", body, given):
            with blaming("Location", body):
                place_thing(self.actor, thing, [location])
        return location

    def _register(self, kind: str, tags: dict[str, Any], values: dict[str, Any]) -> Thing:
        owner = own_organisation(self.actor, REGISTER)
        return add_thing(self.actor, kind=kind, source=own_source(), owner=owner, tags=tags, **values)

    def _history(self, body: Body, given: Given) -> HistoricalLocation:
        thing, locations = self._one("Thing", body, given), self._several("Locations", body, given)
        values = read("HistoricalLocation", body, whole=True)
        with blaming("HistoricalLocation", body):
            return place_thing(self.actor, thing, locations, **values)

    def _datastream(self, body: Body, given: Given) -> Datastream:
        observed = self._one("ObservedProperty", body, given)
        datastream = self._stream("Datastream", body, given, [observed])
        self._make_below(("Observations",), body, {"Datastream": datastream})
        return datastream

    def _multi_datastream(self, body: Body, given: Given) -> Datastream:
        observed = self._several("ObservedProperties", body, given)
        datastream = self._stream("MultiDatastream", body, given, observed)
        self._make_below(("Observations",), body, {"MultiDatastream": datastream})
        return datastream

    def _stream(self, entity: str, body: Body, given: Given, observed: list[Any]) -> Datastream:
        thing, sensor = self._one("Thing", body, given), self._one("Sensor", body, given)
        values = read(entity, body, whole=True)
        with blaming(entity, body):
            return add_datastream(
                self.actor,
                thing=thing,
                sensor=sensor,
                observed_properties=observed,
                is_multi=entity == "MultiDatastream",
                **values,
            )

    def _sensor(self, body: Body, given: Given) -> Any:
        sensor = self._own(add_sensor, "Sensor", body)
        self._make_below(("Datastreams", "MultiDatastreams"), body, {"Sensor": sensor})
        return sensor

    def _observed_property(self, body: Body, given: Given) -> Any:
        observed = self._own(add_observed_property, "ObservedProperty", body)
        self._make_below(("Datastreams",), body, {"ObservedProperty": observed})
        self._make_below(("MultiDatastreams",), body, {"ObservedProperties": observed})
        return observed

    def _feature(self, body: Body, given: Given) -> FeatureOfInterest:
        feature: FeatureOfInterest = self._own(add_feature, "FeatureOfInterest", body)
        self._make_below(("Observations",), body, {"FeatureOfInterest": feature})
        return feature

    def _own(self, add: Callable[..., Any], entity: str, body: Body) -> Any:
        values = read(entity, body, whole=True)
        with blaming(entity, body):
            return add(self.actor, owner=own_organisation(self.actor, EDIT), **values)

    def _observation(self, body: Body, given: Given) -> None:
        stream = next(
            (name for name in ("Datastream", "MultiDatastream") if name in given or name in body), "Datastream"
        )
        datastream = self._one(stream, body, given)
        require_write(self.actor, datastream)
        feature = given.get("FeatureOfInterest")
        if feature is None and (child := body.child("FeatureOfInterest")) is not None:
            feature = self.resolve("FeatureOfInterest", child)
        self._drafts.append(draft_of(body, datastream, feature.pk if feature is not None else None))


def require_write(actor: Actor, datastream: Datastream) -> None:
    """Raise NotAllowedError unless `actor` may write readings to `datastream`."""
    if datastream.sensor.procedure:
        raise NotAllowedError(modelled_words(datastream))
    if not may_write(actor, datastream):
        raise NotAllowedError(f"You may not write to datastream {datastream.pk}. Come with a token bound to it.")


def placed(encoding: str, location: Any) -> tuple[Any, dict[str, Any]]:
    """Return the register's geometry of a Location, and as tags what of it the register's geometry does not say.

    What is no GeoJSON, and heights, stand in the tags only.
    """
    tags: dict[str, Any] = {} if encoding == GEOJSON[0] else {"encodingType": encoding}
    if encoding not in GEOJSON:
        return None, {**tags, "location": location}
    geometry = flat(geometry_of("location", location))
    return geometry, tags if geometry == location else {**tags, "location": location}
