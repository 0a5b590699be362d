"""Buildings of OpenStreetMap: height, levels and base, with an assumption named where the map is silent."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.register.importing.osm.values import Tags, address_of, metres, number

LEVEL_M: Final = 3.2
ROOF_M: Final = 1.0
# Heights (m) that are assumed by the building's use where neither height nor levels are mapped.
DEFAULT_HEIGHTS: Final = {
    "apartments": 20.0,
    "office": 20.0,
    "commercial": 20.0,
    "block": 20.0,
    "retail": 12.0,
    "hotel": 20.0,
    "university": 18.0,
    "public": 16.0,
    "government": 16.0,
    "school": 12.0,
    "hospital": 18.0,
    "church": 20.0,
    "cathedral": 30.0,
    "chapel": 10.0,
    "museum": 14.0,
    "train_station": 12.0,
    "industrial": 10.0,
    "warehouse": 8.0,
    "residential": 12.0,
    "terrace": 7.0,
    "house": 6.0,
    "detached": 6.0,
    "semidetached_house": 6.0,
    "garage": 3.0,
    "garages": 3.0,
    "carport": 3.0,
    "shed": 3.0,
    "hut": 3.0,
    "kiosk": 3.5,
    "pavilion": 4.0,
    "service": 3.5,
    "utility": 3.5,
    "greenhouse": 4.0,
    "roof": 4.0,
    "entrance": 3.5,
    "underpass_entrance": 3.5,
    "tower": 25.0,
}
DEFAULT_HEIGHT: Final = 12.0
# A roof on posts is open below this much of its height.
ROOF_THICKNESS: Final = 1.0
NOT_BUILDINGS: Final = frozenset(("no", "entrance", "demolished", "razed"))


def is_building(tags: Tags) -> bool:
    """Tell whether the tags describe a whole building that stands above the ground."""
    use = tags.get("building")
    return use is not None and use not in NOT_BUILDINGS and tags.get("location") != "underground"


def describe_building(tags: Tags) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a building's attributes (m, levels) and the provenance of those that are assumed."""
    attributes: dict[str, Any] = {"use": tags["building"][:200]}
    provenance: dict[str, str] = {}
    if address := address_of(tags):
        attributes["address"] = address
    levels = number(tags.get("building:levels"))
    if levels is not None:
        attributes["levels"] = levels
    attributes["height_m"] = _height(tags, levels, provenance)
    base = _base(tags, attributes["height_m"], provenance)
    if base is not None:
        attributes["base_m"] = base
    return attributes, provenance


def _height(tags: Tags, levels: float | None, provenance: dict[str, str]) -> float:
    height = metres(tags.get("height"))
    if height is None:
        height = metres(tags.get("building:height"))
    if height is not None:
        return height
    if levels is not None and levels > 0:
        provenance["height_m"] = f"assumed:levels*{LEVEL_M}+{ROOF_M}"
        return round(levels * LEVEL_M + ROOF_M, 2)
    use = tags["building"]
    if use in DEFAULT_HEIGHTS:
        provenance["height_m"] = f"assumed:default for building={use}"
        return DEFAULT_HEIGHTS[use]
    provenance["height_m"] = "assumed:default for buildings"
    return DEFAULT_HEIGHT


def _base(tags: Tags, height: float, provenance: dict[str, str]) -> float | None:
    base = metres(tags.get("min_height"))
    if base is not None:
        return base
    below = number(tags.get("building:min_level"))
    if below is not None and below > 0:
        provenance["base_m"] = f"assumed:min_level*{LEVEL_M}"
        return round(below * LEVEL_M, 2)
    if tags["building"] == "roof":
        provenance["base_m"] = f"assumed:height-{ROOF_THICKNESS} for building=roof"
        return max(0.0, round(height - ROOF_THICKNESS, 2))
    return None
