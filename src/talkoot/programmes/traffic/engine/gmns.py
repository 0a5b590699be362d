"""Reads and writes networks in GMNS, the General Modeling Network Specification (Zephyr Foundation, version 0.96).

A folder or a zip with node.csv and link.csv and, where they are there, config.csv and movement.csv.

- Units are those of config.csv (long_length, speed), else kilometres and km/h. Capacity is of one lane and hour.
- Links with `directed` false are two. Links that `allowed_uses` keeps cars off are not read.
- Nodes of the type centroid are zones, which no path leads through. Where there are none, each zone_id is a zone: at
  its node, or where it has several, at a node of its own that is joined to these.
- At a node that movement.csv speaks of, what is not listed is not allowed. Penalties are refused.
- Beyond the specification, vdf_alpha and vdf_beta are B and p of the BPR function (else 0.15 and 4), vdf_fftt is the
  minutes without traffic (else length by free_speed), and vdf_kind is bpr or conical.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.delay import BPR, CONICAL
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.tables import Row, Tables

KILOMETRES: Final = {
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), 1.0),
    **dict.fromkeys(("mi", "mile", "miles"), 1.609344),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 0.001),
    **dict.fromkeys(("ft", "foot", "feet"), 0.0003048),
}
KILOMETRES_AN_HOUR: Final = {
    **dict.fromkeys(("km/h", "kmh", "kph", "km/hr"), 1.0),
    **dict.fromkeys(("mph", "mi/h", "mi/hr", "miles per hour"), 1.609344),
    **dict.fromkeys(("m/s", "mps"), 3.6),
}
CARS: Final = frozenset({"auto", "car", "all", "motor", "vehicle", "motor_vehicle", "sov", "hov", "truck"})
CENTROID: Final = "centroid"
KINDS: Final = {"bpr": BPR, "conical": CONICAL}
TRUTHS: Final = {**dict.fromkeys(("1", "true", "t", "yes"), True), **dict.fromkeys(("0", "false", "f", "no"), False)}
ALPHA: Final = 0.15
BETA: Final = 4.0
FREE: Final = 1e6  # vehicles an hour between a zone and its nodes


@dataclass(frozen=True)
class Gmns:
    """A network with the identifiers that its files give nodes, zones (in the order of centroids) and links.

    Links of `link_ids` are "" where they only join a zone to its nodes. `points` are the nodes' x and y, shape
    (nodes, 2), NaN where there are none.
    """

    network: Network
    node_ids: list[str]
    zone_ids: list[str]
    link_ids: list[str]
    points: NDArray[np.float64]


@dataclass
class _Columns:
    """Links on their way to arrays."""

    ids: list[str] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    amounts: list[tuple[float, ...]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)

    def add(self, id_: str, ends: tuple[int, int], amounts: tuple[float, ...], kind: int = BPR) -> None:
        """Add a link: capacity, minutes, B, p, kilometres, toll."""
        self.ids.append(id_)
        self.ends.append(ends)
        self.amounts.append(amounts)
        self.kinds.append(kind)


def read_gmns(path: Path) -> Gmns:
    """Read a network from a folder or a zip.

    Raises NetworkError naming file, line and field, OSError.
    """
    with Tables(path) as tables:
        config = next(iter(tables.rows("config.csv")), None) if "config.csv" in tables else None
        units = _unit(config, "long_length", KILOMETRES), _unit(config, "speed", KILOMETRES_AN_HOUR)
        nodes, zone_of, centroids, points = _nodes(tables)
        columns = _links(tables, nodes, units)
        banned = _banned(tables, nodes, columns) if "movement.csv" in tables else []
    zone_ids, zones, joined = _zones(path, zone_of, centroids, len(nodes))
    for zone, node in joined:
        for ends in ((zone, node), (node, zone)):
            columns.add("", ends, (FREE, 0.0, 0.0, 0.0, 0.0, 0.0))
    added = len(zones) if joined else 0
    places = np.full((len(nodes) + added, 2), np.nan)
    places[: len(nodes)] = points
    for zone in {zone for zone, _ in joined}:
        places[zone] = np.mean([places[node] for own, node in joined if own == zone], axis=0)
    passed = np.ones(len(places), bool)
    passed[len(nodes) :] = False
    passed[sorted(centroids)] = False
    tail, head = np.array(columns.ends).T
    capacity, minutes, b, power, length, toll = np.array(columns.amounts).T
    return Gmns(
        network=Network(
            tail=tail,
            head=head,
            capacity=capacity,
            free_flow_time=minutes,
            b=b,
            power=power,
            length=length,
            toll=toll,
            centroids=np.array(zones),
            passed=passed,
            kind=np.array(columns.kinds),
            banned_turns=np.array(banned).reshape(-1, 2),
        ),
        node_ids=[*nodes, *(f"zone {zone_ids[at]}" for at in range(added))],
        zone_ids=zone_ids,
        link_ids=columns.ids,
        points=places,
    )


def _unit(config: Row | None, name: str, known: Mapping[str, float]) -> float:
    if config is None or not (said := config.text(name).lower()):
        return 1.0
    if said not in known:
        raise config.error(name, f"{said!r} is no unit that is known here.", f"Use one of: {', '.join(known)}.")
    return known[said]


def _nodes(tables: Tables) -> tuple[dict[str, int], dict[int, str], set[int], list[tuple[float, float]]]:
    """Return nodes by identifier, the zone of those that have one, which are centroids, and all places."""
    nodes: dict[str, int] = {}
    zone_of: dict[int, str] = {}
    centroids: set[int] = set()
    points = []
    for row in tables.rows("node.csv", needs=("node_id",)):
        id_ = row.need("node_id")
        if id_ in nodes:
            raise row.error("node_id", f"{id_!r} is a node already.", "Give each node an identifier of its own.")
        number = nodes[id_] = len(nodes)
        points.append((row.number("x_coord", np.nan, least=-np.inf), row.number("y_coord", np.nan, least=-np.inf)))
        if row.text("node_type").lower() == CENTROID:
            centroids.add(number)
        if zone := row.text("zone_id") or (id_ if number in centroids else ""):
            zone_of[number] = zone
    return nodes, zone_of, centroids, points


def _zones(
    path: Path, zone_of: Mapping[int, str], centroids: set[int], nodes: int
) -> tuple[list[str], list[int], list[tuple[int, int]]]:
    """Return zones' identifiers and nodes, and which zone's node is to be joined to which node."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for node, zone in zone_of.items():
        if not centroids or node in centroids:
            members[zone].append(node)
    if not members:
        raise NetworkError(f"{path.name}/node.csv", "no node has a zone_id.", "Say in which zone trips begin and end.")
    zone_ids = sorted(members, key=lambda zone: (not zone.isdecimal(), int(zone) if zone.isdecimal() else 0, zone))
    if all(len(members[zone]) == 1 for zone in zone_ids):
        return zone_ids, [members[zone][0] for zone in zone_ids], []
    own = [nodes + at for at in range(len(zone_ids))]
    return zone_ids, own, [(number, node) for number, zone in zip(own, zone_ids, strict=True) for node in members[zone]]


