"""The data arrays of CreateObservations as columns of the store: whole groups at once where they are plain numbers.

Each row of a group is taken or refused by itself. Source: OGC 18-088, clause 13 (data array extension).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from talkoot.core.observations.sta.moments import EARLIEST, LATEST
from talkoot.core.observations.sta.rows import FIELDS, LARGEST_WHOLE, Row, RowError, Shape, row_of
from talkoot.core.observations.store.batch import SECOND, UNSTATED, Batch, Floats, Integers

MOST_ROWS: Final = 100_000
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Whole = Annotated[int, msgspec.Meta(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)]
# Observation types whose results are columns of numbers, and the JSON that these come in.
NUMBERS: Final[dict[str, Any]] = {"Measurement": float, "CountObservation": Whole}
UNKNOWN: Final = "is unknown or modelled, or this key may not write to it."
FEATURE: Final = "FeatureOfInterest/id"


class Reference(msgspec.Struct):
    """A link to an entity that is there."""

    id: int = msgspec.field(name="@iot.id")


class Group(msgspec.Struct):
    """Rows of one datastream, as they were sent."""

    components: list[str]
    rows: msgspec.Raw = msgspec.field(name="dataArray")
    count: int | None = msgspec.field(name="dataArray@iot.count", default=None)
    datastream: Reference | None = msgspec.field(name="Datastream", default=None)
    multi_datastream: Reference | None = msgspec.field(name="MultiDatastream", default=None)

    @property
    def stream(self) -> int:
        """The number of the datastream, 0 where none is named."""
        named = self.datastream or self.multi_datastream
        return named.id if named else 0


_MICROSECOND_OF: Final = attrgetter("microsecond")
_GROUPS: Final = msgspec.json.Decoder(list[Group])
_ROWS: Final = msgspec.json.Decoder(list[Any])


def decode(body: bytes) -> list[Group]:
    """Read the groups of a request. Raises ValueError with the position for what is no such request."""
    try:
        return _GROUPS.decode(body)
    except RecursionError:
        raise ValueError("JSON is nested too deep") from None


@dataclass(slots=True)
class Taken:
    """What of a request can be stored, in columns; what cannot, by its position among all rows."""

    stream: list[Integers] = field(default_factory=list)
    t: list[Integers] = field(default_factory=list)
    rt: list[Integers] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    flag: list[np.ndarray[Any, np.dtype[np.uint8]]] = field(default_factory=list)
    more: list[str | None] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    rows: int = 0

    def batch(self) -> Batch:
        """Return what can be stored, in the order it was sent."""
        if not self.stream:
            return Batch.of((), (), ())
        more = self.more if any(self.more) else None
        columns = (self.stream, self.t, self.rt, self.value, self.flag)
        stream, t, rt, value, flag = (np.concatenate(column) for column in columns)
        return Batch(stream, t, rt, value, flag, more)

    def add_columns(self, stream: int, t: Integers, rt: Integers, value: Floats) -> None:
        """Add rows of which nothing is rare."""
        count = len(t)
        self._add(stream, t, rt, value, np.full(count, UNSTATED, np.uint8), [None] * count)
        self.rows += count

    def add_rows(self, stream: int, rows: Sequence[Row | RowError]) -> None:
        """Add rows one by one, those that are wrong as errors."""
        good = [row for row in rows if isinstance(row, Row)]
        for position, row in enumerate(rows, self.rows):
            if isinstance(row, RowError):
                self.errors[position] = str(row)
        self._add(
            stream,
            np.array([row.t for row in good], np.int64),
            np.array([row.rt for row in good], np.int64),
            np.array([row.value for row in good], np.float64),
            np.array([row.flag for row in good], np.uint8),
            [row.more for row in good],
        )
        self.rows += len(rows)

    def refuse(self, count: int, message: str) -> None:
        """Refuse `count` rows for the same reason."""
        self.errors.update(dict.fromkeys(range(self.rows, self.rows + count), message))
        self.rows += count

    def _add(
        self,
        stream: int,
        t: Integers,
        rt: Integers,
        value: Floats,
        flag: np.ndarray[Any, np.dtype[np.uint8]],
        more: list[str | None],
    ) -> None:
        self.stream.append(np.full(len(t), stream, np.int64))
        self.t.append(t)
        self.rt.append(rt)
        self.value.append(value)
        self.flag.append(flag)
        self.more += more


def named_features(groups: Sequence[Group]) -> set[int]:
    """Return the features of interest that rows name."""
    found = set()
    for position, group in enumerate(groups):
        if FEATURE in group.components:
            at = group.components.index(FEATURE)
            rows = [row for row in _decoded_rows(group, position) if isinstance(row, list) and len(row) > at]
            found |= {row[at] for row in rows if isinstance(row[at], int)}
    return found


def take(groups: Sequence[Group], shapes: Mapping[int, Shape | None], features: Container[int]) -> Taken:
    """Return what can be stored of the groups in datastreams of these shapes (None: may not be written to).

    Raises ValueError where a group's dataArray is no list of rows, or there are more than MOST_ROWS in all.
    """
    taken = Taken()
    for position, group in enumerate(groups):
        shape = shapes.get(group.stream)
        if shape is None or not _take_columns(group, shape, taken):
            _take_rows(group, shape, features, taken, _decoded_rows(group, position))
        if taken.rows > MOST_ROWS:
            raise ValueError(f"there are more than {MOST_ROWS} rows; send them in parts")
    return taken


def _take_columns(group: Group, shape: Shape, taken: Taken) -> bool:
    """Take a whole group as columns; False where a row of it is not plain."""
    decoder = None if shape.is_multi else _column_decoder(tuple(group.components), shape.type)
    if decoder is None:
        return False
    try:
        rows = decoder.decode(group.rows)
    except msgspec.DecodeError:
        return False
    if not rows or (group.count is not None and group.count != len(rows)):
        return False
    columns = dict(zip(group.components, zip(*rows, strict=True), strict=True))
    t = _microseconds(columns["phenomenonTime"])
    rt = _microseconds(columns["resultTime"]) if "resultTime" in columns else np.zeros_like(t)
    if t.min() < EARLIEST or t.max() > LATEST or ("resultTime" in columns and not _in_range(rt)):
        return False
    taken.add_columns(group.stream, t, rt, np.array(columns["result"], np.float64))
    return True


@lru_cache(200)
def _column_decoder(components: tuple[str, ...], kind: str) -> msgspec.json.Decoder[list[Any]] | None:
    """Return the decoder of rows of plain numbers at given times, None for other rows."""
    types = {"phenomenonTime": Moment, "resultTime": Moment, "result": NUMBERS.get(kind)}
    if len(set(components)) != len(components) or not {"phenomenonTime", "result"} <= set(components) <= types.keys():
        return None
    if types["result"] is None:
        return None
    row: Any = tuple[tuple(types[name] for name in components)]  # type: ignore[misc]
    return msgspec.json.Decoder(list[row])


def _microseconds(moments: Sequence[datetime]) -> Integers:
    """Return moments as microseconds; exact, since only the whole seconds come by way of doubles."""
    count = len(moments)
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, count)
    rest = np.fromiter(map(_MICROSECOND_OF, moments), np.int64, count)
    return np.rint(seconds - rest / SECOND).astype(np.int64) * SECOND + rest


def _in_range(times: Integers) -> bool:
    return bool(times.min() >= EARLIEST and times.max() <= LATEST)


def _take_rows(group: Group, shape: Shape | None, features: Container[int], taken: Taken, rows: Sequence[Any]) -> None:
    """Take a group row by row."""
    if message := _fault(group, shape, len(rows)):
        taken.refuse(len(rows), message)
    elif shape is not None:
        taken.add_rows(group.stream, [_row(group.components, row, shape, features) for row in rows])


def _decoded_rows(group: Group, position: int) -> list[Any]:
    try:
        return _ROWS.decode(group.rows)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"[{position}].dataArray: {error}") from None


def _fault(group: Group, shape: Shape | None, count: int) -> str:
    """Tell what is wrong with a whole group, "" for nothing."""
    if group.stream == 0:
        return "Datastream: it is missing."
    if shape is None:
        return f"Datastream: {group.stream} {UNKNOWN}"
    if group.count is not None and group.count != count:
        return f"dataArray@iot.count: it says {group.count}, but there are {count} rows."
    if unknown := set(group.components) - FIELDS:
        return f"components: {min(unknown)!r} is none of {', '.join(sorted(FIELDS))}."
    if len(set(group.components)) != len(group.components):
        return "components: one is named twice."
    return "" if "result" in group.components else "components: result is missing."


def _row(components: Sequence[str], values: Any, shape: Shape, features: Container[int]) -> Row | RowError:
    if not isinstance(values, list) or len(values) != len(components):
        return RowError(f"a row must be a list of {len(components)} values, one for each component.")
    try:
        return row_of(dict(zip(components, values, strict=True)), shape, features)
    except RowError as error:
        return error
