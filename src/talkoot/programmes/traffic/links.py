"""What a run says of roads: every variable in every hour with its range, held as arrays for maps, tables and charts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.base import lake
from talkoot.core.base.errors import NotFoundError
from talkoot.core.compute import results
from talkoot.core.compute.models import ResultSet, Run
from talkoot.programmes.traffic.kinds import FLOW, POLLUTANTS, SPEED

if TYPE_CHECKING:
    import pyarrow as pa

DAY: Final = "day"
VARIABLES: Final = (FLOW, SPEED, *(f"traffic.{pollutant}" for pollutant in POLLUTANTS))
SHARES: Final = (40.0, 65.0, 82.0, 94.0)  # percent of the values below each edge between classes
HELD: Final = 2  # runs whose values a process holds: what is shown and what it is compared with

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Links:
    """The roads of a run.

    `uids` are the things of the register, or the links' names where `is_registered` is false; `hours` those of the
    day that were computed. `values` has the shape (variables, hours, roads, 3): value, low, high; NaN where the run
    says nothing.
    """

    uids: list[str]
    hours: list[int]
    values: Floats
    is_registered: bool

    @cached_property
    def place(self) -> dict[str, int]:
        """The position of each road by its uid."""
        return {uid: at for at, uid in enumerate(self.uids)}

    def of(self, variable: str, hour: str) -> Floats:
        """Return a variable's values in an hour, or in all hours together, shape (roads, 3).

        Over the hours flows and emissions add up, and speeds are their mean. Raises NotFoundError for an hour that the
        run does not tell of.
        """
        told = self.values[VARIABLES.index(variable)]
        if hour == DAY:
            return np.asarray(told.mean(axis=0) if variable == SPEED else told.sum(axis=0))
        named = list(map(str, self.hours))
        if hour not in named:
            raise NotFoundError(_("This model does not tell of such an hour."))
        return np.asarray(told[named.index(hour)])

    def edges(self, variable: str, hour: str) -> list[float]:
        """Return the edges between the classes of a map: round numbers, the same for every hour, least first."""
        told = self.values[VARIABLES.index(variable), ..., 0] if hour != DAY else self.of(variable, DAY)[:, 0]
        some = told[np.isfinite(told) & (told > 0.0)]
        if not some.size:
            return []
        return sorted({rounded(float(edge)) for edge in np.percentile(some, SHARES)})


def short(variable: str) -> str:
    """Return a variable's code as addresses have it: without the programme's."""
    return variable.removeprefix("traffic.")


def variable_of(said: str) -> str:
    """Return the variable that an address names. Raises NotFoundError."""
    code = f"traffic.{short(said)}"
    if code not in VARIABLES:
        raise NotFoundError(_("There is no such variable of traffic."))
    return code


def rounded(value: float) -> float:
    """Return a number above 0 with one digit that counts, or 1.5, 2.5 of a power of ten where that is nearer."""
    scale = 10.0 ** np.floor(np.log10(value))
    nearest = min((1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0), key=lambda step: abs(step - value / scale))
    return float(f"{nearest * scale:.3g}")


def classes(values: NDArray[Any], edges: list[float]) -> NDArray[np.int64]:
    """Return the class of each value: how many edges it reaches."""
    return np.searchsorted(np.array(edges), values, side="right").astype(np.int64)


def links_of(run: Run) -> Links:
    """Return what a run says of its roads, not to be changed. Raises NotFoundError where it has left nothing."""
    hours = tuple(int(hour["hour"]) for hour in plan_of(run)["hours"])
    return _read(results.result(run, "links", ResultSet.Type.TABLE).path, hours)


def plan_of(run: Run) -> dict[str, Any]:
    """Return the summary that a run has left, not to be changed. Raises NotFoundError."""
    return _plan(results.result(run, "summary", ResultSet.Type.PLAN).path)


def busiest(run: Run) -> str:
    """Return the hour of a run in which most vehicles drive."""
    return str(max(plan_of(run)["hours"], key=lambda hour: hour["vehicles"])["hour"])


@lru_cache(maxsize=16)
def _plan(path: str) -> dict[str, Any]:
    """Read a summary from the lake; what lies there under a path never changes."""
    import msgspec

    return dict(msgspec.json.decode(lake.read_bytes(path)))


@lru_cache(maxsize=HELD)
def _read(path: str, hours: tuple[int, ...]) -> Links:
    import pyarrow.parquet as pq

    with lake.open_input(path) as file:
        table = pq.read_table(file)
    name = "thing" if "thing" in table.column_names else "link"
    uids, road = _codes(table, name)
    said, variable = _codes(table, "variable")
    moments, time = _codes(table, "time")
    known = np.array([VARIABLES.index(code) if code in VARIABLES else -1 for code in said], np.int64)[variable]
    order = np.argsort(np.argsort(np.array(moments, dtype="datetime64[us]")))  # the hours in the order of time
    values = np.full((len(VARIABLES), len(hours), len(uids), 3), np.nan, np.float32)
    kept = known >= 0
    for at, column in enumerate(("value", "low", "high")):
        numbers = table.column(column).to_numpy()
        values[known[kept], order[time[kept]], road[kept], at] = numbers[kept]
    return Links([str(uid) for uid in uids], sorted(hours), values, name == "thing")


def _codes(table: pa.Table, name: str) -> tuple[list[Any], NDArray[np.int64]]:
    """Return a column's different values, and for each row which of them it has."""
    column = table.column(name).combine_chunks().dictionary_encode()
    indices = np.asarray(column.indices.to_numpy(zero_copy_only=False), np.int64)
    values = column.dictionary.to_pylist()
    return [value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in values], indices
