"""The second reading of an OpenStreetMap file: every object that the register has a kind for, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import osmium
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.text import Text
from talkoot.core.register.importing.osm import facets
from talkoot.core.register.importing.osm.facets import Facet
from talkoot.core.register.importing.osm.roads import (
    is_carriageway,
    junction,
    links_of,
)
from talkoot.core.register.importing.osm.shapes import Stop, length, line_wkb, point_wkb, polygon_wkb
from talkoot.core.register.importing.osm.survey import Survey, pbf, survey
from talkoot.core.register.importing.osm.turns import Members, TurnBook, is_restriction, restriction_of
from talkoot.core.register.importing.osm.values import name_of
from talkoot.core.register.importing.records import Reading, Rejected, SourceObject, SourceSpec

OPENSTREETMAP: Final = SourceSpec(
    code="osm",
    name=Text(fi="OpenStreetMap", sv="OpenStreetMap", en="OpenStreetMap"),
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
    url="https://www.openstreetmap.org/copyright",
)
CONTROLS: Final = frozenset(("traffic_signals", "stop", "give_way", "mini_roundabout"))
# Only multipolygons with one of these keys are put together.
AREA_KEYS: Final = (
    *("building", "natural", "landuse", "leisure", "waterway", "highway", "amenity", "tourism"),
    *("shop", "office", "healthcare", "government", "craft"),
)
ACROSS_THE_EDGE: Final = gettext_noop("Some of its nodes are not in the file: it lies across the edge of the extract.")
NOT_CLOSED: Final = gettext_noop("Its rings do not close, or some of its ways are not in the file.")
LENGTHS: Final = ("footway", "cycleway", "railway")


@dataclass(slots=True)
class OsmReader:
    """Reads a sorted .osm.pbf as source objects. Memory grows by 16 bytes a node and with the number of junctions.

    Every object is identified by its type and number ("way/123"), a part or role of it by a suffix: a road link
    by its end nodes, "/junction", "/service". Junctions come before their links, links before turn restrictions.
    """

    path: Path
    survey: Survey
    source: SourceSpec = OPENSTREETMAP
    mend: bool = False
    kinds: None = None
    _book: TurnBook = field(init=False)
    _factory: Any = field(default_factory=osmium.geom.WKBFactory)
    _controls: dict[int, str] = field(default_factory=dict)
    _placed: set[int] = field(default_factory=set)
    _wanted: set[int] = field(default_factory=set)
    _assembled: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._book = TurnBook(ways=self.survey.turn_ways)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        source_code: str | None = None,
        mend: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> OsmReader:
        """Survey the file and return its reader.

        `source_code` tells extracts of several places apart in one register; without it, what a second extract
        does not show is closed. `progress` is called with the number of objects surveyed. Raises InvalidError
        for a file that cannot be read whole.
        """
        source = replace(OPENSTREETMAP, code=source_code or OPENSTREETMAP.code)
        return cls(path, survey(path, progress), source, mend)

    @property
    def rows(self) -> int:
        """About how many objects come: the tagged ones of the file."""
        return self.survey.objects

    def __iter__(self) -> Reading:
        for item in self._items():
            if item.is_node():
                yield from self._node(item)
            elif item.is_way():
                yield from self._way(item)
            elif item.is_area():
                yield from self._area(item)
            else:
                yield from self._relation(item)
        for relation in sorted(self._wanted - self._assembled):
            yield _rejected(f"relation/{relation}", _(NOT_CLOSED))

    def _items(self) -> Iterator[Any]:
        return iter(
            osmium.FileProcessor(pbf(self.path))
            .with_areas(osmium.filter.KeyFilter(*AREA_KEYS))
            .with_filter(osmium.filter.EmptyTagFilter())
        )

    def _node(self, node: Any) -> Reading:
        tags = dict(node.tags)
        if (highway := tags.get("highway")) in CONTROLS:
            self._controls[node.id] = highway
        facet = facets.of_point(tags)
        if facet is None:
            return
        if node.location.valid():
            yield _thing(f"node/{node.id}", facet, point_wkb(node.lon, node.lat), tags)
        else:
            yield _rejected(f"node/{node.id}", _("Its coordinates are not on the globe."))

    def _way(self, way: Any) -> Reading:
        tags = dict(way.tags)
        if is_carriageway(tags):
            yield from self._road(way, tags)
            return
        closed = len(way.nodes) > 3 and way.is_closed() and tags.get("area") != "no"
        found = list(facets.of_area(tags)) if closed else []
        line = facets.of_line(tags) if not found else None
        if not found and line is None:
            return
        geometry = self._line(way)
        if geometry is None:
            geometry = _present_part(way) if line is not None else None
        if geometry is None:
            yield _rejected(f"way/{way.id}", _(ACROSS_THE_EDGE))
        elif line is None:
            yield from _things(f"way/{way.id}", found, polygon_wkb(geometry), tags)
        else:
            if line.kind in LENGTHS:
                line.attributes["length_m"] = length(geometry)
            yield _thing(f"way/{way.id}", line, geometry, tags)

    def _line(self, way: Any) -> bytes | None:
        """Return the line through all nodes of the way, or None where some are not in the file."""
        try:
            return bytes.fromhex(self._factory.create_linestring(way))
        except (RuntimeError, osmium.InvalidLocationError):
            return None

    def _road(self, way: Any, tags: dict[str, str]) -> Reading:
        stops = _stops(way)
        if len({stop.node for stop in stops}) < 2:
            yield _rejected(f"way/{way.id}", _(ACROSS_THE_EDGE))
            return
        for part, link in links_of(way.id, tags, stops, self.survey.junctions):
            for stop in (part[0], part[-1]):
                if stop.node not in self._placed:
                    self._placed.add(stop.node)
                    degree = self.survey.junctions.get(stop.node, 1)
                    yield junction(stop, degree, self._controls.get(stop.node, ""))
            self._book.note(way.id, link.external_id, part[0], part[-1])
            yield link

    def _area(self, area: Any) -> Reading:
        if area.from_way():
            return
        relation = area.orig_id()
        self._assembled.add(relation)
        tags = dict(area.tags)
        found = list(facets.of_area(tags))
        if not found:
            return
        try:
            geometry = bytes.fromhex(self._factory.create_multipolygon(area))
        except (RuntimeError, osmium.InvalidLocationError):
            yield _rejected(f"relation/{relation}", _(NOT_CLOSED))
            return
        yield from _things(f"relation/{relation}", found, _simplest(geometry), tags)

    def _relation(self, relation: Any) -> Reading:
        tags = dict(relation.tags)
        if is_restriction(tags):
            yield restriction_of(relation.id, tags, Members.of(relation.members), self._book)
        elif tags.get("type") == "multipolygon" and next(facets.of_area(tags), None) is not None:
            self._wanted.add(relation.id)


def _thing(
    external_id: str,
    facet: Facet,
    geometry: bytes,
    tags: dict[str, str],
    relations: tuple[tuple[str, str], ...] = (),
) -> SourceObject:
    return SourceObject(
        external_id=external_id + facet.suffix,
        kind=facet.kind,
        geometry=geometry,
        name=name_of(tags),
        attributes=facet.attributes,
        provenance=facet.provenance,
        tags=tags,
        relations=relations,
    )


def _things(external_id: str, found: list[Facet], geometry: bytes, tags: dict[str, str]) -> Iterator[SourceObject]:
    """Yield one object's facets; a service is related to the building that it fills."""
    at = (("at", external_id),) if found[0].kind == "building" else ()
    for facet in found:
        yield _thing(external_id, facet, geometry, tags, at if facet.suffix else ())


def _present_part(way: Any) -> bytes | None:
    """Return the line through those nodes of the way that are in the file, if there are two."""
    stops = _stops(way)
    return line_wkb(stops) if len({stop.node for stop in stops}) > 1 else None


def _stops(way: Any) -> list[Stop]:
    """Return the way's nodes that are in the file; at the edge of an extract the rest is left out."""
    return [Stop(node.ref, node.lon, node.lat) for node in way.nodes if node.location.valid()]


def _simplest(multipolygon: bytes) -> bytes:
    """Return a multipolygon (WKB, little-endian) of one part as that polygon."""
    return multipolygon[9:] if int.from_bytes(multipolygon[5:9], "little") == 1 else multipolygon


def _rejected(external_id: str, reason: str) -> Rejected:
    return Rejected(external_id, reason, external_id)
