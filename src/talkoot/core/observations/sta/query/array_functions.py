"""The functions of the query language over columns. Null in any argument gives null."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from talkoot.core.observations.sta.query.columns import DAY, SECOND, Column, Mask
from talkoot.core.observations.sta.query.schema import Type

BLANKS: Final = " \t\r\n"
MINUTE: Final = 60 * SECOND
HOUR: Final = 3600 * SECOND
MIN_DATETIME: Final = -62_135_596_800 * SECOND  # the beginning of the year 1
MAX_DATETIME: Final = 253_402_300_800 * SECOND - 1  # the end of the year 9999
MAX_POSITION: Final = 1_000_000_000


def _nowhere(columns: Sequence[Column]) -> Mask:
    null = columns[0].null
    for column in columns[1:]:
        null = null | column.null
    return np.asarray(null)


def _each(kind: Type, dtype: Any, function: Callable[..., Any]) -> Callable[..., Column]:
    """Return a function on columns that takes `function` of each row's values."""

    def over(*columns: Column) -> Column:
        values = np.frompyfunc(function, len(columns), 1)(*(column.values for column in columns))
        return Column(kind, np.asarray(values).astype(dtype), _nowhere(columns))

    return over


def _position(number: float) -> int:
    """Return a place in a text: whole, and not before its beginning."""
    return max(0, min(math.floor(number), MAX_POSITION)) if math.isfinite(number) else 0


def _substring(text: str, start: float, length: float = math.inf) -> str:
    first = _position(start)
    return text[first:] if math.isinf(length) else text[first : first + _position(length)]


def _half_away(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers rounded, halves away from zero."""
    return np.trunc(numbers + np.copysign(0.5, numbers))


def _numeric(function: Callable[[Any], Any]) -> Callable[[Column], Column]:
    return lambda column: Column("number", function(column.values), column.null)


def _calendar(function: Callable[[Any], Any]) -> Callable[[Column], Column]:
    """Return a function of the day: of a date, or of a moment in UTC."""

    def over(column: Column) -> Column:
        days = column.values if column.kind == "date" else column.values // DAY
        return Column("number", function(days.astype("M8[D]")).astype(np.float64), column.null)

    return over


def _clock(function: Callable[[Any], Any]) -> Callable[[Column], Column]:
    """Return a function of the microseconds since midnight UTC."""
    return lambda column: Column("number", np.asarray(function(column.values % DAY), np.float64), column.null)


def _shapes(function: Callable[..., Any], kind: Type) -> Callable[..., Column]:
    """Return a function of shapes, computed in the plane of longitude and latitude."""

    def over(*columns: Column) -> Column:
        arrays = [column.values for column in columns]
        try:
            values = function(*arrays)
        except shapely.errors.GEOSException:  # a broken shape among them
            values = function(*(shapely.make_valid(array) for array in arrays))
        return Column(kind, np.asarray(values), _nowhere(columns))

    return over


def relate(first: Column, second: Column, pattern: str) -> Column:
    """Return whether shapes relate as the intersection pattern (DE-9IM) says."""
    return _shapes(lambda a, b: shapely.relate_pattern(a, b, pattern), "boolean")(first, second)


def _year(days: Any) -> Any:
    return days.astype("M8[Y]").astype(np.int64) + 1970


def _month(days: Any) -> Any:
    return days.astype("M8[M]").astype(np.int64) % 12 + 1


def _day(days: Any) -> Any:
    return (days - days.astype("M8[M]").astype("M8[D]")).astype(np.int64) + 1


ARRAY_FUNCTIONS: Final[dict[str, Callable[..., Column]]] = {
    "substringof": _each("boolean", np.bool_, lambda part, text: part in text),
    "contains": _each("boolean", np.bool_, lambda text, part: part in text),
    "endswith": _each("boolean", np.bool_, str.endswith),
    "startswith": _each("boolean", np.bool_, str.startswith),
    "length": _each("number", np.float64, len),
    "indexof": _each("number", np.float64, str.find),
    "substring": _each("text", object, _substring),
    "tolower": _each("text", object, str.lower),
    "toupper": _each("text", object, str.upper),
    "trim": _each("text", object, lambda text: text.strip(BLANKS)),
    "concat": _each("text", object, lambda first, second: first + second),
    "year": _calendar(_year),
    "month": _calendar(_month),
    "day": _calendar(_day),
    "hour": _clock(lambda clock: clock // HOUR),
    "minute": _clock(lambda clock: clock // MINUTE % 60),
    "second": _clock(lambda clock: clock // SECOND % 60),
    "fractionalseconds": _clock(lambda clock: clock % SECOND / SECOND),
    "date": lambda column: Column("date", column.values // DAY, column.null),
    "time": lambda column: Column("time", column.values % DAY, column.null),
    "totaloffsetminutes": lambda column: Column("number", np.zeros(len(column.values)), column.null),
    "round": _numeric(_half_away),
    "floor": _numeric(np.floor),
    "ceiling": _numeric(np.ceil),
    "geo.distance": _shapes(shapely.distance, "number"),
    "geo.length": _shapes(shapely.length, "number"),
    "geo.intersects": _shapes(shapely.intersects, "boolean"),
    "st_equals": _shapes(shapely.equals, "boolean"),
    "st_disjoint": _shapes(shapely.disjoint, "boolean"),
    "st_touches": _shapes(shapely.touches, "boolean"),
    "st_within": _shapes(shapely.within, "boolean"),
    "st_overlaps": _shapes(shapely.overlaps, "boolean"),
    "st_crosses": _shapes(shapely.crosses, "boolean"),
    "st_intersects": _shapes(shapely.intersects, "boolean"),
    "st_contains": _shapes(shapely.contains, "boolean"),
}
