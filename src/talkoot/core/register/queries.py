"""What the register can be asked: what is in a box, what is near, what was said, how much there is."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.register import history, revision
from talkoot.core.register.boxes import Box, around, holds_more, selection, square_of_distance, walking_the_index
from talkoot.core.register.metres import distances
from talkoot.core.register.models import Thing
from talkoot.core.register.needs import require_count, require_key, require_kinds
from talkoot.core.register.search import search_things

__all__ = [
    "Box",
    "ThingArrays",
    "arrays",
    "as_of",
    "counts_by_kind",
    "nearest",
    "require_count",
    "require_kinds",
    "search_things",
    "things",
    "things_in_box",
]

MAX_LIMIT: Final = 10_000
# The pages of a box with more things than this are quicker looked for among all than gathered from the index.
WIDE: Final = 10_000
MAX_NEAREST: Final = 1000
FIRST_REACH: Final = 50.0  # metres
LAST_REACH: Final = 100_000.0  # metres
CROWD: Final = 3000
LEAST_GROWTH: Final = 1.1
SLIGHTLY: Final = 1 + 1e-6
EDGE: Final = 0.005  # how closely the edge of a crowd is found, as a share of the reach
FIRST_POOL: Final = 100
LAST_POOL: Final = 100_000


def things_in_box(box: Box, *, kinds: Sequence[str] = (), limit: int = 1000, after: int | None = None) -> list[Thing]:
    """Return open things whose bounds touch the box.

    Parameters: `kinds` to look for (all, if none); `limit`, at most 10 000; `after`, the last primary key of the
    page before (0 for the first) where pages are wanted: only then are the things in order, by primary key.
    Raises InvalidError for an unknown kind, or a limit or key out of range.
    """
    require_kinds(kinds)
    require_count("limit", limit, MAX_LIMIT)
    require_key("after", after or 0)
    order = "" if after is None else " ORDER BY t.id"
    with walking_the_index():
        wide = after is not None and holds_more(box, WIDE)
        statement, parameters = selection("t.*", box, kinds, after=after or 0, wide=wide)
        return list(Thing.objects.raw(f"{statement}{order} LIMIT %s", [*parameters, limit]))


def things(*, kinds: Sequence[str] = (), limit: int = 1000, after: int = 0) -> list[Thing]:
    """Return open things, those without a place too, in the order of their primary keys, from the one after `after`.

    Parameters: `kinds` to look for (all, if none); `limit`, at most 10 000. Raises InvalidError for an unknown kind,
    or a limit or key out of range.
    """
    require_kinds(kinds)
    require_count("limit", limit, MAX_LIMIT)
    require_key("after", after)
    found = Thing.objects.filter(_open_now(), pk__gt=after)
    return list((found.filter(kind__in=kinds) if kinds else found).order_by("pk")[:limit])


def nearest(lon: float, lat: float, *, count: int = 20, kinds: Sequence[str] = ()) -> list[tuple[Thing, float]]:
    """Return the open things nearest to a point with their distances in metres, the nearest first.

    Distances are geodesic on WGS 84, to the nearest point of the thing's shape, 0 inside an area. Things farther
    than 100 km are not near. At most 1000 can be asked for. Raises InvalidError for a place that is none, an
    unknown kind or a count out of range.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise InvalidError("lon", "This is no place.", "Give longitude and latitude in degrees of WGS 84.")
    require_kinds(kinds)
    require_count("count", count, MAX_NEAREST)
    near = _nearest_keys(lon, lat, count, kinds)
    things = Thing.objects.in_bulk([key for key, _ in near])
    return [(things[key], metres) for key, metres in near if key in things]


def _nearest_keys(lon: float, lat: float, count: int, kinds: Sequence[str]) -> list[tuple[int, float]]:
    """Return the primary keys of the nearest things with their metres, in order.

    A box around the point grows until enough things are certainly nearer than all that was not looked at: what is
    outside the box is beyond its reach, and what was left out of it has bounds beyond those of the last one seen.
    """
    reach, pool = FIRST_REACH, max(FIRST_POOL, 2 * count)
    while True:
        keys, shapes, seen_to = _within_reach(lon, lat, reach, kinds, pool)
        metres = distances(lon, lat, shapes)
        certain = np.count_nonzero(metres <= min(reach, seen_to))
        if certain >= count or (reach >= LAST_REACH and seen_to == math.inf) or pool >= LAST_POOL:
            order = np.argsort(metres, kind="stable")[:count].tolist()
            return [(keys[index], float(metres[index])) for index in order if metres[index] <= LAST_REACH]
        if seen_to < reach:
            pool *= 8
        elif len(metres) >= count:  # as many are known as are asked for: only what is nearer than they can matter
            reach = min(max(float(np.partition(metres, count - 1)[count - 1]), reach * SLIGHTLY), LAST_REACH)
        else:
            reach = min(reach * _growth(lon, lat, reach), LAST_REACH)


