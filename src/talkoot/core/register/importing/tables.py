"""What the readers of GeoJSON, GeoPackage and CSV have in common: rows of named values, each perhaps with a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

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


def too_large(label: str, limit: int) -> BadRow:
    """Return the rejection of a row that is larger than `limit` bytes."""
    size = limit // (1024 * 1024)
    return BadRow(label, _("It is larger than {size} MiB. Keep files elsewhere and link to them.").format(size=size))
