"""Charts on pages: drawn by ECharts from JSON, and beside the drawing the same numbers as a table.

Colours are the look's tokens, written `var(--lake)`: they follow the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from talkoot.core.ui.tables import Column, Table


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers, one for each category; `colour` is a token. Series of one `stack` stand on each other."""

    name: str
    values: Sequence[float | None]
    colour: str
    type: Literal["bar", "line"] = "bar"
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What ui/chart.html shows. `x` and `y` name the axes with their units, `badge` how the numbers came about."""

    code: str
    title: str
    categories: Sequence[str]
    series: Sequence[Series]
    x: str
    y: str
    badge: str = ""
    note: str = ""

    @property
    def script_id(self) -> str:
        """The id of the element that holds the chart's JSON."""
        return f"chart-{self.code}"

    def as_json(self) -> dict[str, Any]:
        """Return what charts.js reads."""
        return {
            "title": self.title,
            "categories": list(self.categories),
            "x": self.x,
            "y": self.y,
            "series": [
                {
                    "name": series.name,
                    "type": series.type,
                    "data": list(series.values),
                    "colour": series.colour,
                    "stack": series.stack,
                }
                for series in self.series
            ],
        }

    def table(self) -> Table:
        """Return the same numbers as a table."""
        columns = [
            Column("category", self.x),
            *(Column(str(at), series.name, numeric=True) for at, series in enumerate(self.series)),
        ]
        rows = [
            (category, *("" if series.values[at] is None else series.values[at] for series in self.series))
            for at, category in enumerate(self.categories)
        ]
        return Table(self.title, columns, rows, id=f"{self.code}-table", caption_hidden=True)
