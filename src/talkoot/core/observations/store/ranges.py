"""A range of values outside of which readings do not matter, so that the store need not give them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.store.batch import DELETED, Floats, Readings


@dataclass(frozen=True, slots=True)
class Range:
    """Values from `low` to `high`. A reading without a number is in every range: others look at its result."""

    low: float = -math.inf
    high: float = math.inf

    def __and__(self, other: Range) -> Range:
        return Range(max(self.low, other.low), min(self.high, other.high))

    def __or__(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))

    @property
    def is_all(self) -> bool:
        """Whether every value is in it."""
        return self.low == -math.inf and self.high == math.inf

    def holds(self, values: Floats) -> NDArray[np.bool_]:
        """Return which values, or absent ones (NaN), are in the range."""
        found: NDArray[np.bool_] = ~((values < self.low) | (values > self.high))
        return found

    def of(self, rows: Readings) -> Readings:
        """Return the readings that are in the range."""
        return rows if self.is_all else rows.take(self.holds(rows.value))


ALL: Final = Range()
# Rows of the table `reading` that can matter: in the range, without a number, of streams whose values are calibrated
# when they are read, or such as stand before a row of the lake.
IN_RANGE: Final = f"""(
    r.value BETWEEN :low AND :high OR r.value IS NULL OR r.flag = {DELETED} OR r.back > 0
    OR r.stream IN (SELECT stream FROM calibration)
)"""  # noqa: S608
