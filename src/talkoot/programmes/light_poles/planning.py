"""The run of a plan: the city from the register, links, the fewest poles, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.context import RunContext
from talkoot.core.compute.errors import Interrupted
from talkoot.core.register.metres import to_degrees
from talkoot.programmes.light_poles.city import City, in_degrees, read_city
from talkoot.programmes.light_poles.engine import link_budget, path_loss, siting
from talkoot.programmes.light_poles.engine.beside import beside
from talkoot.programmes.light_poles.engine.coverage import (
    Links,
    Street,
    expected_share,
    find_links,
    least_loss,
    served,
    share_range,
)
from talkoot.programmes.light_poles.engine.heuristics import greedy
from talkoot.programmes.light_poles.engine.link_budget import Radio
from talkoot.programmes.light_poles.engine.patches import patches
from talkoot.programmes.light_poles.engine.set_cover import CoverProblem
from talkoot.programmes.light_poles.parameters import radio_of
from talkoot.programmes.light_poles.services import require_possible

CLASSES: Final = (0.25, 0.5, 1.0, 1.5, 2.0)  # edges of the map's classes, in targets
WORTH_A_POOL: Final = 20_000_000  # pairs of lamp and place; for fewer, starting processes takes longer than the work
CURVE_POINTS: Final = 200
BESIDE_M: Final = 20.0  # how far from its walls a place is beside a building
BIT_RATE: Final = "light_poles.bit_rate"  # the declared variable

Floats = NDArray[np.float64]
Sites = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked for: the bit rate as a loss, with and without the margin, and how many places must have it."""

    limit_db: float
    median_limit_db: float
    places: int


def plan(context: RunContext) -> None:
    """Find the fewest poles for the share of outdoor space asked for, and leave the plan with its maps.

    Raises InvalidError where the share cannot be reached, saying how much can; what `read_city` raises.
    """
    parameters = context.parameters
    require_possible(parameters)
    radio = radio_of(parameters)
    context.progress(0.02, _("Reading the register"))
    city = read_city(parameters)
    for name, digest in city.digests.items():
        context.add_input(name, digest)
    limit = link_budget.greatest_loss_db(float(parameters["target_mbps"]), radio)
    required = int(np.ceil(float(parameters["coverage"]) * len(city.places) - 1e-9))
    demand = Demand(limit, limit + radio.margin_db, required)
    links = _find_links(context, city, demand, parameters)
    cover, curve = _choose(context, city, links, demand)
    context.progress(0.95, _("Drawing the map"))
    _tell(context, city, links.of(cover.chosen), demand, radio, cover, curve)


def _find_links(context: RunContext, city: City, demand: Demand, parameters: Mapping[str, Any]) -> Links:
    street = Street(radio_of(parameters).frequency_ghz, demand.median_limit_db, float(parameters["range_m"]))

    def progress(share: float) -> None:
        context.progress(0.05 + 0.45 * share, _("Looking from each pole past the buildings"))

    progress(0.0)
    arguments = (city.lamps, city.places, city.prisms, street)
    try:
        if len(city.lamps) * len(city.places) < WORTH_A_POOL:
            return find_links(*arguments, progress=progress)
        with context.executor() as pool:
            return find_links(*arguments, executor=pool, progress=progress)
    except ValueError as error:
        raise InvalidError("grid_m", _("There are too many links."), _("Use a coarser grid.")) from error


def _choose(
    context: RunContext, city: City, links: Links, demand: Demand
) -> tuple[siting.Cover, list[tuple[int, float]]]:
    context.progress(0.5, _("Choosing the fewest poles"))
    serving = links.keep(links.loss_db <= demand.limit_db)
    problem = CoverProblem.of(
        serving.site, serving.place, sites=len(city.lamps), places=len(city.places), demand=demand.places
    )
    try:
        cover = siting.solve(problem, time_limit_s=float(context.parameters["time_limit_s"]), stop=_stop_asked(context))
    except siting.UnreachableError as error:
        most = int(1000 * error.reachable / len(city.places)) / 10
        found = _("All light poles together cover %(most)s percent of the outdoor space here.") % {"most": most}
        fix = _("Ask for a smaller share or bit rate, or choose a stronger class.")
        raise InvalidError("coverage", found, fix) from error
    _chosen, weights = greedy(problem, problem.reachable)
    return cover, _curve(weights / len(city.places))


def _stop_asked(context: RunContext) -> Callable[[], bool]:
    """Return what the solver asks on its way; the next progress after it ends the work."""

    def stop() -> bool:
        try:
            context.progress(0.6, _("Proving that fewer do not suffice"))
        except Interrupted:
            return True
        return False

    return stop


def _curve(shares: Floats) -> list[tuple[int, float]]:
    """Return how much the first so many poles of a greedy choice cover, thinned to what a chart can show."""
    picks = np.unique(np.linspace(0, shares.size - 1, min(shares.size, CURVE_POINTS)).astype(int))
    return [(int(index) + 1, round(float(shares[index]), 4)) for index in picks]


