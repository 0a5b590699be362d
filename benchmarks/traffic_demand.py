"""Correction of trips to counts on Sioux Falls, its true matrix hidden, and on Anaheim: what is left of its error.

No peer is run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.results import write_section
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.demand import calibrated_beta, correct, geh, gravity, mean_cost
from talkoot.programmes.traffic.engine.equilibrium import VehicleClass, assign
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.skims import cheapest
from talkoot.programmes.traffic.engine.tntp import read_network, read_trips
from talkoot.programmes.traffic.engine.trips import Trips

DATA = Path(os.environ.get("TALKOOT_BENCH_DATA", Path(__file__).parents[2] / "shared" / "data")) / "traffic_assignment"
SEEDS: Final = 8
COUNTED, NOISE = 0.3, 0.05
GROWTH: Final = 4 / 3

Floats = NDArray[np.float64]
Start = Callable[[Network, Trips, np.random.Generator], Floats]


def main() -> None:
    """Measure every start, and write the section."""
    if not DATA.is_dir():
        print(f"left out: {DATA} is absent; set TALKOOT_BENCH_DATA")
        return
    rows = [row("SiouxFalls", name, start, SEEDS) for name, start in STARTS.items()]
    rows.append(row("Anaheim", "grown by a third, zones cv 0.1", grown(GROWTH, 0.1), 2))
    write_section(
        "Correction of trips to counts",
        rows,
        note=f"{COUNTED:.0%} of links, drawn anew with each of {SEEDS} seeds (Anaheim 2), counted with {NOISE:.0%} of "
        "noise. The start is the true matrix divided by the growth named (lognormal factors), or a gravity model with "
        "the true totals and mean cost. Error: root mean square over pairs, as a share of the start's. GEH as if flows "
        "were an hour's, and with a tenth of them, the busiest hour of flows of a day; at these flows noise of 5 % "
        "alone is a GEH of 3 to 8, so that the first tells how closely noise is followed. Bars: 95 %, 0.5.",
    )


def grown(growth: float, zones: float, cells: float = 0.0) -> Start:
    """Return an outdated matrix: before all trips, each zone's and each pair's grew by factors."""

    def start(network: Network, truth: Trips, random: np.random.Generator) -> Floats:
        zone = lognormal(random, zones, network.zones)
        cell = lognormal(random, cells, len(truth))
        return np.asarray(truth.vehicles / (growth * zone[truth.origin] * zone[truth.destination] * cell))

    return start


def lognormal(random: np.random.Generator, cv: float, size: int) -> Floats:
    """Draw factors with median 1."""
    return np.asarray(np.exp(np.sqrt(np.log1p(cv**2)) * random.standard_normal(size)))


def modelled(network: Network, truth: Trips, random: np.random.Generator) -> Floats:
    """Return a gravity model with the true totals and mean cost; nothing is random."""
    matrix = truth.matrix(network.zones)
    cost = cheapest(network, network.free_flow_time)
    np.fill_diagonal(cost, np.inf)
    totals = matrix.sum(axis=1), matrix.sum(axis=0)
    beta = calibrated_beta(*totals, cost, mean_cost(matrix, cost))
    return gravity(*totals, cost, beta)[truth.origin, truth.destination]


STARTS: Final[dict[str, Start]] = {
    "grown by a third, zones cv 0.1": grown(GROWTH, 0.1),
    "grown by a third, zones cv 0.2": grown(GROWTH, 0.2),
    "grown by a fifth, zones cv 0.3": grown(1.2, 0.3),
    "grown by a third, zones cv 0.1, cells cv 0.3": grown(GROWTH, 0.1, 0.3),
    "not grown, cells cv 0.4": grown(1.0, 0.0, 0.4),
    "gravity model": modelled,
}


def row(name: str, described: str, start: Start, seeds: int) -> dict[str, Any]:
    """Correct one kind of start with every seed."""
    network = read_network(DATA / f"{name}_net.tntp")
    truth = read_trips(DATA / f"{name}_trips.tntp", network.zones)
    flow = assign(network, [VehicleClass(truth)], gap=1e-6).flow[0]
    told = np.array([_once(network, truth, flow, start, seed) for seed in range(seeds)])
    left, as_given, of_hour, pairs, total, seconds = told.T
    return {
        "network": name,
        "start": described,
        "error, of the start's": f"{left.mean():.2f} ({left.min():.2f} to {left.max():.2f})",
        "seeds below 0.5": f"{(left < 0.5).sum()} of {seeds}",
        "counts GEH < 5": f"{as_given.mean():.0%}",
        "a tenth of flows": f"{of_hour.mean():.0%}",
        "pairs within their 90 %": f"{pairs.mean():.0%}",
        "totals within": f"{int(total.sum())} of {seeds}",
        "processor": f"{np.median(seconds):.1f} s",
    }


def _once(network: Network, truth: Trips, flow: Floats, start: Start, seed: int) -> tuple[float, ...]:
    random = np.random.default_rng(seed)
    used = np.flatnonzero(flow > 0.0)
    links = random.choice(used, round(COUNTED * network.links), replace=False)
    seen = flow[links] * (1.0 + NOISE * random.standard_normal(len(links)))
    counts = {int(link): (float(one), NOISE * float(one)) for link, one in zip(links, seen, strict=True)}
    old = replace(truth, vehicles=start(network, truth, random))
    began = time.process_time()
    found = correct(network, old, counts)
    seconds = time.process_time() - began
    before, after = (float(np.linalg.norm(one.vehicles - truth.vehicles)) for one in (old, found.trips))
    hour = geh(found.after.modelled / 10.0, found.after.counted / 10.0)
    within = np.mean((found.low <= truth.vehicles) & (truth.vehicles <= found.high))
    total = found.total_low <= truth.vehicles.sum() <= found.total_high
    return after / before, found.after.met, float(np.mean(hour < 5.0)), float(within), float(total), seconds


if __name__ == "__main__":
    main()
