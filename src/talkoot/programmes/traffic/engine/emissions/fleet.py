"""Fleets: which share of the kilometres is driven by which vehicles."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.factors import (
    FUELS,
    MEASURED,
    VEHICLES,
    Segment,
    Table,
    number,
)

EXACT: Final = 1e-6  # how far shares may be from adding to 1
OLDEST: Final = 30  # years
# From when on new vehicles were of a standard (Directive 98/69/EC, Regulations (EC) 715/2007 and 595/2009); whatever
# is older counts as the first.
LIGHT: Final = ((2001.0, "euro3"), (2006.0, "euro4"), (2011.0, "euro5"), (2015.67, "euro6"), (2018.67, "euro6c"))
HEAVY: Final = ((2009.75, "euro5"), (2014.0, "euro6"))
TWO_WHEELS: Final = ((2003.0, "euro2"), (2006.0, "euro3"))
# Assumptions, after Finland's registers and surveys in round figures; each can be changed by giving a fleet.
CLASSES: Final = {"car": 0.83, "van": 0.10, "truck": 0.045, "bus": 0.015, "motorcycle": 0.01}  # of city kilometres
DIESEL_OF_CARS: Final = 0.33  # of kilometres of cars with engines; plug-in hybrids count as petrol cars
ELECTRIC_OF_BUSES: Final = 0.2
ELECTRIC_OF_CARS: Final = ([2018, 2020, 2022, 2024, 2030, 2040], [0.001, 0.004, 0.016, 0.042, 0.20, 0.60])
LIFE: Final = (23.0, 4.5)  # scale in years and shape of the Weibull distribution of lives
LESS_A_YEAR: Final = 0.04  # by which an older vehicle is driven less than one a year younger


@dataclass(frozen=True)
class Fleet:
    """Shares of all vehicle-kilometres by segment; raises EmissionsError unless they add to 1.

    Parameters
    ----------
    shares : mapping of Segment to float
        0 to 1.
    source : str
        Where they are from, and what of it is assumed.
    """

    shares: Mapping[Segment, float]
    source: str

    def __post_init__(self) -> None:
        for segment, share in self.shares.items():
            if segment.vehicle not in VEHICLES or segment.fuel not in FUELS:
                raise EmissionsError(
                    "fleet", f"{segment} is not known.", f"Vehicles: {', '.join(VEHICLES)}; fuels: {', '.join(FUELS)}."
                )
            if not 0 <= share <= 1:
                raise EmissionsError("fleet", f"{segment} has the share {share}.", "Give 0 to 1.")
        _adds_up("the fleet", self.shares.values())

    @property
    def classes(self) -> dict[str, float]:
        """Shares by class of vehicles."""
        found: dict[str, float] = {}
        for segment, share in self.shares.items():
            found[segment.vehicle] = found.get(segment.vehicle, 0.0) + share
        return found

    def require(self, table: Table) -> None:
        """Raise EmissionsError where the table has no factor of a segment in use."""
        for segment, share in self.shares.items():
            missing = [
                name for name in MEASURED if share and segment.fuel != "electric" and (segment, name) not in table
            ]
            if missing:
                raise EmissionsError(
                    "fleet", f"{segment} has no factor of {missing[0]}.", "Give its factors, or leave it out."
                )


def fleet_of(classes: Mapping[str, float], within: Mapping[str, Mapping[Segment, float]], source: str) -> Fleet:
    """Make a fleet of the shares of classes and of those of segments within each; each must add to 1."""
    _adds_up("the classes", classes.values())
    for vehicle, segments in within.items():
        _adds_up(vehicle, segments.values())
    if missing := [name for name, share in classes.items() if share and name not in within]:
        raise EmissionsError("fleet", f"{missing[0]} has no segments.", "Give some that add to 1.")
    shares = {
        segment: classes[vehicle] * share
        for vehicle, segments in within.items()
        if vehicle in classes
        for segment, share in segments.items()
    }
    return Fleet(shares, source)


def finnish_fleet(year: int = 2025, ev_share: float | None = None) -> Fleet:
    """Return an assumed fleet of Finnish city traffic in a year; raises EmissionsError.

    Standards follow from the dates from which they were required and from how long vehicles last and how much older
    ones are driven.

    Parameters
    ----------
    year : int
        2015 to 2050.
    ev_share : float, optional
        Share of the kilometres of cars and of vans that are driven by battery; without it, one assumed for the year.
    """
    if not 2015 <= year <= 2050:
        raise EmissionsError("year", f"{year} is outside what is assumed.", "Give 2015 to 2050, or a fleet of yours.")
    if ev_share is None:
        ev_share = float(np.interp(year, ELECTRIC_OF_CARS[0], ELECTRIC_OF_CARS[1]))
    if not 0 <= ev_share <= 1:
        raise EmissionsError("ev_share", f"{ev_share} is no share.", "Give 0 to 1.")
    light, heavy = _standards(year, LIGHT), _standards(year, HEAVY)
    vans = {"euro4" if euro == "euro3" else euro: 0.0 for euro in light}
    for euro, share in light.items():
        vans["euro4" if euro == "euro3" else euro] += share
    engine = 1 - ev_share
    within = {
        "car": {
            **_segments("car", "petrol", light, engine * (1 - DIESEL_OF_CARS)),
            **_segments("car", "diesel", light, engine * DIESEL_OF_CARS),
            Segment("car", "electric", ""): ev_share,
        },
        "van": {**_segments("van", "diesel", vans, engine), Segment("van", "electric", ""): ev_share},
        "truck": _segments("truck", "diesel", heavy, 1.0),
        "bus": {
            **_segments("bus", "diesel", heavy, 1 - ELECTRIC_OF_BUSES),
            Segment("bus", "electric", ""): ELECTRIC_OF_BUSES,
        },
        "motorcycle": _segments("motorcycle", "petrol", _standards(year, TWO_WHEELS), 1.0),
    }
    return fleet_of(CLASSES, within, f"Assumed for Finland in {year}: round figures after Traficom's statistics")


def _segments(vehicle: str, fuel: str, standards: Mapping[str, float], share: float) -> dict[Segment, float]:
    return {Segment(vehicle, fuel, euro): share * part for euro, part in standards.items()}


def _standards(year: int, began: tuple[tuple[float, str], ...]) -> dict[str, float]:
    """Return shares of kilometres by standard, of vehicles registered evenly over the years before."""
    age = np.arange(OLDEST * 12) / 12
    driven = np.exp(-((age / LIFE[0]) ** LIFE[1])) * (1 - LESS_A_YEAR) ** age
    first = np.array([start for start, _ in began])
    at = np.maximum(np.searchsorted(first, year + 0.5 - age, side="right") - 1, 0)
    shares = np.bincount(at, driven, len(began)) / driven.sum()
    return {euro: float(share) for (_, euro), share in zip(began, shares, strict=True)}


def read_fleet(path: Path) -> Fleet:
    """Read a fleet of a CSV with vehicle, fuel, euro and share of all kilometres; raises EmissionsError, OSError."""
    shares: dict[Segment, float] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            where = f"{path.name}, line {rows.line_num}"
            if missing := [name for name in ("vehicle", "fuel", "euro", "share") if row.get(name) is None]:
                raise EmissionsError(where, f"there is no {missing[0]}.", "Columns are vehicle, fuel, euro, share.")
            segment = Segment(row["vehicle"].strip(), row["fuel"].strip(), row["euro"].strip())
            if segment in shares:
                raise EmissionsError(where, f"{segment} is there twice.", "Leave one of the two.")
            shares[segment] = number(row["share"], f"{where}, share")
    return Fleet(shares, path.name)


def _adds_up(what: str, shares: Iterable[float]) -> None:
    total = float(sum(shares))
    if not abs(total - 1) <= EXACT:
        raise EmissionsError("fleet", f"the shares of {what} add to {total:.6g}, not to 1.", "Mend the shares.")
