"""What the register said of a thing, and when: each change leaves the state before it as a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from talkoot.core.register.geometries import to_geojson
from talkoot.core.register.models import Thing, ThingVersion

RELATED = ("source", "within", "owner")


def state(thing: Thing) -> dict[str, Any]:
    """Return all that the register says of a thing now, JSON-ready; others stand in it by uid or code."""
    return {
        "kind": thing.kind,
        "name": thing.name.as_dict(),
        "source": thing.source.code,
        "external_id": thing.external_id,
        "within": str(thing.within.uid) if thing.within is not None else None,
        "owner": thing.owner.code if thing.owner is not None else None,
        "attributes": thing.attributes,
        "provenance": thing.provenance,
        "tags": thing.tags,
        "geometry": to_geojson(thing.geometry),
        "valid_from": _iso(thing.valid_from),
        "valid_to": _iso(thing.valid_to),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def next_moment(things: Iterable[Thing]) -> datetime:
    """Return now, or just after the last moment at which any of `things` was recorded, whichever is later."""
    last = max((thing.recorded_at for thing in things), default=None)
    now = timezone.now()
    return now if last is None or last < now else last + timedelta(microseconds=1)


def keep(things: Sequence[Thing], until: datetime) -> None:
    """Write what is said of each of `things` as a version that ends at `until`; call it before changing them."""
    ThingVersion.objects.bulk_create(
        [
            ThingVersion(thing=thing, recorded_from=thing.recorded_at, recorded_to=until, state=state(thing))
            for thing in things
        ],
        batch_size=1000,
    )


def as_of(thing: Thing, when: datetime) -> dict[str, Any] | None:
    """Return what the register said of `thing` at the moment `when`, or None before it knew the thing."""
    if when >= thing.recorded_at:
        return state(thing)
    version = thing.versions.filter(recorded_from__lte=when, recorded_to__gt=when).first()
    return version.state if version is not None else None


def versions(thing: Thing, *, limit: int | None = None) -> Iterator[tuple[datetime, datetime | None, dict[str, Any]]]:
    """Yield (from, until, state) of what was said of `thing`, the newest first, `limit` states or all.

    Until None means still.
    """
    yield thing.recorded_at, None, state(thing)
    earlier = thing.versions.order_by("-recorded_from", "-pk")
    for version in earlier[: limit - 1] if limit is not None else earlier.iterator():
        yield version.recorded_from, version.recorded_to, version.state
