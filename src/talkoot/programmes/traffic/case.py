"""What a model is made of: roads, zones and a day's demand, of the city or of what somebody has uploaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic import uploads
from talkoot.programmes.traffic.demand_of_city import PROFILE, estimate
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.skims import cheapest
from talkoot.programmes.traffic.roads import gateways, read_roads
from talkoot.programmes.traffic.slow_modes import cycling_minutes, walking_minutes
from talkoot.programmes.traffic.zones import Zones, zones_of_city

Floats = NDArray[np.float64]
Matrix = Callable[[int], Floats]


@dataclass(frozen=True)
class Case:
    """Roads, zones and demand.

    One position a link in `uids` (the road that it runs on; "" for a connector of a zone), `geometries` (lines in
    degrees), `length_m`, `speed_kmh` and `is_connector`. `of_hour` gives vehicles an hour between zones by hour.
    `is_registered` tells whether roads are things of the register; `assumptions` and `left_out` count what had to be
    assumed and what is not in it, by code.
    """

    network: Network
    uids: list[str]
    geometries: NDArray[np.object_]
    length_m: Floats
    is_connector: NDArray[np.bool_]
    zones: Zones
    of_hour: Matrix
    modes: dict[str, float]
    is_registered: bool
    digests: dict[str, str]
    assumptions: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def is_placed(self) -> bool:
        """Whether zones and roads have places on the map."""
        return bool(np.isfinite(self.zones.points).all())

    def links_of(self, roads: set[str]) -> NDArray[np.bool_]:
        """Return which links run on any of these roads."""
        return np.array([uid in roads for uid in self.uids], bool) & ~self.is_connector


def case_of_city(parameters: Mapping[str, Any]) -> Case:
    """Read the register's roads and zones, and estimate the trips between them.

    Demand rests on the roads as they are, not on a scenario's: what is changed of roads changes routes alone.
    """
    zones = zones_of_city(float(parameters["cell_m"])).with_gateways(*gateways())
    roads = read_roads(zones)
    by_car = cheapest(roads.network, roads.network.free_flow_time)
    minutes = {"car": by_car, "cycle": cycling_minutes(zones), "walk": walking_minutes(zones)}
    demand = estimate(zones, minutes, float(parameters["car_share"]))
    return Case(
        network=roads.network,
        uids=list(roads.uids),
        geometries=roads.geometries,
        length_m=roads.length_m,
        is_connector=roads.is_connector,
        zones=zones,
        of_hour=demand.of_hour,
        modes=demand.modes,
        is_registered=True,
        digests={**zones.digests, **roads.digests},
        assumptions={**zones.assumptions, **roads.assumptions},
        left_out={**roads.left_out, **demand.told},
    )


def case_of_upload(parameters: Mapping[str, Any]) -> Case:
    """Read a network and trips that were sent in; the trips are of the busiest hour, others follow a street's profile.

    Links that take no time are taken for connectors. Raises NotFoundError for what is not there any more, and
    InvalidError where the trips are between other zones.
    """
    network_input, trips_input = (uploads.find(parameters[name], name) for name in ("network", "trips"))
    file = uploads.network_of(network_input)
    trips = uploads.trips_of(trips_input, file.network.zones)
    matrix = trips.matrix(file.network.zones)
    none = np.zeros(file.network.zones)
    places = np.full((file.network.nodes, 2), np.nan) if file.points is None else file.points
    names = [str(number + 1) for number in range(file.network.zones)]
    return Case(
        network=file.network,
        uids=file.names,
        geometries=file.shapes,
        length_m=file.length_m,
        is_connector=file.network.free_flow_time <= 0.0,
        zones=Zones(names, names, places[file.network.centroids], none, none),
        of_hour=lambda hour: matrix * PROFILE[hour] / max(PROFILE),
        modes={},
        is_registered=False,
        digests={"network": network_input.digest, "trips": trips_input.digest},
        left_out={"vehicles_within_zones": round(trips.within)} if trips.within else {},
    )
