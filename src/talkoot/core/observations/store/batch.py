"""Readings as columns: how they travel between processes and are worked on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

UNSTATED: Final = 0
GOOD: Final = 1
SUSPECT: Final = 2
BAD: Final = 3
ESTIMATED: Final = 4
DELETED: Final = 255

ID_BITS: Final = 30  # an identifier is (stream << 30) | the stream's own number of the reading
MAX_STREAM: Final = 1 << 23
SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
MIN_TIME: Final = -62_135_596_800 * SECOND  # the year 1
MAX_TIME: Final = 253_402_300_800 * SECOND  # the year 10000


@dataclass(slots=True)
class Batch:
    """Readings in columns of one length.

    Times are microseconds since 1970 in UTC; `rt` is 0 where no result time was given. `value` is NaN where the
    result is no number; whatever is rare about a reading stands in `more` as JSON text (None: no reading has any).
    """

    stream: Integers
    t: Integers
    rt: Integers
    value: Floats
    flag: Bytes
    more: list[str | None] | None

    def __len__(self) -> int:
        return len(self.stream)

    @classmethod
    def of(
        cls,
        stream: Iterable[int],
        t: Iterable[int],
        value: Iterable[float | None],
        *,
        rt: Iterable[int] | None = None,
        flag: Iterable[int] | None = None,
        more: Sequence[str | None] | None = None,
    ) -> Batch:
        """Make a batch of sequences; absent result times and flags become 0, None values NaN."""
        streams = np.array(list(stream), dtype=np.int64)
        return Batch(
            streams,
            np.array(list(t), dtype=np.int64),
            np.zeros_like(streams) if rt is None else np.array(list(rt), dtype=np.int64),
            np.array(list(value), dtype=np.float64),
            np.zeros(len(streams), np.uint8) if flag is None else np.array(list(flag), dtype=np.uint8),
            list(more) if more is not None and any(text is not None for text in more) else None,
        )

    def take(self, index: Any) -> Self:
        """Return the rows that a NumPy index names (positions or a mask)."""
        positions = np.arange(len(self))[index]
        more = None if self.more is None else [self.more[i] for i in positions.tolist()]
        columns: dict[str, Any] = {name: getattr(self, name)[positions] for name in self._arrays()}
        for name in self._optional():
            columns[name] = None if (held := getattr(self, name)) is None else held[positions]
        return type(self)(**columns, more=more)

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, one after the other (at least one part)."""
        if len(parts) == 1:
            return parts[0]
        more: list[str | None] | None = None
        if any(part.more is not None for part in parts):
            more = [text for part in parts for text in (part.more or [None] * len(part))]
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in cls._arrays()
        }
        for name in cls._optional():
            columns[name] = _joined([getattr(part, name) for part in parts], parts)
        return cls(**columns, more=more)

    @classmethod
    def _arrays(cls) -> tuple[str, ...]:
        return ("stream", "t", "rt", "value", "flag")

    @classmethod
    def _optional(cls) -> tuple[str, ...]:
        """Return the columns of numbers that may be None: then no row has one. NaN: this row has none."""
        return ()

    def to_bytes(self) -> bytes:
        """Return the batch as bytes (MessagePack of little-endian columns)."""
        columns = [np.ascontiguousarray(getattr(self, name)).data for name in self._arrays()]
        rare = [getattr(self, name) for name in self._optional()]
        held = (None if column is None else np.ascontiguousarray(column).data for column in rare)
        return _ENCODER.encode((*columns, *held, self.more))

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Self:
        """Read what `to_bytes` wrote; raises ValueError for anything else."""
        try:
            *columns, more = _decoder(cls).decode(data)
        except msgspec.MsgspecError as error:
            raise ValueError(f"no batch: {error}") from error
        names = cls._arrays() + cls._optional()
        arrays: dict[str, Any] = {
            name: None if column is None else np.frombuffer(column, _TYPES[name])
            for name, column in zip(names, columns, strict=True)
        }
        if len({len(column) for column in (*arrays.values(), more) if column is not None}) != 1:
            raise ValueError("no batch: its columns differ in length")
        return cls(**arrays, more=more)

    def problem(self) -> str:
        """Tell what keeps the batch from being stored; empty if nothing does."""
        if not len(self):
            return ""
        if self.stream.min() < 1 or self.stream.max() >= MAX_STREAM:
            return "a datastream's number is out of range"
        if min(self.t.min(), self.rt.min()) < MIN_TIME or max(self.t.max(), self.rt.max()) >= MAX_TIME:
            return "a time is outside the years 1 to 9999"
        if np.isinf(self.value).any():
            return "a value is infinite"
        return "a flag is unknown" if self.flag.max() > ESTIMATED else ""


@dataclass(slots=True)
class Readings(Batch):
    """Stored readings: a batch with the number that each has in its stream.

    `raw` has the stored value of each reading whose `value` a calibration has made of it, NaN for the others.
    """

    n: Integers
    raw: Floats | None = None

    @classmethod
    def _arrays(cls) -> tuple[str, ...]:
        return ("stream", "t", "rt", "value", "flag", "n")

    @classmethod
    def _optional(cls) -> tuple[str, ...]:
        return ("raw",)

    @property
    def ids(self) -> Integers:
        """The identifiers of the readings."""
        return (self.stream << ID_BITS) | self.n

    @classmethod
    def empty(cls) -> Readings:
        """Return no readings."""
        none = np.empty(0, np.int64)
        return cls(none, none, none, np.empty(0, np.float64), np.empty(0, np.uint8), None, none)

    @property
    def sent(self) -> Floats:
        """The values as they came, before any calibration."""
        return self.value if self.raw is None else np.where(np.isnan(self.raw), self.value, self.raw)

    def keys_in(self, other: Batch) -> NDArray[np.bool_]:
        """Tell for each row whether `other` has a row of the same key (stream, t, rt)."""
        wanted = set(zip(other.stream.tolist(), other.t.tolist(), other.rt.tolist(), strict=True))
        mine = zip(self.stream.tolist(), self.t.tolist(), self.rt.tolist(), strict=True)
        return np.fromiter((key in wanted for key in mine), np.bool_, len(self))

    def sorted_by_key(self) -> Readings:
        """Return the rows ordered by stream, time and result time."""
        return self.take(np.lexsort((self.rt, self.t, self.stream)))


_TYPES: Final = {"stream": "<i8", "t": "<i8", "rt": "<i8", "value": "<f8", "flag": "u1", "n": "<i8", "raw": "<f8"}
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODERS: Final[dict[type[Batch], msgspec.msgpack.Decoder[Any]]] = {}


def _decoder(kind: type[Batch]) -> msgspec.msgpack.Decoder[Any]:
    if kind not in _DECODERS:
        columns: list[Any] = [memoryview] * len(kind._arrays()) + [memoryview | None] * len(kind._optional())
        shape: Any = tuple.__class_getitem__((*columns, list[str | None] | None))
        _DECODERS[kind] = msgspec.msgpack.Decoder(shape)
    return _DECODERS[kind]


def _joined(columns: Sequence[Floats | None], parts: Sequence[Batch]) -> Floats | None:
    """Return optional columns of batches one after the other, NaN for a batch without; None where none has any."""
    if all(column is None for column in columns):
        return None
    pairs = zip(columns, parts, strict=True)
    return np.concatenate([np.full(len(part), np.nan) if column is None else column for column, part in pairs])
