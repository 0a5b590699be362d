"""Small OpenStreetMap files for tests, written as they are described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import osmium
from osmium.osm.mutable import Node, Relation, Way

# Helsinki; a step of 0.001 degrees is about 55 m east and 111 m north.
LON, LAT = 24.94, 60.17
STEP = 0.001


def at(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of steps east and north of the corner."""
    return LON + x * STEP, LAT + y * STEP


class Town:
    """A town in the making: nodes by identifier, ways and relations over them."""

    def __init__(self) -> None:
        self.nodes: dict[int, tuple[tuple[float, float], dict[str, str]]] = {}
        self.ways: dict[int, tuple[list[int], dict[str, str]]] = {}
        self.relations: dict[int, tuple[list[tuple[str, int, str]], dict[str, str]]] = {}

    def node(self, number: int, x: float, y: float, **tags: str) -> None:
        """Set a node; `highway__x` stands for the tag "highway:x"."""
        self.nodes[number] = (at(x, y), _tags(tags))

    def way(self, number: int, nodes: list[int], **tags: str) -> None:
        """Set a way over nodes."""
        self.ways[number] = (nodes, _tags(tags))

    def box(self, number: int, x: float, y: float, width: float = 0.5, depth: float = 0.3, **tags: str) -> None:
        """Set a closed way with nodes of its own: a rectangle with its lower left corner at (x, y)."""
        first = 1_000_000 + number * 10
        for index, (dx, dy) in enumerate(((0, 0), (width, 0), (width, depth), (0, depth))):
            self.node(first + index, x + dx, y + dy)
        self.way(number, [first, first + 1, first + 2, first + 3, first], **tags)

    def relation(self, number: int, members: list[tuple[str, int, str]], **tags: str) -> None:
        """Set a relation of (type, identifier, role)."""
        self.relations[number] = (members, _tags(tags))

    def write(self, path: Path) -> Path:
        """Write the town, replacing the file."""
        path.unlink(missing_ok=True)
        with osmium.SimpleWriter(str(path)) as writer:
            for number, (location, tags) in sorted(self.nodes.items()):
                writer.add_node(Node(id=number, location=location, tags=tags))
            for number, (nodes, tags) in sorted(self.ways.items()):
                writer.add_way(Way(id=number, nodes=nodes, tags=tags))
            for number, (members, tags) in sorted(self.relations.items()):
                writer.add_relation(Relation(id=number, members=members, tags=tags))
        return path


def _tags(tags: dict[str, Any]) -> dict[str, str]:
    return {key.replace("__", ":"): value for key, value in tags.items()}


def crossing() -> Town:
    """Return a town of two streets that cross at node 5, with lamps, a house and a school."""
    town = Town()
    for number, (x, y) in {1: (0, 1), 2: (2, 1), 3: (1, 0), 4: (1, 2), 5: (1, 1)}.items():
        town.node(number, x, y)
    town.way(10, [1, 5, 2], highway="residential", name="Itäkatu", name__sv="Östergatan", maxspeed="30")
    town.way(11, [3, 5, 4], highway="primary", oneway="yes", lanes="2")
    town.node(20, 0.5, 1.1, highway="street_lamp")
    town.node(21, 1.5, 1.1, highway="street_lamp", height="7.5")
    town.box(30, 0.2, 1.3, building="apartments", building__levels="5", name="Talo")
    town.box(31, 1.2, 1.3, building="school", amenity="school", name__fi="Koulu", name__en="School", height="11 m")
    return town
