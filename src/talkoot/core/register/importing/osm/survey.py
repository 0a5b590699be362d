"""The first reading of an OpenStreetMap file: is it whole, how much is in it, where do its roads meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import osmium
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.importing.osm.roads import NodeUse, is_carriageway
from talkoot.core.register.importing.osm.turns import Members, is_restriction

FIX: Final = gettext_noop("Download or export the file again, and check that it ends in .osm.pbf and is complete.")
UNSORTED_FIX: Final = gettext_noop("Sort it first: osmium sort FILE.osm.pbf -o SORTED.osm.pbf")
EVERY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first reading found: tagged objects, node -> links that meet there, ways under turn restrictions."""

    objects: int
    junctions: dict[int, int]
    turn_ways: set[int]


def survey(path: Path, progress: Callable[[int], None] = lambda _: None) -> Survey:
    """Read the whole file once, keeping only where roads meet.

    `progress` is called with the number of tagged objects read, now and then. Raises InvalidError for a file that
    is no OpenStreetMap PBF, is cut off, or does not have its nodes before its ways.
    """
    if path.stat().st_size == 0:
        raise InvalidError("file", _("{name} is empty.").format(name=path.name), _(FIX))
    try:
        return _survey(path, progress)
    except (RuntimeError, osmium.InvalidLocationError) as error:
        raise InvalidError(
            "file",
            _("{name} cannot be read as OpenStreetMap PBF: {error}.").format(name=path.name, error=error),
            _(FIX),
        ) from error


def _tagged(path: Path) -> Iterator[Any]:
    return iter(osmium.FileProcessor(pbf(path)).with_filter(osmium.filter.EmptyTagFilter()))


def _survey(path: Path, progress: Callable[[int], None]) -> Survey:
    use = NodeUse()
    turn_ways: set[int] = set()
    objects, ways_began = 0, False
    for item in _tagged(path):
        objects += 1
        if objects % EVERY == 0:
            progress(objects)
        if item.is_node():
            if ways_began:
                raise InvalidError("file", _("{name} has nodes after ways.").format(name=path.name), _(UNSORTED_FIX))
        elif item.is_way():
            ways_began = True
            _note_way(item, use)
        else:
            _note_relation(item, use, turn_ways)
    if objects == 0:
        raise InvalidError("file", _("{name} holds no tagged object.").format(name=path.name), _(FIX))
    return Survey(objects, use.junctions(), turn_ways)


def pbf(path: Path) -> Any:
    """Return the file for reading as PBF, whatever its name says."""
    return osmium.io.File(str(path), "pbf")


def _note_way(way: Any, use: NodeUse) -> None:
    if "highway" in way.tags and len(way.nodes) > 1 and is_carriageway(dict(way.tags)):
        use.add_way([node.ref for node in way.nodes])


def _note_relation(relation: Any, use: NodeUse, turn_ways: set[int]) -> None:
    if is_restriction(dict(relation.tags)):
        members = Members.of(relation.members)
        turn_ways.update(members.ways)
        use.forced.extend(members.via_nodes)
