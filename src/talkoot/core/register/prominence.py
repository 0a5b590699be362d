"""From which zoom the map draws a thing: more prominent things from farther, so that no tile holds too many.

Zooms are those of tiles of 512 pixels, as MapLibre counts them. The fraction of a thing's detail spreads those of
one zoom evenly and for good, so that a share of them can be left out where a place is crowded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

CIRCUMFERENCE: Final = 40_075_016.7  # metres along the equator
TILE_PIXELS: Final = 512
SMALLEST: Final = 4.0  # pixels that an area's longer side must have to be drawn
MAX_ZOOM: Final = 16
USUAL: Final = 12
ZOOM_OF_KIND: Final[Mapping[str, int]] = {
    "water": 4,
    "green_area": 8,
    "railway": 10,
    "site": 12,
    "building": 12,
    "street_lamp": 13,
    "cycleway": 13,
    "footway": 14,
    "traffic_signal": 15,
    "tree": 15,
    "junction": 16,
    "turn_restriction": 16,
    "floor": 16,
    "room": 16,
}
ZOOM_OF_ROAD: Final[Mapping[str, int]] = {
    "motorway": 5,
    "trunk": 6,
    "primary": 8,
    "secondary": 10,
    "tertiary": 11,
    "unclassified": 12,
    "residential": 13,
    "living_street": 13,
}
MINOR_ROAD: Final = 14
# Where the city itself serves people, before the shops and cafés that crowd a centre.
PUBLIC_SERVICES: Final = frozenset(
    {
        "clinic",
        "college",
        "community_centre",
        "courthouse",
        "fire_station",
        "hospital",
        "kindergarten",
        "library",
        "museum",
        "police",
        "school",
        "social_facility",
        "sports_centre",
        "swimming_pool",
        "theatre",
        "townhall",
        "university",
    }
)
ZOOM_OF_PUBLIC_SERVICE: Final = 13
ZOOM_OF_OTHER_SERVICE: Final = 15


def detail(key: int, kind: str, attributes: Mapping[str, Any], bounds: Sequence[float]) -> float:
    """Return the zoom from which a thing is drawn, from 0 to 16, plus a fraction below 1 that its key gives it.

    Parameters: `key` is its primary key, `bounds` (west, south, east, north) in degrees.
    """
    if kind == "road_link":
        zoom = ZOOM_OF_ROAD.get(str(attributes.get("road_class", "")).removesuffix("_link"), MINOR_ROAD)
    elif kind == "service_place":
        is_public = attributes.get("category") in PUBLIC_SERVICES
        zoom = ZOOM_OF_PUBLIC_SERVICE if is_public else ZOOM_OF_OTHER_SERVICE
    elif kind == "railway":
        zoom = ZOOM_OF_KIND[kind]
    else:
        zoom = max(ZOOM_OF_KIND.get(kind, USUAL), _zoom_of_size(bounds))
    return zoom + _spread(key)


def _zoom_of_size(bounds: Sequence[float]) -> int:
    """Return the zoom at which the longer side has `SMALLEST` pixels; 0 for what has no extent and needs none."""
    west, south, east, north = bounds
    shrink = max(math.cos(math.radians(south)), 0.01)
    metres = max((east - west) * shrink, north - south) * CIRCUMFERENCE / 360
    if metres <= 0:
        return 0
    zoom = math.log2(SMALLEST * CIRCUMFERENCE * shrink / (TILE_PIXELS * metres))
    return min(max(math.ceil(zoom), 0), MAX_ZOOM)


def _spread(key: int) -> float:
    """Return a fraction in [0, 1) that jumps about from one key to the next (multiplicative hashing)."""
    return key * 2_654_435_761 % 2**32 / 2**32