def _growth(lon: float, lat: float, reach: float) -> float:
    """Return by how much the reach may grow: twofold, but only to the edge of a crowd that comes into view.

    At the edge already, it grows by a tenth, whatever comes into view.
    """
    with walking_the_index():
        if not _is_crowded(lon, lat, 2 * reach):
            return 2.0
        free, crowded = 1.0, 2.0
        while crowded - free > EDGE:
            middle = (free + crowded) / 2
            if _is_crowded(lon, lat, middle * reach):
                crowded = middle
            else:
                free = middle
    return free if free > 1.0 else LEAST_GROWTH


def _is_crowded(lon: float, lat: float, reach: float) -> bool:
    return any(holds_more(box, CROWD) for box, _ in around(lon, lat, reach))


def _within_reach(
    lon: float, lat: float, reach: float, kinds: Sequence[str], pool: int
) -> tuple[list[int], NDArray[np.object_], float]:
    """Return keys and shapes of the `pool` things with the nearest bounds within reach, and how far all were seen."""
    found: dict[int, bytes] = {}
    seen_to = math.inf
    with connection.cursor() as cursor:
        for box, from_lon in around(lon, lat, reach):
            square = square_of_distance(from_lon, lat, box)
            statement, parameters = selection(f"t.id, t.geometry, {square} AS square", box, kinds)
            cursor.execute(f"{statement} ORDER BY square LIMIT %s", [*parameters, pool])
            rows = cursor.fetchall()
            found.update((key, bytes(wkb)) for key, wkb, _ in rows)
            if len(rows) == pool:
                seen_to = min(seen_to, math.sqrt(rows[-1][2]))
    return list(found), np.asarray(shapely.from_wkb(np.array(list(found.values()), dtype=object))), seen_to


def as_of(thing: Thing, when: datetime) -> dict[str, Any]:
    """Return what the register said of `thing` at the moment `when`.

    Raises NotFoundError for a moment before it knew the thing.
    """
    said = history.as_of(thing, when)
    if said is None:
        raise NotFoundError(f"The register knew nothing of {thing} on {when:%Y-%m-%d %H:%M}.")
    return said


def counts_by_kind() -> dict[str, int]:
    """Return how many open things there are of each kind that has any; counted once for each revision."""
    return dict(_counts(revision.current()))


@lru_cache(maxsize=1)
def _counts(at: str) -> tuple[tuple[str, int], ...]:
    rows = Thing.objects.filter(_open_now()).values_list("kind").annotate(Count("pk")).order_by("kind")
    return tuple((kind, count) for kind, count in rows)


def _open_now() -> Q:
    return Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.now())


@dataclass(frozen=True, slots=True, eq=False)
class ThingArrays:
    """Open things as arrays, one position a thing, in the order in which they were registered.

    `geometries` are Shapely objects in WGS 84 (None where there is none), `attributes` arrays of values by name
    (None where a thing has no such attribute). `digest` is hexadecimal over identities, kinds, geometries and
    these attributes: equal for equal content.
    """

    ids: NDArray[np.int64]
    uids: NDArray[np.object_]
    kinds: NDArray[np.object_]
    geometries: NDArray[np.object_]
    attributes: dict[str, NDArray[np.object_]]
    digest: str


def arrays(kinds: Sequence[str], *, attributes: Sequence[str] = ()) -> ThingArrays:
    """Return all open things of the kinds as arrays, as engines take them. Raises InvalidError for an unknown kind."""
    require_kinds(kinds)
    things = Thing.objects.filter(_open_now(), kind__in=kinds).order_by("pk")
    rows = list(things.values_list("pk", "uid", "kind", "geometry", "attributes").iterator(chunk_size=5000))
    wkbs = [bytes(row[3]) if row[3] is not None else None for row in rows]
    return ThingArrays(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        uids=_objects(row[1] for row in rows),
        kinds=_objects(row[2] for row in rows),
        geometries=_objects(shapely.from_wkb(np.array(wkbs, dtype=object)).tolist() if wkbs else ()),
        attributes={name: _objects(row[4].get(name) for row in rows) for name in attributes},
        digest=_digest(rows, wkbs, attributes),
    )


def _objects(values: Iterable[Any]) -> NDArray[np.object_]:
    """Return values as a one-dimensional array, whatever they are."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _digest(rows: Sequence[Any], wkbs: Sequence[bytes | None], attributes: Sequence[str]) -> str:
    content = hashlib.blake2b(digest_size=16)
    for (_, uid, kind, _, values), wkb in zip(rows, wkbs, strict=True):
        said = [str(uid), kind, wkb, {name: values.get(name) for name in sorted(attributes)}]
        content.update(msgspec.msgpack.encode(said, order="deterministic"))
    return content.hexdigest()
