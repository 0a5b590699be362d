"""What a model leaves behind: values of roads by the hour, of zones over the day, and a summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from talkoot.core.observations.queries import microseconds
from talkoot.core.register.metres import to_metres
from talkoot.programmes.traffic.case import Case
from talkoot.programmes.traffic.counters import HOUR
from talkoot.programmes.traffic.engine.demand.counting import MET
from talkoot.programmes.traffic.hourly import Hour, Model, Range, widened
from talkoot.programmes.traffic.kinds import FLOW, POLLUTANTS, SPEED

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
KILO: Final = 1000.0
DECIMALS: Final = 3


class Roads:
    """The roads of a case: each with the links that are its directions, one or two."""

    def __init__(self, case: Case) -> None:
        self._links = np.flatnonzero(~case.is_connector)
        uids, first, at = np.unique(np.array(case.uids)[self._links], return_index=True, return_inverse=True)
        self.uids: list[str] = uids.tolist()
        self.shapes = case.geometries[self._links[first]]
        self._at = at.ravel()
        self._length_km = case.length_m[self._links] / KILO

    def summed(self, links: Range) -> Range:
        """Return both directions' values together."""
        return Range(*(self._sums(each[self._links]) for each in (links.value, links.low, links.high)))

    def speeds(self, hour: Hour) -> Range:
        """Return the speed of all that drive on a road: as a mean over both directions of how long they take."""
        weight = hour.flow.value[self._links] + 1e-9
        travelled = self._sums(weight * self._length_km)
        value, low, high = (
            travelled / self._sums(weight * self._length_km / np.maximum(each[self._links], 1e-6))
            for each in (hour.speed.value, hour.speed.low, hour.speed.high)
        )
        return Range(value, np.minimum(low, value), np.maximum(high, value))

    def _sums(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self._at, values, len(self.uids)), np.float64)


def links_table(case: Case, hours: Sequence[Hour], midnight: datetime) -> pa.Table:
    """Return flow, speed and emissions of each road in each hour, as `core.compute.modelled` has tables.

    Roads of a network that is not the register's stand in a column `link` instead of `thing`.
    """
    import pyarrow as pa

    roads = Roads(case)
    parts = [
        pa.table(
            {
                "thing" if case.is_registered else "link": pa.array(roads.uids, pa.string()),
                "variable": pa.array([variable] * len(roads.uids), pa.string()),
                "time": _moments(midnight, hour.hour, len(roads.uids)),
                "end": _moments(midnight, hour.hour + 1, len(roads.uids)),
                **{name: column(np.round(getattr(found, name), DECIMALS)) for name in ("value", "low", "high")},
            }
        )
        for hour in hours
        for variable, found in _values(roads, hour)
    ]
    return pa.concat_tables(parts)


def _values(roads: Roads, hour: Hour) -> list[tuple[str, Range]]:
    emitted = [(f"traffic.{name}", roads.summed(hour.emissions[name])) for name in POLLUTANTS]
    return [(FLOW, roads.summed(hour.flow)), (SPEED, roads.speeds(hour)), *emitted]


def _moments(midnight: datetime, hour: int, count: int) -> pa.Array:
    """Return the beginning of an hour of the day, so many times; by their buffer, as `column` has it."""
    import pyarrow as pa

    moment = microseconds(midnight) + hour * HOUR
    content = pa.py_buffer(np.full(count, moment, np.int64))
    return pa.Array.from_buffers(pa.timestamp("us", "UTC"), count, [None, content])


def column(values: Floats) -> pa.Array:
    """Return values as Arrow has them; by their buffer, since its own conversion first imports all of pandas."""
    import pyarrow as pa

    content = pa.py_buffer(np.ascontiguousarray(values, dtype=np.float64))
    return pa.Array.from_buffers(pa.float64(), len(values), [None, content])


