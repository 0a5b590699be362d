"""PATCH, PUT, JSON Patch and DELETE of one entity, through the services. Source: OGC 18-088, clauses 10.3 and 10.4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import service
from talkoot.core.observations import readings
from talkoot.core.observations.instruments import (
    change_feature,
    change_observed_property,
    change_sensor,
    delete_feature,
    delete_observed_property,
    delete_sensor,
)
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.placing import (
    change_history,
    change_location,
    close_location,
    delete_history,
    place_thing,
)
from talkoot.core.observations.sta import json_patch
from talkoot.core.observations.sta.body import Body
from talkoot.core.observations.sta.create import Creator, placed, require_write
from talkoot.core.observations.sta.entities import FORMS, words
from talkoot.core.observations.sta.members import MEMBERS, blaming, read
from talkoot.core.observations.sta.observed import Observation
from talkoot.core.observations.sta.reading import batch_of, draft_of
from talkoot.core.observations.sta.rows import FIELDS
from talkoot.core.observations.streams import change_datastream, delete_datastream
from talkoot.core.register.models import Thing
from talkoot.core.register.services import change_thing, close_thing

OBSERVATION: Final = "Observation"


@service("register.view")
def change_entity(actor: Actor, entity: str, row: Any, value: Any, *, whole: bool = False) -> None:
    """Change an entity by the members that `value` has; `whole`: let those it has not be as in a new one.

    Raises InvalidError with each member that is wrong, NotAllowedError, ConflictError.
    """
    _Changer(actor, whole).change(entity, row, Body(value))


def apply_json_patch(actor: Actor, entity: str, row: Any, operations: Any) -> None:
    """Change an entity by a JSON Patch (RFC 6902) of its members. Raises InvalidError as `change_entity` does."""
    before = {name: get(row) for name, get in FORMS[entity].values.items()}
    after = json_patch.applied(before, operations)
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    for name in before.keys() - after.keys():
        changed[name] = _absent(entity, name)
    change_entity(actor, entity, row, changed)


@service("register.view")
def delete_entity(actor: Actor, entity: str, row: Any) -> None:
    """Delete an entity with what cannot be without it: a thing and a location are closed in the register.

    Raises NotAllowedError, ConflictError.
    """
    if entity == "HistoricalLocation":
        delete_history(actor, row.thing, row)
    elif entity == OBSERVATION:
        require_write(actor, Datastream.objects.select_related("thing", "sensor").get(pk=row.stream))
        readings.delete(readings.store().by_id([row.pk]))
    else:
        _DELETERS[entity](actor, row)


_DELETERS: Final[dict[str, Callable[[Actor, Any], Any]]] = {
    "Thing": close_thing,
    "Location": close_location,
    "Datastream": delete_datastream,
    "MultiDatastream": delete_datastream,
    "Sensor": delete_sensor,
    "ObservedProperty": delete_observed_property,
    "FeatureOfInterest": delete_feature,
}


class _Changer:
    """Changes entities for one actor; `whole` as `change_entity` says."""

    def __init__(self, actor: Actor, whole: bool) -> None:
        self.actor = actor
        self.whole = whole
        self.creator = Creator(actor)

    def change(self, entity: str, row: Any, body: Body) -> None:
        """Change a row of an entity type."""
        if entity == OBSERVATION:
            self._observation(row, body)
            return
        values = read(entity, body, whole=self.whole)
        with blaming(entity, body):
            if "name" in values and values["name"] == words(row.name):
                del values["name"]  # in the other languages it stays
            match entity:
                case "Thing":
                    self._thing(row, body, values)
                case "Location":
                    self._location(row, body, values)
                case "HistoricalLocation":
                    if values:
                        change_history(self.actor, row.thing, row, **values)
                case "Datastream" | "MultiDatastream":
                    self._datastream(entity, row, body, values)
                case "Sensor":
                    change_sensor(self.actor, row, **values)
                case "ObservedProperty":
                    change_observed_property(self.actor, row, **values)
                case "FeatureOfInterest":
                    change_feature(self.actor, row, **values)

    def _thing(self, thing: Thing, body: Body, values: dict[str, Any]) -> None:
        if changes := _of_register(thing, values):
            thing = change_thing(self.actor, thing, **changes)
        if locations := [self.creator.resolve("Location", child) for child in body.children("Locations")]:
            place_thing(self.actor, thing, locations)

    def _location(self, location: Thing, body: Body, values: dict[str, Any]) -> None:
        changes = _of_register(location, values)
        tags = changes.setdefault("tags", dict(location.tags))
        form = FORMS["Location"].values
        encoding = changes.pop("encoding_type", form["encodingType"](location))
        said = changes.pop("location", form["location"](location))
        for name in ("encodingType", "location"):
            tags.pop(name, None)
        changes["geometry"], extra = placed(encoding, said)
        change_location(self.actor, location, **{**changes, "tags": tags | extra})
        for child in body.children("Things"):
            place_thing(self.actor, self.creator.resolve("Thing", child), [location])

    def _datastream(self, entity: str, datastream: Datastream, body: Body, values: dict[str, Any]) -> None:
        for name, argument in (("Thing", "thing"), ("Sensor", "sensor")):
            if (child := body.child(name)) is not None:
                values[argument] = self.creator.resolve(name, child)
        if entity == "Datastream" and (child := body.child("ObservedProperty")) is not None:
            values["observed_properties"] = [self.creator.resolve("ObservedProperty", child)]
        if children := body.children("ObservedProperties"):
            values["observed_properties"] = [self.creator.resolve("ObservedProperty", child) for child in children]
        change_datastream(self.actor, datastream, **values)

    def _observation(self, observation: Observation, body: Body) -> None:
        datastream = Datastream.objects.select_related("thing", "sensor").get(pk=observation.stream)
        require_write(self.actor, datastream)
        kept = {} if self.whole else {name: get(observation) for name, get in FORMS[OBSERVATION].values.items()}
        feature = observation.more.get("feature")
        if (child := body.child("FeatureOfInterest")) is not None:
            feature = self.creator.resolve("FeatureOfInterest", child).pk
        said = {name: value for name, value in body.value.items() if name in FIELDS}
        if not self.whole:
            kept |= observation.sent
        draft = draft_of(Body({**kept, **observation.as_sent(said)}), datastream, feature)
        readings.change(readings.store().by_id([observation.pk]), batch_of([draft]))


def _of_register(thing: Thing, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as the register takes them: a description stands among the sender's own words."""
    changes = dict(values)
    if "description" in changes:
        changes["tags"] = {**thing.tags, "description": changes.pop("description")}
    return changes


def _absent(entity: str, name: str) -> Any:
    """Return what a member that was removed is from then on. Raises InvalidError for one that must be there."""
    optional = {member.name: member.absent for member in MEMBERS.get(entity, ())}
    if name in FORMS[entity].optional:
        return None
    if isinstance(value := optional.get(name), str | dict):
        return value
    raise InvalidError(name, "This cannot be removed.", "Replace it.")