def _links(tables: Tables, nodes: Mapping[str, int], units: tuple[float, float]) -> _Columns:
    columns = _Columns()
    seen: dict[tuple[int, int], int] = {}
    ids: set[str] = set()
    for row in tables.rows("link.csv", needs=("link_id", "from_node_id", "to_node_id")):
        if not _for_cars(row):
            continue
        id_ = row.need("link_id")
        if id_ in ids:
            raise row.error("link_id", f"{id_!r} is a link already.", "Give each link an identifier of its own.")
        ids.add(id_)
        ends = _node(row, "from_node_id", nodes), _node(row, "to_node_id", nodes)
        if ends[0] == ends[1]:
            raise row.error("to_node_id", "it is where the link begins.", "Leave such links out.")
        amounts, kind = _amounts(row, *units)
        directed = row.text("directed").lower() or "true"
        if directed not in TRUTHS:
            raise row.error("directed", f"{directed!r} is neither true nor false.", "Give true or false.")
        for way in [ends] if TRUTHS[directed] else [ends, (ends[1], ends[0])]:
            if way in seen:
                raise row.error("to_node_id", f"the link in line {seen[way]} has the same ends.", "Join such links.")
            seen[way] = row.line
            columns.add(id_, way, amounts, kind)
    if not columns.ids:
        raise NetworkError("link.csv", "there is no link that cars may use.", "Give at least one.")
    return columns


