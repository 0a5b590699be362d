"""How sure the demand is, and what counts make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.case import Case

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Corrected:
    """What counts make of the demand: `factors` multiply each pair's trips; `spread` is how sure flows are.

    `spread` is the standard deviation of a flow's logarithm, shape (links,).
    """

    factors: Floats | float
    spread: Floats


def not_corrected(case: Case, flow_cv: float) -> Corrected:
    """Return the demand as it was estimated, with the spread that was stated for it."""
    return Corrected(1.0, np.full(case.network.links, np.sqrt(np.log1p(flow_cv**2))))
