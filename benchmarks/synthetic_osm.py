"""Writes a synthetic city as .osm.pbf: as many tagged objects as asked for, always the same ones.

The city is a square grid of blocks of 100 m. A block has twenty tagged objects: eight buildings, six street lamps,
two trees, two places of service and two streets, which meet the streets of the next blocks at its corner.

    python -m benchmarks.synthetic_osm 1000000 city.osm.pbf
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from osmium.osm.mutable import Node, Way

PER_BLOCK = 20
BUILDINGS = 8
LAMPS, TREES, SERVICES = 6, 2, 2
NODES_PER_BLOCK = 64
WAYS_PER_BLOCK = 16
BLOCK_M = 100.0
WEST, SOUTH = 24.6, 60.1
DEGREE_M = 111_320.0
NAMES = ("Kirjasto", "Koulu", "Kahvila", "Apteekki", "Päiväkoti", "Terveysasema")
SERVICE_KINDS = ("library", "school", "cafe", "pharmacy", "kindergarten", "clinic")
USES = ("apartments", "house", "office", "yes")


def blocks_of(objects: int) -> int:
    """Return how many blocks hold about this many tagged objects."""
    return max(1, objects // PER_BLOCK)


def place(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of metres east and north of the city's south-western corner."""
    return WEST + x / (DEGREE_M * math.cos(math.radians(SOUTH))), SOUTH + y / DEGREE_M


def nodes_of(block: int, side: int, random: np.random.Generator) -> Iterator[Node]:
    """Yield a block's nodes by rising identifier: its corner, its points and the corners of its buildings."""
    x0, y0 = (block % side) * BLOCK_M, (block // side) * BLOCK_M
    first = block * NODES_PER_BLOCK + 1
    yield Node(id=first, location=place(x0, y0))
    offsets = random.uniform(5.0, 95.0, size=(LAMPS + TREES + SERVICES, 2))
    for index, (dx, dy) in enumerate(offsets, start=1):
        yield Node(id=first + index, location=place(x0 + dx, y0 + dy), tags=point_tags(index, block))
    number = first + len(offsets) + 1
    for building in range(BUILDINGS):
        west, south = x0 + 8 + building % 4 * 22, y0 + 10 + building // 4 * 45
        width, depth = random.uniform(8, 18), random.uniform(10, 35)
        for dx, dy in ((0, 0), (width, 0), (width, depth), (0, depth)):
            yield Node(id=number, location=place(west + dx, south + dy))
            number += 1


def point_tags(index: int, block: int) -> dict[str, str]:
    """Return the tags of a block's point."""
    if index <= LAMPS:
        return {"highway": "street_lamp", "ref": f"{block}-{index}"}
    if index <= LAMPS + TREES:
        return {"natural": "tree", "leaf_type": "broadleaved"}
    which = (block + index) % len(NAMES)
    return {
        "amenity": SERVICE_KINDS[which],
        "name": f"{NAMES[which]} {block}",
        "opening_hours": "Mo-Fr 08:00-16:00",
    }


def ways_of(block: int, side: int) -> Iterator[Way]:
    """Yield a block's ways by rising identifier: its buildings, then its streets to the east and north."""
    first = block * NODES_PER_BLOCK + 1
    number = block * WAYS_PER_BLOCK + 1
    corner = first + LAMPS + TREES + SERVICES + 1
    for building in range(BUILDINGS):
        ring = [corner + building * 4 + index for index in (0, 1, 2, 3, 0)]
        tags = {
            "building": USES[building % 4],
            "addr:street": f"Katu {block % side}",
            "addr:housenumber": str(building + 1),
        }
        if building % 3 == 0:
            tags["building:levels"] = str(2 + (block + building) % 8)
        yield Way(id=number + building, nodes=ring, tags=tags)
    neighbours = (block + 1 if (block + 1) % side else None, block + side)
    for index, neighbour in enumerate(neighbours):
        if neighbour is None or neighbour >= side * side:
            continue
        tags = {"highway": "residential", "name": f"Katu {block % side if index else block // side}"}
        if block % 2:
            tags["maxspeed"] = "40"
        yield Way(id=number + BUILDINGS + index, nodes=[first, neighbour * NODES_PER_BLOCK + 1], tags=tags)


def write(path: Path, objects: int, seed: int = 1) -> int:
    """Write the city to `path`, replacing what is there; return how many tagged objects it has."""
    side = math.isqrt(blocks_of(objects) - 1) + 1
    path.unlink(missing_ok=True)
    written = 0
    with osmium.SimpleWriter(str(path)) as writer:
        for block in range(side * side):
            random = np.random.default_rng((seed, block))
            for node in nodes_of(block, side, random):
                writer.add_node(node)
                written += bool(node.tags)
        for block in range(side * side):
            for way in ways_of(block, side):
                writer.add_way(way)
                written += 1
    return written


def main() -> None:
    """Write the file that the command line asks for."""
    parser: Any = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("objects", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{write(arguments.path, arguments.objects, arguments.seed)} tagged objects in {arguments.path}")


if __name__ == "__main__":
    main()
