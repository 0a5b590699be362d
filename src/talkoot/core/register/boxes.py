"""Boxes of longitude and latitude, and what the databases' spatial indexes find in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.indexes import BOX, DETAIL_SCALE
from talkoot.core.register.models import Thing

METRES_PER_DEGREE: Final = 110_574.0  # of latitude at the equator, where a degree is shortest on the ellipsoid
BOX_FIX: Final = "Give west, south, east and north in degrees of WGS 84, such as 24.92,60.16,24.94,60.17."
SHORTER: Final = 0.999  # a straight line across degrees is a little longer than the geodesic
# Up to so many things of a kind it is quicker to look at each than at all that is in a wide box.
FEW: Final = 5000
TOUCHING: Final = "{0}.min_lon <= %s AND {0}.max_lon >= %s AND {0}.min_lat <= %s AND {0}.max_lat >= %s"
OVERLAPPING: Final = f"{BOX} && box(point(%s, %s), point(%s, %s))"


@dataclass(frozen=True, slots=True)
class Box:
    """A box in degrees of WGS 84, its edges included. Raises InvalidError where it is none."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def __post_init__(self) -> None:
        in_order = -180 <= self.min_lon <= self.max_lon <= 180 and -90 <= self.min_lat <= self.max_lat <= 90
        if not in_order:  # so it is for NaN, too
            raise InvalidError("bbox", "This is no box of longitudes and latitudes.", BOX_FIX)

    @classmethod
    def parse(cls, text: str) -> Box:
        """Return the box of "west,south,east,north". Raises InvalidError for any other text."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError as error:
            raise InvalidError("bbox", "This is no box of longitudes and latitudes.", BOX_FIX) from error
        return cls(west, south, east, north)


def around(lon: float, lat: float, reach: float) -> list[tuple[Box, float]]:
    """Return the boxes that hold all within `reach` metres (at most some hundred kilometres) of a point.

    With each stands the point's longitude as seen from it: across the antimeridian there are two boxes.
    """
    high = reach / METRES_PER_DEGREE
    south, north = max(lat - high, -90.0), min(lat + high, 90.0)
    wide = reach / metres_per_longitude(max(abs(south), abs(north))) if max(-south, north) < 90 else 180.0
    if wide >= 180:
        return [(Box(-180, south, 180, north), lon)]
    west, east = lon - wide, lon + wide
    boxes = [(Box(max(west, -180), south, min(east, 180), north), lon)]
    if west < -180:
        boxes.append((Box(west + 360, south, 180, north), lon + 360))
    if east > 180:
        boxes.append((Box(-180, south, east - 360, north), lon - 360))
    return boxes


def metres_per_longitude(lat: float) -> float:
    """Return no more metres than a degree of longitude has at a latitude on the ellipsoid."""
    return 111_300.0 * math.cos(math.radians(lat))


def selection(
    columns: str, box: Box, kinds: Sequence[str] = (), *, after: int = 0, below: float = math.inf, wide: bool = False
) -> tuple[str, list[Any]]:
    """Return the statement, without an order or a limit, that selects open things whose bounds touch `box`.

    Parameters: `columns` of the table `t`; `after`, a primary key above which to begin; `below`, the detail below
    which things are wanted; `wide` tells that the box is better looked for in the table than in the spatial index.
    Returns the statement and its parameters.
    """
    source, where, parameters = f"{Thing._meta.db_table} t", [TOUCHING.format("t")], _sides(box)
    if connection.vendor == "postgresql":
        if not wide:
            # Boxes touch already within a millionth of a degree, so the exact comparison stays.
            where.append(OVERLAPPING)
            parameters += _corners(box)
    elif not wide and not _are_few(kinds):
        # The R*Tree holds single-precision bounds, rounded outwards, so the exact comparison stays.
        source = f"register_thing_box b CROSS JOIN {source} ON t.id = b.id"
        where.append(TOUCHING.format("b"))
        parameters += _sides(box)
        if below < math.inf:
            where.append("b.min_detail < %s")
            parameters.append(below * DETAIL_SCALE)
    conditions, values = open_things(kinds)
    if below < math.inf:
        conditions.append("t.detail < %s")
        values.append(below)
    if after:
        conditions.append("t.id > %s")
        values.append(after)
    statement = f"SELECT {columns} FROM {source} WHERE {' AND '.join([*where, *conditions])}"  # noqa: S608
    return statement, [*parameters, *values]


@contextmanager
def walking_the_index() -> Iterator[None]:
    """Keep PostgreSQL to reading the spatial index row by row, so that a limit ends the work.

    It takes every box for a small one, and would gather a large one whole before giving its first row.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        yield
        cursor.execute("SET LOCAL enable_bitmapscan = on")  # this may be within a longer transaction


def holds_more(box: Box, count: int) -> bool:
    """Tell, from the spatial index and counting no further, whether more than `count` things touch the box.

    Things that are closed count, too: what is asked is how much work lies there. Ask it `walking_the_index`.
    """
    if connection.vendor == "postgresql":
        inner, parameters = f"{Thing._meta.db_table} WHERE {OVERLAPPING}", _corners(box)
    else:
        inner, parameters = f"register_thing_box b WHERE {TOUCHING.format('b')}", _sides(box)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM {inner} LIMIT %s) found", [*parameters, count + 1])  # noqa: S608
        return bool(cursor.fetchone()[0] > count)


def _sides(box: Box) -> list[Any]:
    return [box.max_lon, box.min_lon, box.max_lat, box.min_lat]


def _corners(box: Box) -> list[Any]:
    return [box.min_lon, box.min_lat, box.max_lon, box.max_lat]


def square_of_distance(lon: float, lat: float, box: Box) -> str:
    """Return an expression on the table `t`: the square of no more metres than from the point to a thing's bounds.

    It holds for things in `box`, one of those `around` the point.
    """
    greatest = "greatest" if connection.vendor == "postgresql" else "max"
    by_lon = SHORTER * metres_per_longitude(max(abs(box.min_lat), abs(box.max_lat)))
    by_lat = SHORTER * METRES_PER_DEGREE
    east = f"{by_lon!r} * {greatest}(0.0, t.min_lon - ({lon!r}), ({lon!r}) - t.max_lon)"
    north = f"{by_lat!r} * {greatest}(0.0, t.min_lat - ({lat!r}), ({lat!r}) - t.max_lat)"
    return f"({east}) * ({east}) + ({north}) * ({north})"


def _are_few(kinds: Sequence[str]) -> bool:
    """Tell whether there are at most `FEW` things of the kinds, without counting any further."""
    return bool(kinds) and Thing.objects.filter(kind__in=kinds)[: FEW + 1].count() <= FEW


def open_things(kinds: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Return the conditions on the table `t`, with their values, of open things of these kinds (of all, if none)."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    where, values = ["(t.valid_to IS NULL OR t.valid_to > %s)"], [now]
    if kinds:
        where.append(f"t.kind IN ({', '.join(['%s'] * len(kinds))})")
        values += list(kinds)
    return where, values
