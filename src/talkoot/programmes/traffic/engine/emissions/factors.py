"""Tables of hot emission factors: the one shipped here, and how a row of any is checked."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.forms import FORMS, value

Floats = NDArray[np.float64]

VEHICLES: Final = ("car", "van", "truck", "bus", "motorcycle")
FUELS: Final = ("petrol", "diesel", "electric")
MEASURED: Final = ("nox", "pm_exhaust")  # pollutants that tables of factors are of
COEFFICIENTS: Final = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta")
COLUMNS: Final = (
    *("vehicle", "fuel", "euro", "pollutant", "form"),
    *COEFFICIENTS,
    *("reduction", "min_speed", "max_speed", "source"),
)


class Segment(NamedTuple):
    """Vehicles that emit alike: class, fuel and Euro standard ("euro6c"; "" of electric ones)."""

    vehicle: str
    fuel: str
    euro: str

    def __str__(self) -> str:
        return " ".join(filter(None, self))


@dataclass(frozen=True)
class Factor:
    """A hot emission factor as a function of mean speed.

    Parameters
    ----------
    form : str
        A key of FORMS.
    coefficients : tuple of 7 floats
        In the guidebook's order.
    reduction : float
        Share by which the value is less.
    min_speed, max_speed : float
        km/h within which the function holds.
    source : str
        Chapter, version and table.
    """

    form: str
    coefficients: tuple[float, ...]
    reduction: float
    min_speed: float
    max_speed: float
    source: str

    def at(self, speed_kmh: Floats) -> Floats:
        """Return grams a kilometre; speeds outside the range count as its nearest end."""
        speed = np.clip(speed_kmh, self.min_speed, self.max_speed)
        return value(self.form, self.coefficients, speed) * (1 - self.reduction)


Table = Mapping[tuple[Segment, str], Factor]


@cache
def shipped() -> Table:
    """Return the table that comes with the product: what a default fleet needs, each row with its source."""
    text = files(__package__).joinpath("hot_factors.csv").read_text(encoding="utf-8")
    return read_rows(csv.DictReader(text.splitlines()), "hot_factors.csv")


def read_rows(rows: Iterable[Mapping[str, str]], name: str) -> Table:
    """Make a table of rows of COLUMNS; raises EmissionsError naming the line (the header is line 1) and the column."""
    table: dict[tuple[Segment, str], Factor] = {}
    for line, row in enumerate(rows, start=2):
        where = f"{name}, line {line}"
        if missing := [column for column in COLUMNS if row.get(column) is None]:
            raise EmissionsError(where, f"there is no {missing[0]}.", f"Columns are {', '.join(COLUMNS)}.")
        key = (Segment(row["vehicle"], row["fuel"], row["euro"]), row["pollutant"])
        if key in table:
            raise EmissionsError(where, f"{key[0]}, {key[1]} is there twice.", "Leave one of the two.")
        table[key] = checked(key, _factor(row, where), where)
    return table


def _factor(row: Mapping[str, str], where: str) -> Factor:
    return Factor(
        form=row["form"],
        coefficients=tuple(number(row[column], f"{where}, {column}") for column in COEFFICIENTS),
        reduction=number(row["reduction"], f"{where}, reduction"),
        min_speed=number(row["min_speed"], f"{where}, min_speed"),
        max_speed=number(row["max_speed"], f"{where}, max_speed"),
        source=row["source"],
    )


def number(said: object, where: str) -> float:
    """Return a cell as a finite number, nothing as 0; raises EmissionsError."""
    text = str(said if said is not None else "").strip()
    try:
        found = float(text or 0)
    except ValueError:
        raise EmissionsError(where, f"{text!r} is no number.", "Give a number.") from None
    if not math.isfinite(found):
        raise EmissionsError(where, f"{text!r} is no finite number.", "Give a number.")
    return found


def checked(key: tuple[Segment, str], factor: Factor, where: str) -> Factor:
    """Return the factor; raises EmissionsError where it is of nothing known or below 0 somewhere in its range."""
    segment, pollutant = key
    for name, said, known in (
        ("vehicle", segment.vehicle, VEHICLES),
        ("fuel", segment.fuel, FUELS[:2]),
        ("pollutant", pollutant, MEASURED),
        ("form", factor.form, tuple(FORMS)),
    ):
        if said not in known:
            raise EmissionsError(f"{where}, {name}", f"{said!r} is none that is known.", f"Known: {', '.join(known)}.")
    if not 0 < factor.min_speed < factor.max_speed:
        raise EmissionsError(
            f"{where}, min_speed", f"{factor.min_speed} to {factor.max_speed} is no range.", "Give speeds above 0."
        )
    if not -1 <= factor.reduction <= 1:
        raise EmissionsError(f"{where}, reduction", f"{factor.reduction} is no share.", "Give -1 to 1.")
    with np.errstate(all="ignore"):
        found = factor.at(np.linspace(factor.min_speed, factor.max_speed, 200))
    if not np.isfinite(found).all() or found.min() < 0:
        raise EmissionsError(
            where, "the function is below 0 or infinite within its range.", "Compare the coefficients with the source."
        )
    return factor