def _for_cars(row: Row) -> bool:
    uses = {use.strip() for use in row.text("allowed_uses").lower().replace(";", ",").split(",")} - {""}
    return not uses or bool(uses & CARS)


def _node(row: Row, name: str, nodes: Mapping[str, int]) -> int:
    id_ = row.need(name)
    if id_ not in nodes:
        raise row.error(name, f"there is no node {id_!r} in node.csv.", "Add the node, or name one that is there.")
    return nodes[id_]


def _amounts(row: Row, kilometres: float, kilometres_an_hour: float) -> tuple[tuple[float, ...], int]:
    """Return capacity, minutes, B, p, length and toll of a link, and which delay function it has."""
    lanes = row.number("lanes", 1.0)
    capacity = row.number("capacity") * lanes
    if capacity <= 0:
        name = "lanes" if lanes <= 0 else "capacity"
        raise row.error(name, "the link carries nothing.", "Give more than 0, or leave a closed link out.")
    length = row.number("length", 0.0 if row.text("vdf_fftt") else None) * kilometres
    if row.text("vdf_fftt"):
        minutes = row.number("vdf_fftt")
    else:
        speed = row.number("free_speed") * kilometres_an_hour
        if speed <= 0:
            raise row.error("free_speed", "nobody moves at 0.", "Give more than 0, or leave a closed link out.")
        minutes = length / speed * 60.0
    said = row.text("vdf_kind").lower() or "bpr"
    if said not in KINDS:
        raise row.error("vdf_kind", f"{said!r} is no delay function.", f"Use one of: {', '.join(KINDS)}.")
    b, power = row.number("vdf_alpha", ALPHA), row.number("vdf_beta", BETA)
    if KINDS[said] == CONICAL and power <= 1.0:
        raise row.error("vdf_beta", "it makes the conical function fall.", "Give more than 1.")
    if KINDS[said] == BPR and b > 0.0 and 0.0 < power < 1.0:
        raise row.error("vdf_beta", "it makes the time jump up at once.", "Give 1 or more, or 0 for a fixed time.")
    return (capacity, minutes, b, power, length, row.number("toll", 0.0)), KINDS[said]


def _banned(tables: Tables, nodes: Mapping[str, int], columns: _Columns) -> list[tuple[int, int]]:
    """Return the turns that are not listed at nodes of which some are."""
    by_id: defaultdict[str, list[int]] = defaultdict(list)
    leads_in, leads_out = defaultdict(list), defaultdict(list)
    for link, (id_, (tail, head)) in enumerate(zip(columns.ids, columns.ends, strict=True)):
        by_id[id_].append(link)
        leads_out[tail].append(link)
        leads_in[head].append(link)
    listed: set[int] = set()
    allowed: set[tuple[int, int]] = set()
    for row in tables.rows("movement.csv", needs=("node_id", "ib_link_id", "ob_link_id")):
        node = _node(row, "node_id", nodes)
        if row.number("penalty", 0.0) > 0.0:
            raise row.error("penalty", "time that turns take is not counted here.", "Leave it empty.")
        listed.add(node)
        if not _for_cars(row):
            continue
        ways = []
        for name, there in (("ib_link_id", leads_in[node]), ("ob_link_id", leads_out[node])):
            id_ = row.need(name)
            found = [link for link in by_id[id_] if link in there]
            if not found:
                says = f"there is no link {id_!r} for cars at node {row.text('node_id')!r}."
                raise row.error(name, says, "Name one that begins or ends there.")
            ways.append(found[0])
        allowed.add((ways[0], ways[1]))
    return [
        (way_in, way_out)
        for node in sorted(listed)
        for way_in in leads_in[node]
        for way_out in leads_out[node]
        if (way_in, way_out) not in allowed
    ]


