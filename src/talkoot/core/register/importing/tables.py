"""What the readers of GeoJSON, GeoPackage and CSV have in common: rows of named values, each perhaps with a place."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from django.utils.translation import gettext as _

# The longest value, feature or row that is taken in; a longer one is rejected without being held in memory.
MAX_VALUE: Final = 1024 * 1024
MAX_ROW: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class Row:
    """One row: where it is in the file, its values by column, and its geometry (GeoJSON or WKB) if it has one."""

    label: str
    values: dict[str, Any] = field(default_factory=dict)
    geometry: Any = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot even be read, and why."""

    label: str
    reason: str


class Table(Protocol):
    """A file of rows that was found whole. `crs` is what the file itself says of its coordinates, or ""."""

    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def crs(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def has_geometry(self) -> bool: ...
    def rows(self) -> Iterator[Row | BadRow]: ...


class _Beginning(io.RawIOBase):
    """The first `most` bytes of a file."""

    def __init__(self, path: Path, most: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(memoryview(buffer)[: self._left])
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def open_bytes(path: Path, most: int = 0) -> BinaryIO:
    """Open a file for reading: its first `most` bytes, or all of it where that is 0."""
    return cast(BinaryIO, io.BufferedReader(_Beginning(path, most))) if most else path.open("rb")


def weight(row: Row) -> int:
    """Return about how many bytes a row takes; of a large one its texts and its geometry make out nearly all."""
    shape = len(row.geometry) if isinstance(row.geometry, bytes) else 0
    return shape + sum(len(value) for value in row.values.values() if isinstance(value, str))


def too_large(label: str, limit: int) -> BadRow:
    """Return the rejection of a row that is larger than `limit` bytes."""
    size = limit // (1024 * 1024)
    return BadRow(label, _("It is larger than {size} MiB. Keep files elsewhere and link to them.").format(size=size))
