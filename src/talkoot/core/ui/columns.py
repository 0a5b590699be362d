"""Columns over time drawn on the server: a picture without JavaScript that a page may fetch anew every few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from talkoot.core.ui.tables import Column, Table

STEP: Final = 10  # of a column in the drawing
WIDTH: Final = 8
HEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A column of the drawing, in its units."""

    x: int
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Columns:
    """What ui/parts/columns.html shows: amounts, and from when each of them counts. `unit` names what is counted."""

    code: str
    title: str
    unit: str
    starts: Sequence[datetime]
    values: Sequence[int]

    @property
    def highest(self) -> int:
        """The highest amount."""
        return max(self.values, default=0)

    @property
    def width(self) -> int:
        """The width of the drawing, in its units."""
        return STEP * len(self.values)

    def bars(self) -> list[Bar]:
        """Return the columns; the highest amount is as high as the drawing."""
        highest = self.highest or 1
        heights = [HEIGHT * value / highest for value in self.values]
        return [Bar(at * STEP, f"{HEIGHT - height:.2f}", f"{height:.2f}") for at, height in enumerate(heights)]

    def table(self) -> Table:
        """Return the same numbers as a table, the latest first."""
        columns = [Column("from", _("From")), Column("count", self.unit, numeric=True)]
        rows = list(reversed(list(zip(self.starts, self.values, strict=True))))
        return Table(self.title, columns, rows, id=f"{self.code}-table", caption_hidden=True)
