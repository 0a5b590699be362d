"""Which OpenStreetMap tags make a place of service, water, a green area, a path, a railway or street furniture."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.register.importing.osm.values import Tags, address_of, metres, texts

LAMP_HEIGHT_M: Final = 6.0

AMENITIES: Final = frozenset(
    (
        *("school", "kindergarten", "childcare", "university", "college", "language_school", "music_school"),
        *("driving_school", "library", "research_institute", "training", "prep_school", "dancing_school"),
        *("hospital", "clinic", "doctors", "dentist", "pharmacy", "veterinary", "social_facility", "nursing_home"),
        *("townhall", "courthouse", "police", "fire_station", "post_office", "public_building", "embassy"),
        *("community_centre", "social_centre", "youth_centre", "arts_centre", "theatre", "cinema", "planetarium"),
        *("conference_centre", "exhibition_centre", "events_venue", "music_venue", "studio", "place_of_worship"),
        *("restaurant", "cafe", "fast_food", "pub", "bar", "biergarten", "ice_cream", "food_court", "nightclub"),
        *("bank", "bureau_de_change", "atm", "money_transfer", "marketplace", "casino", "internet_cafe"),
        *("bus_station", "ferry_terminal", "taxi", "car_rental", "car_sharing", "bicycle_rental", "boat_rental"),
        *("fuel", "charging_station", "car_wash", "vehicle_inspection", "bicycle_repair_station"),
        *("toilets", "drinking_water", "shower", "public_bath", "sauna", "recycling", "coworking_space"),
        *("crematorium", "animal_shelter", "refugee_site", "post_box", "parcel_locker", "monastery"),
    )
)
LEISURE: Final = frozenset(
    (
        *("sports_centre", "sports_hall", "fitness_centre", "fitness_station", "stadium", "swimming_pool"),
        *("ice_rink", "pitch", "playground", "dance", "miniature_golf", "marina", "sauna", "beach_resort"),
        *("track", "dog_park", "bowling_alley", "escape_game", "amusement_arcade", "swimming_area", "bandstand"),
    )
)
TOURISM: Final = frozenset(
    (
        *("museum", "gallery", "hotel", "hostel", "motel", "guest_house", "apartment", "information"),
        *("attraction", "zoo", "theme_park", "aquarium", "camp_site", "caravan_site"),
    )
)
# Any value of these counts, but for those that say there is nothing.
OPEN_KEYS: Final = ("healthcare", "government", "shop", "office", "craft")
NOTHING: Final = frozenset(("no", "vacant", "disused", "none"))

GREEN_LEISURE: Final = frozenset(("park", "garden", "nature_reserve", "common"))
GREEN_LANDUSE: Final = frozenset(
    ("grass", "forest", "meadow", "recreation_ground", "village_green", "cemetery", "allotments", "orchard")
)
GREEN_NATURAL: Final = frozenset(("wood", "scrub", "heath", "grassland", "wetland", "tree_group"))
WATER_LANDUSE: Final = frozenset(("basin", "reservoir", "pond"))
WATERWAYS: Final = frozenset(("river", "stream", "canal", "ditch", "drain"))
RAILS: Final = frozenset(("rail", "tram", "subway", "light_rail", "narrow_gauge", "monorail", "funicular"))
FOOTWAYS: Final = frozenset(("footway", "pedestrian", "steps", "path", "corridor"))

_SERVICE_TEXTS: Final = {
    "website": ("website", "contact:website", "url"),
    "phone": ("phone", "contact:phone"),
    "operator": ("operator",),
}


def service_category(tags: Tags) -> str:
    """Return what is served here ("library", "clothes"), or "" where nothing is."""
    for key, known in (("amenity", AMENITIES), ("leisure", LEISURE), ("tourism", TOURISM)):
        value = tags.get(key)
        if value in known and not (value == "information" and tags.get("information") != "office"):
            return value
    for key in OPEN_KEYS:
        value = tags.get(key)
        if value and value not in NOTHING:
            return key if value == "yes" else value[:60]
    return ""


def describe_service(tags: Tags, category: str) -> dict[str, Any]:
    """Return the attributes of a place of service."""
    attributes: dict[str, Any] = {"category": category, **texts(tags, _SERVICE_TEXTS)}
    if hours := tags.get("opening_hours"):
        attributes["opening_hours"] = hours[:1000]
    if tags.get("wheelchair") in ("yes", "limited", "no", "designated"):
        attributes["wheelchair"] = tags["wheelchair"]
    if address := address_of(tags):
        attributes["address"] = address
    return attributes


def describe_lamp(tags: Tags) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a lamp's attributes; where its height is not mapped, the assumed one is named as such."""
    keys = {
        "lamp_type": ("lamp_type", "light:method", "light_source"),
        "mount": ("lamp_mount", "support", "light:mount"),
        "material": ("material",),
    }
    attributes: dict[str, Any] = dict(texts(tags, keys))
    height = metres(tags.get("height"))
    if height is not None:
        return {**attributes, "height_m": height}, {}
    return {**attributes, "height_m": LAMP_HEIGHT_M}, {"height_m": "assumed:default for street lamps"}


def describe_tree(tags: Tags) -> dict[str, Any]:
    """Return a tree's attributes (m)."""
    attributes: dict[str, Any] = dict(
        texts(tags, {"species": ("species", "taxon", "genus"), "leaf_type": ("leaf_type",)})
    )
    sizes = {"height_m": "height", "crown_m": "diameter_crown", "girth_m": "circumference"}
    for attribute, key in sizes.items():
        if (value := metres(tags.get(key))) is not None:
            attributes[attribute] = value
    return attributes


def describe_signal(tags: Tags) -> dict[str, Any]:
    """Return a traffic signal's attributes."""
    return dict(texts(tags, {"signal": ("traffic_signals", "crossing"), "sound": ("traffic_signals:sound",)}))


def green_category(tags: Tags) -> str:
    """Return what kind of green area this is, or ""."""
    for key, known in (("leisure", GREEN_LEISURE), ("landuse", GREEN_LANDUSE), ("natural", GREEN_NATURAL)):
        if (value := tags.get(key)) in known:
            return str(value)
    return ""


def water_category(tags: Tags, *, area: bool) -> str:
    """Return what kind of water this is, or ""; watercourses are lines, waters are areas."""
    if not area:
        value = tags.get("waterway")
        return value if value in WATERWAYS else ""
    if tags.get("natural") == "water":
        return tags.get("water", "water")[:60]
    if tags.get("waterway") == "riverbank":
        return "river"
    value = tags.get("landuse")
    return value if value in WATER_LANDUSE else ""


def path_kind(tags: Tags) -> str:
    """Return "cycleway" or "footway" for a way that is no carriageway, or ""."""
    highway = tags.get("highway")
    if highway == "cycleway" or (highway == "path" and tags.get("bicycle") == "designated"):
        return "cycleway"
    return "footway" if highway in FOOTWAYS else ""
