"""Columns of values of one type with nulls: what expressions give over many rows at once.

A column has one position for each row, or a single position that stands for every row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.sta.query.ast import Duration, Geography, Instant, Interval, Value
from talkoot.core.observations.sta.query.schema import Type

SECOND: Final = 1_000_000  # microseconds
DAY: Final = 86_400 * SECOND
FIRST_DAY: Final = date(1970, 1, 1).toordinal()
Mask = NDArray[np.bool_]

_DTYPES: Final[dict[Type, type]] = {
    "number": np.float64,
    "boolean": np.bool_,
    "period": np.int64,
    "date": np.int64,
    "time": np.int64,
    "duration": np.int64,
}


@dataclass(slots=True, eq=False)
class Column:
    """Values of one type.

    `values` are float64 for numbers, bool for booleans, int64 for periods (their beginnings, in microseconds since
    1970 in UTC), days (since 1970), times of day and durations (both in microseconds), and objects for the rest. Where
    `null` is set there is no value, and what stands in `values` means nothing. `ends` are the ends of periods.
    """

    kind: Type
    values: NDArray[Any]
    null: Mask
    ends: NDArray[np.int64] | None = None

    @property
    def until(self) -> NDArray[np.int64]:
        """The ends of periods; of moments, the moments."""
        return self.values if self.ends is None else self.ends

    def as_kind(self, kind: Type) -> Column:
        """Return the column as one of `kind`: what stands in JSON and is of another type becomes null."""
        if self.kind == kind:
            return self
        if self.kind != "json":
            return nulls(kind, len(self.values))
        return of_values(kind, (value if _is_kind(value, kind) else None for value in self.values.tolist()))


def constant(value: Value) -> Column:
    """Return a literal as a column of one position."""
    match value:
        case None:
            return nulls("null", 1)
        case bool():
            return Column("boolean", np.array([value]), np.zeros(1, np.bool_))
        case str():
            return of_values("text", [value])
        case Interval():
            return Column("period", _whole(value.start.us), np.zeros(1, np.bool_), _whole(value.end.us))
        case Instant():
            return Column("period", _whole(value.us), np.zeros(1, np.bool_))
        case Duration():
            return Column("duration", _whole(value.us), np.zeros(1, np.bool_))
        case Geography():
            return of_values("geometry", [value.shape])
        case date():
            return Column("date", _whole(value.toordinal() - FIRST_DAY), np.zeros(1, np.bool_))
        case time():
            return Column("time", _whole(_since_midnight(value)), np.zeros(1, np.bool_))
        case _:
            return Column("number", np.array([value], np.float64), np.zeros(1, np.bool_))


def nulls(kind: Type, length: int) -> Column:
    """Return a column of nothing but nulls."""
    values: NDArray[Any] = np.full(length, _blank(kind), _DTYPES.get(kind, object))
    return Column(kind, values, np.ones(length, np.bool_))


def of_values(kind: Type, values: Iterable[Any]) -> Column:
    """Return a column of Python values, None where there is none; shapes for geometries, microseconds for periods."""
    listed = list(values)
    null = np.fromiter((value is None for value in listed), np.bool_, len(listed))
    filled = np.empty(len(listed), object)
    filled[:] = listed
    if kind not in ("json", "geometry"):
        filled[null] = _blank(kind)
    dtype = _DTYPES.get(kind)
    return Column(kind, filled if dtype is None else filled.astype(dtype), null)


def _blank(kind: Type) -> Any:
    """Return what stands where there is no value, so that columns can be reckoned with as a whole."""
    if kind in _DTYPES:
        return 0
    return "" if kind == "text" else None


def _is_kind(value: Any, kind: Type) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308
    return False


def _whole(number: int) -> NDArray[np.int64]:
    return np.array([number], np.int64)


def _since_midnight(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND + clock.microsecond
