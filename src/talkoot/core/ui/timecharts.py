"""Charts over time: a line for the mean, a band from the lowest to the highest value, gaps where nothing was measured.

Drawn by ECharts from JSON as ui/charts.py's are; beside the drawing the same numbers as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.ui.tables import Column, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TABLE_ROWS: Final = 500
DIGITS: Final = 6  # significant digits that a drawing needs


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """One datastream in a chart: `starts` of its buckets in milliseconds, and for each the numbers (NaN: a gap)."""

    name: str
    starts: Sequence[int]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]
    colour: str


@dataclass(frozen=True, slots=True)
class TimeChart:
    """What ui/chart.html shows of bands over one time. `width` is that of a bucket in seconds."""

    code: str
    title: str
    bands: Sequence[Band]
    y: str
    width: int
    badge: str = ""
    note: str = ""

    @property
    def script_id(self) -> str:
        """The id of the element that holds the chart's JSON."""
        return f"chart-{self.code}"

    def as_json(self) -> dict[str, Any]:
        """Return what charts.js reads: for each band the points (milliseconds, mean, low, high)."""
        return {
            "time": True,
            "title": self.title,
            "y": self.y,
            "bands": [
                {
                    "name": band.name,
                    "colour": band.colour,
                    "points": [
                        [at, _number(mean), _number(low), _number(high)]
                        for at, mean, low, high in zip(
                            band.starts, band.mean.tolist(), band.low.tolist(), band.high.tolist(), strict=True
                        )
                    ],
                }
                for band in self.bands
            ],
        }

    def table(self) -> Table:
        """Return the same numbers as a table, without the gaps; the latest first, no more than 500."""
        columns = [
            Column("time", _("From")),
            Column("name", _("Measurement")),
            Column("mean", _("Mean"), self.y, numeric=True),
            Column("low", _("Lowest"), self.y, numeric=True),
            Column("high", _("Highest"), self.y, numeric=True),
            Column("count", _("Readings"), numeric=True),
        ]
        rows = [
            (at, band.name, _number(band.mean[index]), _number(band.low[index]), _number(band.high[index]), int(count))
            for band in self.bands
            for index, (at, count) in enumerate(zip(band.starts, band.count, strict=True))
            if count
        ]
        rows.sort(key=lambda row: -row[0])
        shown = [(_local(at), *rest) for at, *rest in rows[:TABLE_ROWS]]
        return Table(self.title, columns, shown, id=f"{self.code}-table", caption_hidden=True)


def _number(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if value == value else None


def _local(milliseconds: int) -> datetime:
    return timezone.localtime(datetime.fromtimestamp(milliseconds / 1000, UTC))
