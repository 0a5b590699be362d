"""Brings the demand to what has been counted: the busiest counted hour is corrected, and all hours follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError
from talkoot.programmes.traffic.case import Case
from talkoot.programmes.traffic.counters import Counter
from talkoot.programmes.traffic.engine.demand.correction import Correction, correct
from talkoot.programmes.traffic.engine.demand.counting import geh
from talkoot.programmes.traffic.engine.demand.spread import PriorCv
from talkoot.programmes.traffic.engine.equilibrium import VehicleClass, assign
from talkoot.programmes.traffic.hourly import Hour, trips_of

GAP: Final = 1e-4  # of the equilibrium that tells how a road's count is shared by its directions
TURNS: Final = 5
LEAST_FLOW: Final = 1.0  # vehicles an hour; a road on which nobody was counted is hardly driven on, not closed
MOST_LINKS: Final = 6000  # whose reaction to trips, links by links, is held in memory
OTHER_HOURS: Final = 0.1  # standard deviation of the logarithm of what other hours differ by

Floats = NDArray[np.float64]
Counts = dict[int, tuple[float, float]]


@dataclass(frozen=True)
class Corrected:
    """What counts make of the demand.

    `factors` multiply each pair's trips, and `of_hours` (by hour) all of an hour's; `spread` is the standard deviation
    of a flow's logarithm, shape (links,). `counters` were compared with, and `found` is what came of the counted
    `hour`, None where nothing was counted.
    """

    factors: Floats | float
    spread: Floats
    counters: Sequence[Counter] = ()
    hour: int | None = None
    found: Correction | None = None
    of_hours: Mapping[int, float] = field(default_factory=dict)

    def applied(self, case: Case, hour: int) -> Floats:
        """Return the trips of an hour as counts have them, vehicles an hour between zones."""
        return np.asarray(case.of_hour(hour) * self.factors * self.of_hours.get(hour, 1.0))

    def told(self, case: Case, hours: Sequence[Hour]) -> dict[str, Any]:
        """Return how flows compare with the counts, whether these were simulated, and what correcting them has done."""
        rows = [row for hour in hours for row in self._compared(case, hour)]
        told: dict[str, Any] = {
            "counts": rows,
            "counts_simulated": any(counter.simulated for counter in self.counters),
            "counts_hour": self.hour,
        }
        if self.found is not None:
            met = {"before": self.found.before.met, "after": self.found.after.met}
            told["counts_met"] = {name: round(share, 4) for name, share in met.items()}
            told["trips_of_hour"] = {
                "value": round(float(self.found.trips.vehicles.sum()), 1),
                "low": round(self.found.total_low, 1),
                "high": round(self.found.total_high, 1),
            }
        return told

    def _compared(self, case: Case, hour: Hour) -> list[dict[str, Any]]:
        found = []
        for counter in self.counters:
            counted = float(counter.flow[hour.hour])
            if np.isfinite(counted):
                modelled = float(hour.flow.value[case.links_of({counter.road})].sum())
                near = round(float(geh([modelled], [counted])[0]), 2)
                said = {"counted": counted, "sd": float(counter.sd[hour.hour]), "modelled": modelled}
                rounded = {name: round(value, 1) for name, value in said.items()}
                found.append({"road": counter.road, "hour": hour.hour, **rounded, "geh": near})
        return found


def corrected(
    case: Case, counters: Sequence[Counter], parameters: Mapping[str, Any], tell: Callable[[float], None]
) -> Corrected:
    """Return the demand corrected to counters, in the busiest of the hours asked for that any of them has counted.

    On a network of more than MOST_LINKS links it is compared with them, and not corrected. Raises InvalidError for
    counts of roads that are none, naming one.
    """
    if missing := sorted({counter.road for counter in counters} - set(case.uids)):
        problem = _("No road of this network is called %s.") % missing[0]
        raise InvalidError("counts", problem, _("Count links that the network has, by their names."))
    flow_cv = float(parameters["flow_cv"])
    as_it_was = np.full(case.network.links, np.sqrt(np.log1p(flow_cv**2)))
    counted = [hour for hour in parameters["hours"] if any(np.isfinite(counter.flow[hour]) for counter in counters)]
    if not counted or not flow_cv or case.network.links > MOST_LINKS:
        return Corrected(1.0, as_it_was, counters)
    hour = max(counted, key=lambda each: float(case.of_hour(each).sum()))
    trips = trips_of(case.of_hour(hour))
    flow = assign(case.network, [VehicleClass(trips)], gap=GAP, drop_unreached=True).units

    def show(turn: int, error: float) -> bool:
        tell((turn + 1) / TURNS)
        return True

    found = correct(
        case.network,
        trips,
        _counts(case, counters, hour, flow),
        prior_cv=PriorCv(total=flow_cv, zone=flow_cv),
        turns=TURNS,
        drop_unreached=True,
        progress=show,
    )
    if not found.converged and found.turns < TURNS:  # Ctrl-C, which ends the search alone
        raise KeyboardInterrupt
    factors = np.ones((case.network.zones, case.network.zones))
    factors[trips.origin, trips.destination] = found.trips.vehicles / trips.vehicles
    spread = np.where(found.flow > 0.0, np.hypot(found.flow_spread, OTHER_HOURS), as_it_was)
    return Corrected(factors, spread, counters, hour, found, _of_hours(case, counters, hour, parameters["hours"]))


def _of_hours(case: Case, counters: Sequence[Counter], base: int, hours: Sequence[int]) -> dict[int, float]:
    """Return how much more is driven in each hour than the profile has it, against the hour that was corrected.

    It is the median of the counters that have counted in both hours.
    """
    found = {}
    for hour in hours:
        shares = np.array([counter.flow[hour] / max(counter.flow[base], LEAST_FLOW) for counter in counters])
        expected = float(case.of_hour(hour).sum() / case.of_hour(base).sum())
        if np.isfinite(shares).any() and expected > 0.0:
            found[hour] = float(np.nanmedian(shares)) / expected
    return found


def _counts(case: Case, counters: Sequence[Counter], hour: int, flow: Floats) -> Counts:
    """Return counts by link: what was counted of a road is of its directions as the estimated flows are."""
    counts: Counts = {}
    for counter in counters:
        if np.isfinite(counter.flow[hour]):
            links = np.flatnonzero(case.links_of({counter.road}))
            weight = flow[links] + LEAST_FLOW
            counted = max(float(counter.flow[hour]), LEAST_FLOW)
            for link, share in zip(links.tolist(), (weight / weight.sum()).tolist(), strict=True):
                counts[link] = (counted * share, float(counter.sd[hour]) * share)
    return counts
