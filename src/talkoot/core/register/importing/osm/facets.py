"""What an OpenStreetMap object is in the register's kinds. One object may be two things: a building and a school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from talkoot.core.register.importing.osm import places
from talkoot.core.register.importing.osm.buildings import describe_building, is_building
from talkoot.core.register.importing.osm.values import Tags, metres, texts

SERVICE_SUFFIX: Final = "/service"
_PATH_TEXTS: Final = {"surface": ("surface",), "lit": ("lit",), "access": ("foot", "access")}
_ONE_WAYS: Final = {"yes": "forward", "no": "no", "-1": "backward"}


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing that an object is: its kind, what tells it from the object's other facets, and its attributes."""

    kind: str
    attributes: dict[str, Any]
    provenance: dict[str, str] = field(default_factory=dict)
    suffix: str = ""


def of_point(tags: Tags) -> Facet | None:
    """Return what a node is, or None for what the register has no kind for."""
    highway = tags.get("highway")
    if highway == "street_lamp":
        return Facet("street_lamp", *places.describe_lamp(tags))
    if highway == "traffic_signals":
        return Facet("traffic_signal", places.describe_signal(tags))
    if tags.get("natural") == "tree":
        return Facet("tree", places.describe_tree(tags))
    if category := places.service_category(tags):
        return Facet("service_place", places.describe_service(tags, category))
    return None


def of_line(tags: Tags) -> Facet | None:
    """Return what a line other than a carriageway is, or None. Lengths are left to the reader."""
    if kind := places.path_kind(tags):
        return Facet(kind, _describe_path(tags))
    if tags.get("railway") in places.RAILS:
        attributes: dict[str, Any] = {"category": tags["railway"]}
        if tags.get("tunnel", "no") != "no":
            attributes["tunnel"] = True
        return Facet("railway", attributes)
    if category := places.water_category(tags, area=False):
        return Facet("water", {"category": category})
    return None


def of_area(tags: Tags) -> Iterator[Facet]:
    """Yield what an area is: at most one place on the ground, and a service in it."""
    ground = _on_the_ground(tags)
    if ground is not None:
        yield ground
    if category := places.service_category(tags):
        yield Facet("service_place", places.describe_service(tags, category), suffix=SERVICE_SUFFIX)


def _on_the_ground(tags: Tags) -> Facet | None:
    if is_building(tags):
        return Facet("building", *describe_building(tags))
    if category := places.water_category(tags, area=True):
        return Facet("water", {"category": category})
    if category := places.green_category(tags):
        return Facet("green_area", {"category": category})
    if (tags.get("area") == "yes" or tags.get("type") == "multipolygon") and places.path_kind(tags) == "footway":
        return Facet("footway", _describe_path(tags))
    return None


def _describe_path(tags: Tags) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(texts(tags, _PATH_TEXTS))
    if (width := metres(tags.get("width"))) is not None and width >= 0:
        attributes["width_m"] = width
    one_way = _ONE_WAYS.get(tags.get("oneway:bicycle", tags.get("oneway", "")))
    if one_way is not None:
        attributes["oneway"] = one_way
    return attributes