def write_gmns(read: Gmns, folder: Path) -> None:
    """Write a network to a folder, which is made where it is missing; reading it gives the same again. Raises OSError.

    Zones become nodes of the type centroid where no path leads through them. Links and zones need identifiers.
    """
    network, ids = read.network, read.node_ids
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "config.csv", [("long_length", "speed", "version_number"), ("km", "km/h", "0.96")])
    zone_at = dict(zip(network.centroids.tolist(), read.zone_ids, strict=True))
    closed = bool((~network.passed[network.centroids]).all())
    nodes: list[tuple[object, ...]] = [("node_id", "x_coord", "y_coord", "node_type", "zone_id")]
    for number, (id_, place) in enumerate(zip(ids, read.points.tolist(), strict=True)):
        x, y = ("" if np.isnan(value) else repr(value) for value in place)
        nodes.append((id_, x, y, CENTROID if closed and number in zone_at else "", zone_at.get(number, "")))
    _write(folder / "node.csv", nodes)
    link_ids = [id_ or f"zone-{number}" for number, id_ in enumerate(_unlike(read.link_ids))]
    _write(folder / "link.csv", [LINK_FIELDS, *_link_rows(network, ids, link_ids)])
    if len(network.banned_turns):
        _write(folder / "movement.csv", _movements(network, ids, link_ids))


LINK_FIELDS: Final = (
    *("link_id", "from_node_id", "to_node_id", "directed", "length", "free_speed", "capacity", "lanes", "toll"),
    *("vdf_fftt", "vdf_alpha", "vdf_beta", "vdf_kind"),
)


def _unlike(ids: list[str]) -> list[str]:
    """Return identifiers none of which is twice: an undirected link's second direction gets one of its own."""
    seen: set[str] = set()
    made = []
    for id_ in ids:
        made.append(f"{id_} back" if id_ in seen and id_ else id_)
        seen.add(id_)
    return made


def _link_rows(network: Network, ids: list[str], link_ids: list[str]) -> list[tuple[object, ...]]:
    said = {kind: name for name, kind in KINDS.items()}
    columns = (network.length, network.capacity, network.toll, network.free_flow_time, network.b, network.power)
    rows: list[tuple[object, ...]] = []
    for number, (length, capacity, toll, minutes, b, power) in enumerate(np.column_stack(columns).tolist()):
        ends = ids[network.tail[number]], ids[network.head[number]]
        speed = length / minutes * 60.0 if minutes > 0.0 and length > 0.0 else ""
        kind = said[int(network.kind[number])]
        rows.append(
            (link_ids[number], *ends, "true", length, speed, capacity, 1, toll, minutes, b, power, kind)
        )  # fmt: skip
    return rows


def _movements(network: Network, ids: list[str], link_ids: list[str]) -> list[tuple[object, ...]]:
    """Return all turns at the nodes at which one is banned, and for whom they are."""
    banned = set(map(tuple, network.banned_turns.tolist()))
    rows: list[tuple[object, ...]] = [("mvmt_id", "node_id", "ib_link_id", "ob_link_id", "allowed_uses")]
    for node in np.unique(network.head[network.banned_turns[:, 0]]).tolist():
        for way_in in np.flatnonzero(network.head == node).tolist():
            for way_out in np.flatnonzero(network.tail == node).tolist():
                uses = "none" if (way_in, way_out) in banned else "all"
                rows.append((len(rows), ids[node], link_ids[way_in], link_ids[way_out], uses))
    return rows


def _write(path: Path, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