def _tell(
    context: RunContext,
    city: City,
    links: Links,
    demand: Demand,
    radio: Radio,
    cover: siting.Cover,
    curve: list[tuple[int, float]],
) -> None:
    places = len(city.places)
    low, high = share_range(links, demand.median_limit_db, places)
    covered = served(links, demand.limit_db, places).mean()
    cell = float(context.parameters["grid_m"]) ** 2
    figures = {
        "poles": len(cover.chosen),
        "lower_bound": int(np.ceil(cover.lower_bound - 1e-6)),
        "gap": round(cover.gap, 4),
        "status": cover.status.value,
        "covered_share": round(float(covered), 4),
        "covered_share_low": round(min(low, float(covered)), 4),
        "covered_share_high": round(high, 4),
        "expected_share": round(expected_share(links, demand.median_limit_db, places), 4),
        "candidates": len(city.lamps),
        "outdoor_m2": round(places * cell),
    }
    context.summarise(**figures)
    context.add_plan(
        "plan",
        {
            **figures,
            "chosen": _poles(city, links, demand, cover.chosen, cell),
            "curve": curve,
            "range_m": round(_usual_range(city, demand, radio), 1),
            "greatest_bit_rate_mbps": round(link_budget.greatest_bit_rate_mbps(radio)),
            "bit_rate_edges": _edges(context, radio),
            "assumptions": city.assumptions,
            "outside_model": [str(code) for code in _outside_model(city, links)],
        },
    )
    _draw(context, city, links, radio)


def _usual_range(city: City, demand: Demand, radio: Radio) -> float:
    """Return how far a lamp of the middle height serves where nothing is in the way, metres."""
    return path_loss.umi_los_range(demand.limit_db, radio.frequency_ghz, float(np.median(city.lamps[:, 2])))


def _poles(city: City, links: Links, demand: Demand, chosen: Sites, cell: float) -> list[dict[str, Any]]:
    """Return the chosen poles in the order in which each adds most, with what each serves and adds."""
    degrees = in_degrees(city.lamps[chosen])
    covered = np.zeros(len(city.places), bool)
    poles = []
    for site, (lon, lat) in zip(chosen, degrees, strict=True):
        mine = slice(links.first[site], links.first[site + 1])
        reached = links.place[mine][links.loss_db[mine] <= demand.limit_db]
        fresh = int((~covered[reached]).sum())
        covered[reached] = True
        poles.append(
            {
                "uid": str(city.uids[site]),
                "lon": float(lon),
                "lat": float(lat),
                "height_m": round(float(city.lamps[site, 2]), 2),
                "serves_m2": round(reached.size * cell),
                "adds_m2": round(fresh * cell),
                "share_so_far": round(float(covered.mean()), 4),
            }
        )
    return poles


def _outside_model(city: City, links: Links) -> tuple[path_loss.Validity, ...]:
    sites = city.lamps[links.site]
    distance = np.hypot(*(city.places[links.place] - sites[:, :2]).T)
    return path_loss.validity(distance, sites[:, 2], 1.5)


def _edges(context: RunContext, radio: Radio) -> list[float]:
    """Return the edges of the map's classes, Mb/s: parts and multiples of the target up to what can be had."""
    target, most = float(context.parameters["target_mbps"]), link_budget.greatest_bit_rate_mbps(radio)
    edges = [round(target * share, 1) for share in CLASSES if target * share < most]
    return [*edges, float(np.ceil(most + 0.5))]


def _draw(context: RunContext, city: City, links: Links, radio: Radio) -> None:
    """Leave the bit rate of every place and beside every building as tables, and as areas of like bit rate."""
    import pyarrow as pa

    rates = [
        link_budget.bit_rate_mbps(least_loss(links, len(city.places), deviations), radio)
        for deviations in (0.0, 1.0, -1.0)
    ]
    median, low, high = (np.round(rate, 1) for rate in rates)
    degrees = in_degrees(city.places)
    columns = {"lon": degrees[:, 0], "lat": degrees[:, 1], "bit_rate_mbps": median, "low": low, "high": high}
    context.add_table("bit_rate", pa.table({name: _column(values) for name, values in columns.items()}))
    context.add_table("buildings", _buildings(city, median, low, high))
    edges = _edges(context, radio)
    areas = patches(city.places, median, float(context.parameters["grid_m"]), edges)
    features = [
        {
            "type": "Feature",
            "geometry": _geojson(area),
            "properties": {"class": number, "from_mbps": edges[number], "to_mbps": edges[number + 1]},
        }
        for number, area in enumerate(areas)
        if not area.is_empty
    ]
    context.add_paths("bit_rate_areas", {"type": "FeatureCollection", "features": features})


def _buildings(city: City, median: Floats, low: Floats, high: Floats) -> Any:
    """Return the bit rate outdoors beside each building as a table of modelled values, Mb/s.

    The value is the median of the places within BESIDE_M of its walls. The range reaches from the tenth percentile
    of what they have when links lose a standard deviation more to the ninetieth when they lose one less.
    """
    import pyarrow as pa

    found = beside(city.footprints, city.places, median, low, high, within_m=BESIDE_M)
    return pa.table(
        {
            "thing": pa.array([str(uid) for uid in city.building_uids[found.building]], pa.string()),
            "variable": pa.array([BIT_RATE] * len(found.building), pa.string()),
            "value": _column(np.round(found.value, 1)),
            "low": _column(np.round(found.low, 1)),
            "high": _column(np.round(found.high, 1)),
        }
    )


def _column(values: Floats) -> Any:
    """Return values as Arrow has them; by their buffer, since its own conversion first imports all of pandas."""
    import pyarrow as pa

    content = pa.py_buffer(np.ascontiguousarray(values, dtype=np.float64))
    return pa.Array.from_buffers(pa.float64(), len(values), [None, content])


def _geojson(area: Any) -> dict[str, Any]:
    degrees = shapely.transform(to_degrees(area), lambda xy: np.round(xy, 6))
    geometry: dict[str, Any] = shapely.geometry.mapping(degrees)
    return geometry
