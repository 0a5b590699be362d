"""How near modelled flows are to counted ones.

References
----------
Highways Agency (1996), Design Manual for Roads and Bridges, volume 12: the GEH statistic, below 5 where a flow is met.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.programmes.traffic.engine.demand.balancing import amounts
from talkoot.programmes.traffic.engine.network import Network, NetworkError

MET: Final = 5.0  # GEH below which a count is met

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """Counted flows, checked; each of `link` once. `sd` is the standard deviation of `flow`, both vehicles an hour."""

    link: Integers
    flow: Floats
    sd: Floats


@dataclass(frozen=True)
class CountFit:
    """How near modelled flows are to counted ones, all of shape (counts,), and the share of counts that are met."""

    link: Integers
    modelled: Floats
    counted: Floats
    geh: Floats

    @property
    def met(self) -> float:
        """The share of counts with GEH below 5."""
        return float(np.mean(self.geh < MET))


def geh(modelled: ArrayLike, counted: ArrayLike) -> Floats:
    """Return the GEH statistic sqrt(2 (m - c)^2 / (m + c)); 0 where both are 0. Flows are vehicles an hour."""
    one, other = amounts(modelled, "modelled"), amounts(counted, "counted")
    total = one + other
    return np.sqrt(2.0 * (one - other) ** 2 / np.where(total > 0.0, total, 1.0))


def fit(flow: Floats, counts: Counts) -> CountFit:
    """Compare the flows of all links, shape (links,), with counts."""
    modelled = flow[counts.link]
    return CountFit(counts.link, modelled, counts.flow, geh(modelled, counts.flow))


def checked(network: Network, counts: Mapping[int, tuple[float, float]]) -> Counts:
    """Return counts by link (number from 0: flow and its standard deviation) as arrays.

    Raises NetworkError for no counts, links that are none, and flows and deviations that are not above 0.
    """
    if not counts:
        raise NetworkError("counts", "there are none.", "Give at least one.")
    for link, (flow, sd) in counts.items():
        if not 0 <= link < network.links:
            raise NetworkError("counts", f"there is no link {link + 1}.", f"Links are 1 to {network.links}.")
        ends = f"link {link + 1} ({network.tail[link] + 1} to {network.head[link] + 1})"
        if not (math.isfinite(flow) and flow > 0.0):
            raise NetworkError("counts", f"{ends} has {flow} vehicles.", "Give more than 0; leave closed roads out.")
        if not (math.isfinite(sd) and sd > 0.0):
            raise NetworkError("counts", f"{ends} has a standard deviation of {sd}.", "Give more than 0.")
    flows = np.array(list(counts.values()), np.float64)
    return Counts(np.array(list(counts), np.int64), flows[:, 0].copy(), flows[:, 1].copy())
