"""What is assumed of roads by their class: speed and lanes where the register has none, and what a lane carries.

At junctions with signals a lane passes 1900 passenger cars in an hour of green (Highway Capacity Manual 2016, base
saturation flow); the share of green stands beside each class and is assumed. Lanes of motorways carry 2200 an hour
(the same manual, basic freeway segments). Time grows with flow by the BPR function with its usual parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from talkoot.core.register.importing.osm.roads import ROAD_CLASSES

GREEN_FLOW: Final = 1900.0  # vehicles an hour of green on a lane
UNKNOWN: Final = "road"
GREEN_SHARES: Final = {
    "trunk": 0.8,
    "primary": 0.5,
    "secondary": 0.45,
    "tertiary": 0.35,
    "unclassified": 0.3,
    "residential": 0.25,
    "living_street": 0.1,
    "service": 0.15,
    "road": 0.3,
    "busway": 0.3,
    "trunk_link": 0.6,
    "primary_link": 0.45,
    "secondary_link": 0.4,
    "tertiary_link": 0.35,
}
LANE_CAPACITIES: Final = {
    "motorway": 2200.0,
    "motorway_link": 1800.0,
    **{name: round(GREEN_FLOW * share, -1) for name, share in GREEN_SHARES.items()},
}
MAIN: Final = frozenset(
    name for base in ("motorway", "trunk", "primary", "secondary", "tertiary") for name in (base, f"{base}_link")
)
NO_DOORS: Final = frozenset({"motorway", "motorway_link", "trunk", "trunk_link"})  # nobody's trip begins on these
CLOSED: Final = frozenset({"busway"})
CLOSED_TO: Final = frozenset({"no", "private", "agricultural", "forestry", "emergency", "psv", "bus", "military"})


@dataclass(frozen=True, slots=True)
class RoadClass:
    """What is assumed of roads of one class.

    `speed_kmh` and `lanes` (of both directions together) hold where the register has none; `lane_capacity` is in
    vehicles an hour, `b` and `power` are those of the BPR function.
    """

    speed_kmh: float
    lanes: int
    lane_capacity: float
    b: float = 0.15
    power: float = 4.0


ASSUMED: Final[Mapping[str, RoadClass]] = {
    name: RoadClass(usual.speed_kmh, usual.lanes, LANE_CAPACITIES[name]) for name, usual in ROAD_CLASSES.items()
}
