"""Trips between zones, as a list of pairs in the order that assignment takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.programmes.traffic.engine.network import NAMED, NetworkError

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


@dataclass(frozen=True)
class Trips:
    """How many vehicles an hour go from zone to zone; `trips_between` makes it.

    Sorted by origin and destination, each pair once. `within` are those that stay in their zone, which no link carries.
    """

    origin: Integers
    destination: Integers
    vehicles: Floats
    within: float

    def __len__(self) -> int:
        return len(self.vehicles)

    def times(self, factor: float) -> Trips:
        """Return the same trips, each `factor` times as often."""
        return Trips(self.origin, self.destination, self.vehicles * factor, self.within * factor)

    def take(self, index: NDArray[np.bool_]) -> Trips:
        """Return the trips of some pairs, and none within zones."""
        return Trips(self.origin[index], self.destination[index], self.vehicles[index], 0.0)

    def matrix(self, zones: int) -> Floats:
        """Return the trips between zones as a matrix, without those within a zone."""
        made = np.zeros((zones, zones))
        made[self.origin, self.destination] = self.vehicles
        return made


def trips_between(origin: ArrayLike, destination: ArrayLike, vehicles: ArrayLike, zones: int) -> Trips:
    """Make trips of columns.

    Parameters
    ----------
    origin, destination : array_like of int, shape (pairs,)
        Numbers of zones, from 0.
    vehicles : array_like, shape (pairs,)
        Vehicles an hour; pairs with 0 are left out.
    zones : int
        How many zones there are.

    Raises
    ------
    NetworkError
        For a zone that is none, a pair given twice, and amounts that are negative or no finite numbers; names them.
    """
    origins, destinations = np.asarray(origin, np.int64), np.asarray(destination, np.int64)
    amounts = np.asarray(vehicles, np.float64)
    for name, zone in (("origin", origins), ("destination", destinations)):
        if (missing := (zone < 0) | (zone >= zones)).any():
            said = ", ".join(str(number + 1) for number in np.unique(zone[missing])[:NAMED].tolist())
            raise NetworkError(name, f"there is no zone {said}.", f"Zones are 1 to {zones}.")
    if (wrong := ~np.isfinite(amounts) | (amounts < 0)).any():
        at = int(np.flatnonzero(wrong)[0])
        pair = f"from zone {origins[at] + 1} to {destinations[at] + 1}"
        raise NetworkError("vehicles", f"{amounts[at]} trips go {pair}.", "Give a number that is not negative.")
    keys, counts = np.unique(origins * zones + destinations, return_counts=True)
    if (counts > 1).any():
        from_, to = divmod(int(keys[counts > 1][0]), zones)
        raise NetworkError("origin", f"trips from zone {from_ + 1} to {to + 1} are given twice.", "Add them up.")
    within = float(amounts[origins == destinations].sum())
    kept = np.flatnonzero((amounts > 0) & (origins != destinations))
    kept = kept[np.lexsort((destinations[kept], origins[kept]))]
    return Trips(origins[kept].astype(np.int32), destinations[kept].astype(np.int32), amounts[kept], within)