def roads_paths(case: Case) -> dict[str, Any]:
    """Return the roads of a network that is not the register's, for drawing."""
    roads = Roads(case)
    features = [
        {"type": "Feature", "id": uid, "geometry": _geojson(shape), "properties": {"uid": uid}}
        for uid, shape in zip(roads.uids, roads.shapes, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _geojson(shape: Any) -> dict[str, Any]:
    rounded = shapely.transform(shape, lambda xy: np.round(xy, 6))
    return dict(shapely.geometry.mapping(rounded))


def zones_table(case: Case, model: Model, hours: Sequence[Hour], day: Floats) -> pa.Table:
    """Return for each zone who is there, the vehicles that leave and arrive in the hours, and what is emitted in it.

    A road is of the zone whose point is nearest to the road's middle.
    """
    import pyarrow as pa

    zones = case.zones
    columns: dict[str, Any] = {
        "zone": pa.array(zones.uids, pa.string()),
        "name": pa.array(zones.names, pa.string()),
        "is_gateway": pa.array(zones.is_gateway.tolist(), pa.bool_()),
        "population": column(np.round(zones.population, 1)),
        "jobs": column(np.round(zones.jobs, 1)),
        "departures": column(np.round(day.sum(axis=1), 1)),
        "arrivals": column(np.round(day.sum(axis=0), 1)),
    }
    if case.is_placed:
        columns |= {"lon": column(zones.points[:, 0]), "lat": column(zones.points[:, 1])}
        columns |= {name: column(np.round(each, DECIMALS)) for name, each in _on_roads(case, model, hours).items()}
    return pa.table(columns)


def _on_roads(case: Case, model: Model, hours: Sequence[Hour]) -> dict[str, Floats]:
    """Return vehicle-kilometres and grams of all hours by zone."""
    links, count = np.flatnonzero(~case.is_connector), len(case.zones)
    own, length = _zone_of(case, links), model.length_km[links]
    flow = np.sum([hour.flow.value[links] for hour in hours], axis=0)
    emitted = model.emissions.totals(flow, _mean_speed(hours)[links], length, group=own)
    grams = {f"{name}_g": np.append(found.value, np.zeros(count - len(found.value))) for name, found in emitted.items()}
    return {"vehicle_km": np.asarray(np.bincount(own, flow * length, count), np.float64), **grams}


def _zone_of(case: Case, links: NDArray[np.int64]) -> NDArray[np.int64]:
    points = to_metres(shapely.points(case.zones.points))
    middles = to_metres(shapely.line_interpolate_point(case.geometries[links], 0.5, normalized=True))
    return np.asarray(shapely.STRtree(points).nearest(middles), np.int64)


def _mean_speed(hours: Sequence[Hour]) -> Floats:
    """Return each link's speed over all hours, by how many drive in each."""
    flow = np.array([hour.flow.value for hour in hours]) + 1e-9
    slowness = np.array([1.0 / np.maximum(hour.speed.value, 1e-6) for hour in hours])
    return np.asarray(flow.sum(axis=0) / (flow * slowness).sum(axis=0))


def summary(case: Case, model: Model, hours: Sequence[Hour]) -> dict[str, Any]:
    """Return a model's plan: totals by hour, pollutant and class of vehicles, how exact it is, what was assumed."""
    flow, speed, length = (
        np.concatenate(each)
        for each in zip(*((hour.flow.value, hour.speed.value, model.length_km) for hour in hours), strict=True)
    )
    group = np.repeat(np.arange(len(hours)), len(model.length_km))
    spread = _spread_of_all(model, hours)
    by_hour = {name: widened(each, spread) for name, each in model.emissions.totals(flow, speed, length, group).items()}
    whole = {name: widened(each, spread) for name, each in model.emissions.totals(flow, speed, length).items()}
    classes = model.emissions.by_class(flow, speed, length)
    return {
        "hours": [_hour_told(model, hour, by_hour, at) for at, hour in enumerate(hours)],
        "totals_kg": {name: told(found, KILO) for name, found in whole.items()},
        "classes_kg": {
            vehicle: {name: told(widened(each, spread), KILO) for name, each in found.items()}
            for vehicle, found in classes.items()
        },
        "relative_gap": max(hour.gap for hour in hours),
        "modes": {name: round(share, 4) for name, share in case.modes.items()},
        "zones": int((~case.zones.is_gateway).sum()),
        "gateways": int(case.zones.is_gateway.sum()),
        "fleet": model.emissions.fleet.source,
        "assumptions": case.assumptions,
        "left_out": case.left_out,
    }


def told(found: Range, unit: float, at: int = 0) -> dict[str, float]:
    """Return a value with its range, rounded, in units of `unit`."""
    return {name: round(float(np.atleast_1d(getattr(found, name))[at]) / unit, 4) for name in ("value", "low", "high")}


def _spread_of_all(model: Model, hours: Sequence[Hour]) -> float:
    """Return how unsure all traffic together is: as its links on average, since demand is wrong everywhere alike."""
    km = np.sum([hour.flow.value for hour in hours], axis=0) * model.length_km
    return float(km @ model.spread / km.sum()) if km.sum() > 0.0 else 0.0


def _hour_told(model: Model, hour: Hour, emitted: dict[str, Range], at: int) -> dict[str, Any]:
    km = hour.flow.value * model.length_km
    driven = np.where(model.length_km > 0.0, hour.flow.value, 0.0)
    time, free = (driven * each / 60.0 for each in (hour.minutes, model.network.free_flow_time))
    return {
        "hour": hour.hour,
        "vehicles": round(hour.trips, 1),
        "left_out": round(hour.left_out, 1),
        "within_zones": round(hour.within, 1),
        "vehicle_km": round(float(km.sum()), 1),
        "vehicle_hours": round(float(time.sum()), 2),
        "free_flow_hours": round(float(free.sum()), 2),
        "relative_gap": hour.gap,
        "emissions_g": {name: told(found, 1.0, at) for name, found in emitted.items()},
    }


def figures(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the few figures of a plan that lists and comparisons of runs show."""
    hours = plan["hours"]
    sums = {name: sum(hour[name] for hour in hours) for name in ("vehicles", "left_out", "vehicle_km", "vehicle_hours")}
    free = sum(hour["free_flow_hours"] for hour in hours)
    totals = plan["totals_kg"]
    taken = sums["vehicle_hours"]
    return {
        "vehicles": round(sums["vehicles"]),
        "vehicles_left_out": round(sums["left_out"], 1),
        "vehicle_km": round(sums["vehicle_km"]),
        "mean_speed_kmh": round(sums["vehicle_km"] / taken, 1) if taken else 0.0,
        "delay_share": round(1.0 - free / taken, 4) if taken else 0.0,
        "co2_kg": totals["co2"]["value"],
        "co2_kg_low": totals["co2"]["low"],
        "co2_kg_high": totals["co2"]["high"],
        **{f"{name}_kg": totals[name]["value"] for name in ("nox", "pm_exhaust", "pm_non_exhaust")},
        "relative_gap": plan["relative_gap"],
        "zones": plan["zones"],
        "counts": len(plan["counts"]),
        "counts_met": sum(count["geh"] < MET for count in plan["counts"]),
    }
