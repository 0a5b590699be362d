"""What it takes to walk and cycle between the city's zones, along the register's streets and paths."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from talkoot.core.register.metres import to_metres
from talkoot.core.register.queries import arrays
from talkoot.programmes.traffic.engine.los.ways import WALK_KMH, quickest
from talkoot.programmes.traffic.road_classes import NO_DOORS
from talkoot.programmes.traffic.zones import Zones

KINDS: Final = ("road_link", "cycleway", "footway")
# Kilometres an hour by bicycle, stops included, assumed; on footways and against one-way streets one walks it.
CYCLE_KMH: Final = {"cycleway": 17.0, "footway": WALK_KMH, "road_link": 15.0}

Floats = NDArray[np.float64]


def walking_minutes(zones: Zones) -> Floats:
    """Return the minutes on foot between zones, shape (zones, zones); infinite where no way leads."""
    return _minutes(zones, dict.fromkeys(KINDS, WALK_KMH), keeps_to_one_ways=False)


def cycling_minutes(zones: Zones) -> Floats:
    """Return the minutes by bicycle between zones, shape (zones, zones); infinite where no way leads."""
    return _minutes(zones, CYCLE_KMH, keeps_to_one_ways=True)


def _minutes(zones: Zones, speeds: dict[str, float], *, keeps_to_one_ways: bool) -> Floats:
    """Return minutes along all lines of these kinds but motorways and the like."""
    ways = arrays(KINDS, attributes=("road_class", "oneway"))
    usable = np.array([shape is not None and shape.geom_type == "LineString" for shape in ways.geometries], bool)
    usable &= np.array([name not in NO_DOORS for name in ways.attributes["road_class"]], bool)
    shapes, one_way = to_metres(ways.geometries[usable]), ways.attributes["oneway"][usable]
    backward = np.array([said == "backward" for said in one_way], bool)
    shapes[backward] = shapely.reverse(shapes[backward])
    speed = np.array([speeds[kind] for kind in ways.kinds[usable]])
    return quickest(
        shapes,
        speed,
        shapely.get_coordinates(to_metres(shapely.points(zones.points))),
        back_kmh=np.where(keeps_to_one_ways & (backward | (one_way == "forward")), WALK_KMH, speed),
    )
