"""What is measured where: the latest value of each observed property of each thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import shapely
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Badge
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.programmes import declared
from talkoot.core.base.text import Text
from talkoot.core.observations import access, queries
from talkoot.core.observations.models import Datastream, ObservedProperty
from talkoot.core.register.boxes import Box
from talkoot.core.register.needs import require_count, require_key

MAX_THINGS: Final = 5000
COLUMNS: Final = (
    "pk",
    "interval",
    "units",
    "source__simulated",
    "sensor__procedure",
    "observed_properties",
    "thing",
    "thing__uid",
    "thing__kind",
    "thing__name",
    "thing__external_id",
    "thing__geometry",
)


@dataclass(frozen=True, slots=True)
class Spot:
    """The latest reading of an observed property (its primary key) of a thing, and what it came by.

    `point` is the longitude and latitude of a point of the thing, None where it has no place.
    """

    uid: UUID
    kind: str
    name: Text
    external_id: str
    point: tuple[float, float] | None
    observed: int
    datastream: int
    unit: str
    badge: Badge
    reading: queries.Reading
    state: queries.State


@dataclass(frozen=True, slots=True)
class Page:
    """Spots in the order of their things; `next` is the `after` of the page that follows, None on the last one."""

    spots: list[Spot]
    next: int | None


def find_property(given: str) -> ObservedProperty:
    """Return an observed property by its number, its definition, or the code of a declared variable.

    Raises NotFoundError.
    """
    if given.isascii() and given.isdigit() and len(given) < 19:
        wanted = Q(pk=int(given))
    else:
        wanted = Q(code=given) | Q(definition=given)
        if any(variable.code == given for variable in declared("variables")):
            wanted |= Q(definition__endswith=f"/variables/{given}")
    found = ObservedProperty.objects.filter(wanted).order_by("pk").first() if "\x00" not in given else None
    if found is None:
        raise NotFoundError(f"Nothing is known of an observed property {given[:100]!r}.")
    return found


def properties(actor: Actor) -> list[tuple[ObservedProperty, int]]:
    """Return the observed properties of which `actor` may see datastreams, each with how many of these there are."""
    seen = access.datastreams(actor).filter(is_multi=False)
    counts = dict(seen.values_list("observed_properties").annotate(count=Count("pk")).order_by())
    found = ObservedProperty.objects.filter(pk__in=counts)
    return [(each, counts[each.pk]) for each in sorted(found, key=lambda each: str(each).casefold())]


def latest_by_thing(
    actor: Actor,
    *,
    observed: ObservedProperty | None = None,
    box: Box | None = None,
    limit: int = 1000,
    after: int = 0,
) -> Page:
    """Return the latest value of each observed property (or of the one asked for) of each thing that has any.

    Parameters: `box`, in which a thing's bounds must lie at least in part; `limit`, the number of things, at most
    5000; `after`, the last thing's primary key of the page before. Of several datastreams of one property the one
    that was heard last counts. What `actor` may not see is not there. Raises InvalidError for a limit or key out of
    range.
    """
    require_count("limit", limit, MAX_THINGS)
    require_key("after", after)
    wanted = access.datastreams(actor).filter(is_multi=False, thing__gt=after)
    if observed is not None:
        wanted = wanted.filter(observed_properties=observed)
    if box is not None:
        wanted = wanted.filter(_touching(box))
    keys = list(wanted.order_by("thing").values_list("thing", flat=True).distinct()[:limit])
    if not keys:
        return Page([], None)
    return Page(list(_newest(wanted.filter(thing__lte=keys[-1]))), keys[-1] if len(keys) == limit else None)


def _touching(box: Box) -> Q:
    return Q(
        thing__min_lon__lte=box.max_lon,
        thing__max_lon__gte=box.min_lon,
        thing__min_lat__lte=box.max_lat,
        thing__max_lat__gte=box.min_lat,
    )


def _newest(wanted: QuerySet[Datastream]) -> Iterator[Spot]:
    """Yield of each thing and property the datastream that was heard last; rows and no models, for there are many."""
    rows = list(wanted.order_by("thing", "pk").values_list(*COLUMNS))
    latest = queries.latest_by_key([row[0] for row in rows])
    newest: dict[tuple[int, int], tuple[Any, ...]] = {}
    for row in rows:
        reading = latest.get(row[0])
        known = newest.get((row[6], row[5]))
        if reading is not None and (known is None or latest[known[0]].time < reading.time):
            newest[row[6], row[5]] = row
    chosen = list(newest.values())
    now = timezone.now()
    for row, point in zip(chosen, _points([row[-1] for row in chosen]), strict=True):
        yield _spot(row, point, latest[row[0]], now)


def _spot(row: tuple[Any, ...], point: tuple[float, float] | None, reading: queries.Reading, now: datetime) -> Spot:
    datastream, interval, units, simulated, procedure, observed, _thing, uid, kind, name, external_id, _place = row
    return Spot(
        uid=uid,
        kind=kind,
        name=name,
        external_id=external_id,
        point=point,
        observed=observed,
        datastream=datastream,
        unit=queries.first_symbol(units),
        badge=queries.badge_for(simulated=simulated, procedure=procedure),
        reading=reading,
        state="fresh" if procedure else queries.state_after(now - reading.time, interval),
    )


def _points(geometries: list[Any]) -> list[tuple[float, float] | None]:
    shapes = shapely.from_wkb([None if geometry is None else bytes(geometry) for geometry in geometries])
    inside: Any = shapely.point_on_surface(shapes)
    return [None if point is None else (point.x, point.y) for point in inside]
