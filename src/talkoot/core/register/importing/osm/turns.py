"""Turn restrictions of OpenStreetMap: which link may not be followed by which, over which junction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from talkoot.core.register.importing.osm.roads import junction_id
from talkoot.core.register.importing.osm.shapes import Stop, point_wkb
from talkoot.core.register.importing.osm.values import Tags
from talkoot.core.register.importing.records import Rejected, SourceObject
from talkoot.core.register.kinds import TURNS


@dataclass(frozen=True, slots=True)
class LinkEnds:
    """A link's external identifier and its two end stops."""

    external_id: str
    first: Stop
    last: Stop

    def at(self, node: int) -> Stop | None:
        """Return the end that is at `node`, or None."""
        return self.first if self.first.node == node else self.last if self.last.node == node else None


@dataclass(slots=True)
class TurnBook:
    """The links of those ways that turn restrictions speak of; other ways are not kept."""

    ways: set[int] = field(default_factory=set)
    links: defaultdict[int, list[LinkEnds]] = field(default_factory=lambda: defaultdict(list))

    def note(self, way: int, external_id: str, first: Stop, last: Stop) -> None:
        """Remember a link if a restriction speaks of its way."""
        if way in self.ways:
            self.links[way].append(LinkEnds(external_id, first, last))

    def touching(self, way: int, nodes: set[int]) -> list[tuple[LinkEnds, Stop]]:
        """Return the links of `way` that end at one of `nodes`, each with the end that does."""
        return [
            (link, stop) for link in self.links.get(way, ()) for node in nodes if (stop := link.at(node)) is not None
        ]


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a restriction by role."""

    from_ways: tuple[int, ...]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]

    @classmethod
    def of(cls, members: Any) -> Members:
        """Sort a relation's members, (type, ref, role) each, by role."""
        by_role: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for member in members:
            by_role[member.role, member.type].append(member.ref)
        return cls(
            from_ways=tuple(by_role["from", "w"]),
            via_nodes=tuple(by_role["via", "n"]),
            via_ways=tuple(by_role["via", "w"]),
            to_ways=tuple(by_role["to", "w"]),
        )

    @property
    def ways(self) -> tuple[int, ...]:
        """All ways spoken of."""
        return (*self.from_ways, *self.via_ways, *self.to_ways)


def is_restriction(tags: Tags) -> bool:
    """Tell whether the tags are those of a turn restriction."""
    return tags.get("type", "").partition(":")[0] == "restriction"


def restriction_of(relation: int, tags: Tags, members: Members, book: TurnBook) -> SourceObject | Rejected:
    """Return a turn restriction with its relations to links and junctions, or why it makes none."""
    row = f"relation/{relation}"
    attributes = _describe(tags)
    if "restriction" not in attributes:
        said = tags.get("restriction", "")[:80]
        known = ", ".join(TURNS)
        reason = _("The restriction says {said!r}, which is none of {known}.").format(said=said, known=known)
        return Rejected(row, reason, row)
    nodes = set(members.via_nodes) or _shared_nodes(members, book)
    entering = [end for way in members.from_ways for end in book.touching(way, nodes)]
    leaving = [end for way in members.to_ways for end in book.touching(way, nodes)]
    if not entering or not leaving:
        reason = _("The roads it leads from and to do not both meet at its via in this file.")
        return Rejected(row, reason, row)
    relations = [("from", link.external_id) for link, _ in entering]
    relations += [("via", junction_id(node)) for node in members.via_nodes]
    relations += [("via", link.external_id) for way in members.via_ways for link in book.links.get(way, ())]
    relations += [("to", link.external_id) for link, _ in leaving]
    place = entering[0][1]
    return SourceObject(
        external_id=row,
        kind="turn_restriction",
        geometry=point_wkb(place.lon, place.lat),
        attributes=attributes,
        tags=dict(tags),
        relations=tuple(dict.fromkeys(relations)),
    )


def _describe(tags: Tags) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    said = tags.get("restriction", "")
    if not said and (conditional := tags.get("restriction:conditional")):
        said, _, condition = (part.strip() for part in conditional.partition("@"))
        attributes["condition"] = condition[:200]
    if said in TURNS:
        attributes["restriction"] = said
    if exceptions := tags.get("except"):
        attributes["exceptions"] = exceptions[:200]
    return attributes


def _shared_nodes(members: Members, book: TurnBook) -> set[int]:
    """Return the end nodes of the via ways: there the from and to roads meet them."""
    return {
        stop.node for way in members.via_ways for link in book.links.get(way, ()) for stop in (link.first, link.last)
    }
