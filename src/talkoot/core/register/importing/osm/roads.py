"""The carriageways of OpenStreetMap as a network: links from junction to junction, with the traffic rules on them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from talkoot.core.register.importing.osm.shapes import Stop, length, line_wkb, point_wkb
from talkoot.core.register.importing.osm.values import Tags, name_of, speed, texts, whole
from talkoot.core.register.importing.records import SourceObject


class RoadDefaults(NamedTuple):
    """What is assumed of a road class where its tags are silent: km/h, and lanes of a two-way road."""

    speed_kmh: float
    lanes: int


# Usual values in Finnish towns; each use of one is named in the link's provenance.
ROAD_CLASSES: Final = {
    "motorway": RoadDefaults(100.0, 2),
    "trunk": RoadDefaults(80.0, 2),
    "primary": RoadDefaults(50.0, 2),
    "secondary": RoadDefaults(50.0, 2),
    "tertiary": RoadDefaults(40.0, 2),
    "unclassified": RoadDefaults(40.0, 2),
    "residential": RoadDefaults(30.0, 2),
    "living_street": RoadDefaults(20.0, 2),
    "service": RoadDefaults(20.0, 1),
    "road": RoadDefaults(40.0, 2),
    "busway": RoadDefaults(40.0, 2),
    "motorway_link": RoadDefaults(70.0, 1),
    "trunk_link": RoadDefaults(60.0, 1),
    "primary_link": RoadDefaults(50.0, 1),
    "secondary_link": RoadDefaults(50.0, 1),
    "tertiary_link": RoadDefaults(40.0, 1),
}
_ONE_WAYS: Final = {"yes": "forward", "true": "forward", "1": "forward", "-1": "backward", "reverse": "backward"}
_TEXTS: Final = {"surface": ("surface",), "lit": ("lit",), "access": ("motor_vehicle", "vehicle", "access")}


@dataclass(slots=True)
class NodeUse:
    """Collects which nodes the carriageways go through, 8 bytes for each, to find where they meet."""

    inner: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    forced: array[int] = field(default_factory=lambda: array("q"))

    def add_way(self, nodes: Sequence[int]) -> None:
        """Count the nodes of one carriageway."""
        self.ends.append(nodes[0])
        self.ends.append(nodes[-1])
        self.inner.extend(nodes[1:-1])

    def junctions(self) -> dict[int, int]:
        """Return node -> how many links begin or end there, for the nodes at which ways are split.

        A way is split at its ends, where it meets another way or itself, and where a turn restriction applies.
        """
        inner, inner_counts = np.unique(np.frombuffer(self.inner, dtype=np.int64), return_counts=True)
        ends, end_counts = np.unique(np.frombuffer(self.ends, dtype=np.int64), return_counts=True)
        split = (inner_counts > 1) | np.isin(inner, ends) | np.isin(inner, np.frombuffer(self.forced, dtype=np.int64))
        degrees = dict(zip(ends.tolist(), end_counts.tolist(), strict=True))
        for node, count in zip(inner[split].tolist(), inner_counts[split].tolist(), strict=True):
            degrees[node] = degrees.get(node, 0) + 2 * count
        return degrees


def is_carriageway(tags: Tags) -> bool:
    """Tell whether the tags describe a road for vehicles, drawn as a line."""
    return tags.get("highway") in ROAD_CLASSES and tags.get("area") != "yes"


def split(stops: Sequence[Stop], junctions: dict[int, int]) -> Iterator[list[Stop]]:
    """Yield the parts of a way between the nodes at which it is split."""
    part = [stops[0]]
    for stop in stops[1:]:
        if stop.node == part[-1].node:
            continue
        part.append(stop)
        if stop.node in junctions:
            yield part
            part = [stop]
    if len(part) > 1:
        yield part


def links_of(
    way: int, tags: dict[str, str], stops: Sequence[Stop], junctions: dict[int, int]
) -> Iterator[tuple[list[Stop], SourceObject]]:
    """Yield a way's links with the stops of each.

    A link is identified by its end nodes, so that a split elsewhere on the way leaves the others as they are.
    """
    attributes, provenance = describe_road(tags)
    name = name_of(tags)
    seen: dict[str, int] = {}
    for part in split(stops, junctions):
        identifier = f"way/{way}/{part[0].node}-{part[-1].node}"
        seen[identifier] = seen.get(identifier, 0) + 1
        if seen[identifier] > 1:
            identifier = f"{identifier}.{seen[identifier]}"
        line = line_wkb(part)
        yield (
            part,
            SourceObject(
                external_id=identifier,
                kind="road_link",
                geometry=line,
                name=name,
                attributes={**attributes, "length_m": length(line)},
                provenance=provenance,
                tags=tags,
                relations=(("from", junction_id(part[0].node)), ("to", junction_id(part[-1].node))),
            ),
        )


def describe_road(tags: Tags) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the attributes of a carriageway (km/h, pieces) and the provenance of those that are assumed."""
    road_class = tags["highway"]
    attributes: dict[str, Any] = {"road_class": road_class, **texts(tags, _TEXTS)}
    if label := tags.get("name:fi") or tags.get("name"):
        attributes["name"] = label[:200]
    provenance: dict[str, str] = {}
    attributes["oneway"] = _one_way(tags, provenance)
    attributes["speed_kmh"] = _speed(tags, provenance)
    attributes["lanes"] = _lanes(tags, attributes["oneway"], provenance)
    for key in ("bridge", "tunnel"):
        if tags.get(key, "no") != "no":
            attributes[key] = True
    return attributes, provenance


def _one_way(tags: Tags, provenance: dict[str, str]) -> str:
    if (said := tags.get("oneway")) is not None:
        return _ONE_WAYS.get(said, "no")
    if tags.get("junction") in ("roundabout", "circular"):
        provenance["oneway"] = f"assumed:junction={tags['junction']}"
        return "forward"
    if tags["highway"] in ("motorway", "motorway_link"):
        provenance["oneway"] = f"assumed:highway={tags['highway']}"
        return "forward"
    return "no"


def _speed(tags: Tags, provenance: dict[str, str]) -> float:
    for key in ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:traffic"):
        if (found := speed(tags.get(key))) is not None:
            value, rule = found
            if rule:
                provenance["speed_kmh"] = rule
            return value
    provenance["speed_kmh"] = f"assumed:default for highway={tags['highway']}"
    return ROAD_CLASSES[tags["highway"]].speed_kmh


def _lanes(tags: Tags, one_way: str, provenance: dict[str, str]) -> int:
    said = whole(tags.get("lanes"))
    if said is not None and 1 <= said <= 30:
        return said
    provenance["lanes"] = f"assumed:default for highway={tags['highway']}, oneway={one_way}"
    lanes = ROAD_CLASSES[tags["highway"]].lanes
    halved = one_way != "no" and tags["highway"] not in ("motorway", "trunk")
    return max(1, lanes // 2) if halved else lanes


def junction_id(node: int) -> str:
    """Return the external identifier of the junction at a node."""
    return f"node/{node}/junction"


def junction(stop: Stop, degree: int, control: str) -> SourceObject:
    """Return the junction at a node: how many links meet there and what controls it, if anything does."""
    attributes: dict[str, Any] = {"links": degree}
    if control:
        attributes["control"] = control
    return SourceObject(junction_id(stop.node), "junction", point_wkb(stop.lon, stop.lat), attributes=attributes)
