"""Verbs on where things are: placed at a location, with the history of where they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import F, Max, Q
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.services import service
from talkoot.core.observations.models import LOCATION_KIND, Datastream, FeatureOfInterest, HistoricalLocation, Placement
from talkoot.core.register.geometries import to_geojson
from talkoot.core.register.models import Thing
from talkoot.core.register.services import change_thing, close_thing

MAX_LOCATIONS: Final = 20
MOST_MOVES: Final = 1000


@service("register.edit", subject="thing")
def place_thing(
    actor: Actor, thing: Thing, locations: Sequence[Thing], *, time: datetime | None = None
) -> HistoricalLocation:
    """Say that a thing is at `locations` (the same place in several forms) from a moment on, now by default.

    The register's place of the thing becomes that of the first location that has one. A moment before the latest
    known one only adds to the history. Raises InvalidError for no location, the thing itself or too many,
    ConflictError for a location that is closed.
    """
    if not 1 <= len(locations) <= MAX_LOCATIONS or thing.pk in {location.pk for location in locations}:
        raise InvalidError("Locations", "A thing is at a location beside itself.", f"Name 1 to {MAX_LOCATIONS} others.")
    if closed := [location for location in locations if not location.is_open]:
        raise ConflictError(f"{closed[0]} is closed.")
    moment = time or timezone.now()
    latest = thing.historical_locations.aggregate(Max("time"))["time__max"]
    made = HistoricalLocation.objects.create(thing=thing, time=moment)
    made.locations.set(locations)
    if latest is None or moment >= latest:
        _move(actor, thing, locations)
    audit.note(thing, locations=[str(location.uid) for location in locations])
    return made


@service("register.edit", subject="location")
def change_location(actor: Actor, /, location: Thing, **changes: Any) -> Thing:
    """Change a location as `register.services.change_thing` does; the things that are placed at it move with it."""
    moved = change_thing(actor, location, **changes)
    if bytes(moved.geometry or b"") != bytes(location.geometry or b""):
        for placement in location.placed.select_related("thing"):
            _bring(actor, placement.thing, moved)
        moved.datastreams.update(feature=default_feature(moved))
    return moved


@service("register.edit", subject="location")
def close_location(actor: Actor, location: Thing) -> Thing:
    """Close a location; what is placed at it keeps the place it has in the register.

    Raises ConflictError for the place of a thing itself: that goes with the thing.
    """
    if location.kind != LOCATION_KIND:
        raise ConflictError("This is the place of a thing itself. Place the thing elsewhere, or delete the thing.")
    location.placed.all().delete()
    return close_thing(actor, location)


@service("register.edit", subject="thing")
def change_history(actor: Actor, thing: Thing, entry: HistoricalLocation, *, time: datetime) -> HistoricalLocation:
    """Correct the moment at which a thing came to be somewhere."""
    entry.time = time
    entry.save(update_fields=["time"])
    audit.note(thing, time=time.isoformat())
    return entry


@service("register.edit", subject="thing")
def delete_history(actor: Actor, thing: Thing, entry: HistoricalLocation) -> None:
    """Take an entry out of a thing's history of places; where it is now stays."""
    audit.note(thing, deleted=1)
    entry.delete()


def default_feature(thing: Thing) -> FeatureOfInterest | None:
    """Return the feature of readings of a thing that name none: its present place; None where it has no place.

    Made the first time, by the verb that makes the datastream or places the thing.
    """
    return default_features([thing]).get(thing.pk)


def default_features(things: Sequence[Thing]) -> dict[int, FeatureOfInterest]:
    """Return the default feature of each of the things that has a place, by the thing's primary key."""
    placed = {thing.pk: thing for thing in things if thing.geometry is not None}
    newest = {
        feature.thing_id: feature
        for feature in FeatureOfInterest.objects.filter(thing__in=placed.keys()).order_by("pk")
    }
    features: dict[int, FeatureOfInterest] = {
        key: newest[key]
        for key, thing in placed.items()
        if key in newest and bytes(newest[key].geometry or b"") == bytes(thing.geometry or b"")
    }
    missing = [key for key in placed if key not in features]
    made = FeatureOfInterest.objects.bulk_create(_feature_of(placed[key]) for key in missing)
    return features | dict(zip(missing, made, strict=True))


def follow_moves(*, most: int = MOST_MOVES) -> int:
    """Let new readings be about the present place of things that somebody else has moved, such as an import.

    Return of how many datastreams the feature has changed; of no more than `most` at a time.
    """
    elsewhere = ~Q(feature__geometry=F("thing__geometry"))
    unplaced = Q(feature__isnull=True) | Q(feature__geometry__isnull=True)
    moved = Datastream.objects.filter(
        unplaced | elsewhere, thing__geometry__isnull=False, thing__valid_to__isnull=True, sensor__procedure=""
    )
    found = list(moved.select_related("thing").order_by("pk")[:most])
    features = default_features(list({stream.thing_id: stream.thing for stream in found}.values()))
    for stream in found:
        stream.feature = features.get(stream.thing_id)
    Datastream.objects.bulk_update(found, ["feature"])
    return len(found)


def _feature_of(thing: Thing) -> FeatureOfInterest:
    """Return the feature that is the thing's present place, not yet saved."""
    place = {field: getattr(thing, field) for field in ("geometry", "min_lon", "min_lat", "max_lon", "max_lat")}
    return FeatureOfInterest(
        name=thing.name or str(thing),
        description=thing.name,
        encoding_type="application/geo+json",
        feature=to_geojson(thing.geometry),
        owner_id=thing.owner_id,
        thing=thing,
        **place,
    )


def _move(actor: Actor, thing: Thing, locations: Sequence[Thing]) -> None:
    Placement.objects.filter(thing=thing).delete()
    Placement.objects.bulk_create(Placement(thing=thing, location=location) for location in locations)
    placed = next((location for location in locations if location.geometry is not None), None)
    if placed is not None:
        _bring(actor, thing, placed)


def _bring(actor: Actor, thing: Thing, place: Thing) -> None:
    """Let the register's place of a thing be that of a location, and new readings be about it."""
    moved = change_thing(actor, thing, geometry=to_geojson(place.geometry))
    moved.datastreams.update(feature=default_feature(moved))
    thing.refresh_from_db()  # the caller's is still the one as it was read
