"""Conditions that no database computes, evaluated over the rows of a table: geometries, calendars, reckoning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from django.db import connection
from django.db.models import F, Q, QuerySet
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.readings import store
from talkoot.core.observations.sta.query.arrays import matching
from talkoot.core.observations.sta.query.ast import Call, Comparison, Expression, Geography, Literal, Path
from talkoot.core.observations.sta.query.columns import Column, nulls, of_values
from talkoot.core.observations.sta.query.literals import EPOCH, MICROSECOND
from talkoot.core.observations.sta.query.schema import Type
from talkoot.core.observations.sta.query.sql_functions import Among
from talkoot.core.observations.sta.query.sql_properties import Json, Property, Shape, StoreTime
from talkoot.core.observations.store.batch import Readings
from talkoot.core.register.boxes import Box, selection
from talkoot.core.register.geometries import to_geojson
from talkoot.core.register.models import Thing

MAX_ROWS: Final = 1_000_000  # that one condition looks at
MAX_WORK: Final = 200_000_000  # rows times the parts of the condition
PIECE: Final = 5_000
# Shapes that are so related touch each other's bounds.
TOUCHING: Final = frozenset(
    {
        "geo.intersects",
        "st_intersects",
        "st_within",
        "st_contains",
        "st_equals",
        "st_touches",
        "st_overlaps",
        "st_crosses",
    }
)


def matching_keys(
    rows: QuerySet[Any], condition: Expression, asked: dict[Path, tuple[Property, Any, Type]], now: int
) -> tuple[list[int], list[int]]:
    """Return the primary keys of the rows that fulfil `condition`, and of those for which it is null.

    Parameters: `asked` has for each path in the condition what it is made of, the expression that reads it and its
    type; `now`, what now() is, in microseconds since 1970. Raises InvalidError where there are too many rows to look
    at.
    """
    found: list[int] = []
    unknown: list[int] = []
    read = rows.order_by().values_list("pk", *(expression for _, expression, _ in asked.values()))
    most = min(MAX_ROWS, MAX_WORK // sum(1 for _ in condition.walk()))
    looked_at = 0
    for piece in _pieces(read.iterator(chunk_size=PIECE)):
        looked_at += len(piece)
        if looked_at > most:
            raise InvalidError(
                "$filter", f"So long a condition cannot look at more than {most} rows.", "Ask in several requests."
            )
        keys, *values = zip(*piece, strict=True)
        columns = {
            path: column_of(prop, kind, list(column), keys)
            for (path, (prop, _, kind)), column in zip(asked.items(), values, strict=True)
        }
        chosen, null = matching(condition, columns.__getitem__, len(keys), now=now)
        found.extend(np.array(keys, np.int64)[chosen].tolist())
        unknown.extend(np.array(keys, np.int64)[null].tolist())
    return found, unknown


def _pieces(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while piece := list(islice(rows, PIECE)):
        yield piece


def column_of(prop: Property, kind: Type, values: list[Any], keys: Sequence[int]) -> Column:
    """Return what was read of the rows `keys` as a column: `prop` tells what was read, `kind` what it is to be."""
    match prop:
        case Json():
            return of_values("json", (within(value, prop.keys) for value in values))
        case Shape() if prop.keys:
            return of_values("json", (within(to_geojson(value), prop.keys) for value in values))
        case Shape():
            return of_values("geometry", _shapes(prop, values))
        case StoreTime():
            return _store_times(prop, keys)
    if kind == "period":
        values = [value if value is None else (value - EPOCH) // MICROSECOND for value in values]
    return of_values(kind, values)


def within(value: Any, keys: Sequence[str]) -> Any:
    """Return what stands in a JSON value at the keys, whole numbers being places in lists; None for nothing."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _shapes(prop: Shape, values: list[Any]) -> list[Any]:
    if prop.wkb:
        binary = np.array([None if value is None else bytes(value) for value in values], object)
        return list(shapely.from_wkb(binary, on_invalid="ignore"))
    texts = np.array([None if value is None else json.dumps(value) for value in values], object)
    return list(shapely.from_geojson(texts, on_invalid="ignore"))


def _store_times(prop: StoreTime, keys: Sequence[int]) -> Column:
    """Return of which time the readings of datastreams are; null where there are none, or no such time is known."""
    column = nulls("period", len(keys))
    if prop.name != "phenomenonTime":
        return column
    known = store().summaries(sorted(keys))
    place = {key: position for position, key in enumerate(keys)}
    at = np.array([place[key] for key in known.stream.tolist()], np.int64)
    ends = column.values.copy()
    column.values[at], ends[at], column.null[at] = known.first_t, last_times(known.latest), known.count == 0
    column.ends = ends
    return column


def last_times(latest: Readings) -> NDArray[np.int64]:
    """Return of each latest reading the time that it reaches to: its end, where it is about an interval."""
    ends = latest.t
    for place, text in enumerate(latest.more or ()):
        if text is not None and (end := msgspec.json.decode(text).get("end")) is not None:
            ends = ends.copy() if ends is latest.t else ends
            ends[place] = end
    return ends


def narrowed(rows: QuerySet[Any], conditions: Sequence[Expression], shapes: dict[Path, Property]) -> QuerySet[Any]:
    """Return the rows without such as are too far away to fulfil all `conditions`, going by their bounds alone."""
    for condition in conditions:
        near = _near(condition)
        if near is None or not isinstance(shape := shapes.get(near[0]), Shape) or not shape.wkb:
            continue
        rows = rows.filter(_touching(rows.model, near[1]))
    return rows


def _near(condition: Expression) -> tuple[Path, tuple[float, float, float, float]] | None:
    """Return which geometry must touch which bounds (west, south, east, north) for `condition` to hold."""
    margin = 0.0
    call = condition
    if isinstance(condition, Comparison) and condition.word in ("lt", "le"):
        limit = condition.right.value if isinstance(condition.right, Literal) else None
        call = condition.left
        if not isinstance(limit, int | float) or not (isinstance(call, Call) and call.name == "geo.distance"):
            return None
        margin = max(float(limit), 0.0)
    elif not (isinstance(call, Call) and call.name in TOUCHING):
        return None
    path = next((argument for argument in call.arguments if isinstance(argument, Path)), None)
    given = next((argument for argument in call.arguments if isinstance(argument, Literal)), None)
    if path is None or given is None or not isinstance(given.value, Geography):
        return None
    west, south, east, north = given.value.shape.bounds
    return path, (west - margin, south - margin, east + margin, north + margin)


def _touching(model: type[Any], bounds: tuple[float, float, float, float]) -> Q:
    west, south, east, north = bounds
    if model is Thing and connection.vendor == "sqlite" and (keys := _in_index(bounds)) is not None:
        return Q(Among(F("pk"), keys))
    return Q(min_lon__lte=east, max_lon__gte=west, min_lat__lte=north, max_lat__gte=south)


def _in_index(bounds: tuple[float, float, float, float]) -> list[int] | None:
    """Return the open things that touch the bounds, by the spatial index; None where they are many."""
    west, east = (min(max(side, -180.0), 180.0) for side in (bounds[0], bounds[2]))
    south, north = (min(max(side, -90.0), 90.0) for side in (bounds[1], bounds[3]))
    statement, parameters = selection("t.id", Box(west, south, east, north))
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT {PIECE + 1}", parameters)
        keys = [key for (key,) in cursor.fetchall()]
    return keys if len(keys) <= PIECE else None
