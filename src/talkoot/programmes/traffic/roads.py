"""The register's roads as a network to assign traffic to: streets, zones joined to them, and ways out of the city.

The register holds a piece of the world. Main roads that end at its edge lead on: their ends are gateways, zones at
which traffic enters and leaves. What no trip can use, as it cannot be reached or left, is left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.spatial import cKDTree

from talkoot.core.base.errors import NotFoundError
from talkoot.core.register.metres import to_metres
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.road_classes import ASSUMED, MAIN, NO_DOORS, RoadClass
from talkoot.programmes.traffic.streets import Streets, read_streets
from talkoot.programmes.traffic.zones import Zones

DOORS: Final = 4  # nodes that a zone is joined to, at most
AROUND_M: Final = 100.0  # farther than the nearest one
CONNECTOR_KMH: Final = 20.0
CONNECTOR_CAPACITY: Final = 1e6  # no queue stands on them
EDGE_M: Final = 100.0  # a road that ends so near to the edge of all roads is cut there
EDGE_SHARE: Final = 0.05  # of the smaller side of their box, if that is more
TOGETHER_M: Final = 60.0  # the carriageways of one road are not farther apart

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Roads:
    """A network of the register's roads, with what the engine does not need to know of its links.

    Attributes
    ----------
    network : Network
        Minutes, vehicles an hour, kilometres; its centroids are the zones, in their order.
    uids : list of str
        The road link that each link runs on, "" for connectors.
    geometries : ndarray of shapely lines, shape (links,)
        In degrees, drawn in the direction of the link.
    length_m, speed_kmh, capacity : ndarray, shape (links,)
        As in the register, or assumed by class.
    zone_uids : list of str
        The zones, as they were given.
    is_connector : ndarray of bool, shape (links,)
        Whether a link only joins a zone or sets parallel roads apart.
    left_out, assumptions : dict
        Counts: what is not in the network and why; what was assumed.
    digests : dict
        What it was made of, for the inputs of a run.
    """

    network: Network
    uids: list[str]
    geometries: NDArray[np.object_]
    length_m: Floats
    speed_kmh: Floats
    capacity: Floats
    zone_uids: list[str]
    is_connector: NDArray[np.bool_]
    left_out: dict[str, int]
    assumptions: dict[str, int]
    digests: dict[str, str]


class Gateways(NamedTuple):
    """Zones where main roads lead out: points in degrees, capacities in vehicles an hour."""

    uids: list[str]
    names: list[str]
    points: Floats
    inbound: Floats
    outbound: Floats


def gateways() -> Gateways:
    """Return the gateways of the register's roads."""
    streets = read_streets()
    made = [_gateway(streets, nodes) for nodes in _parts(streets).ways_out]
    return Gateways(
        [one[0] for one in made],
        [one[1] for one in made],
        np.array([streets.points[one[2]] for one in made]).reshape(-1, 2),
        np.array([one[3] for one in made]),
        np.array([one[4] for one in made]),
    )


def read_roads(zones: Zones, *, classes: Mapping[str, RoadClass] = ASSUMED) -> Roads:
    """Make a network of the register's roads and join zones to it.

    Parameters
    ----------
    zones : Zones
        Where trips begin and end. A gateway is joined to the ends of the roads that are cut there.
    classes : mapping of str to RoadClass
        What is assumed of roads by class.

    Raises
    ------
    NotFoundError
        Where the register has no roads that lead anywhere, or there are no zones.
    """
    streets = read_streets(classes)
    parts = _parts(streets)
    links = np.flatnonzero(parts.usable[streets.tail] & parts.usable[streets.head])
    if not len(links) or not len(zones):
        raise NotFoundError(_("There are no zones, or no roads between any two places. Import some first."))
    left_out = dict(streets.left_out)
    if gone := len(np.unique(streets.road)) - len(np.unique(streets.road[links])):
        left_out["unconnected"] = gone
    return _built(streets, zones, links, _doors(streets, parts, zones), left_out)


class _Parts(NamedTuple):
    """Which nodes all reach each other, which ones trips can use, and the nodes of each gateway."""

    core: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    ways_out: list[Integers]


class _Doors(NamedTuple):
    """Where zones meet the streets: zone, node, metres between them, and whether one leaves and enters there."""

    zone: Integers
    node: Integers
    metres: Floats
    leaves: NDArray[np.bool_]
    enters: NDArray[np.bool_]


def _parts(streets: Streets) -> _Parts:
    cut = _cut_nodes(streets)
    core, usable = _connected(streets, cut)
    cut = cut[usable[cut]]
    groups = _gathered(streets.metres[cut])
    return _Parts(core, usable, [cut[groups == number] for number in range(groups.max(initial=-1) + 1)])


def _cut_nodes(streets: Streets) -> Integers:
    """Return the nodes at which main roads end at the edge of all roads."""
    if not len(streets.tail):
        return np.empty(0, np.int64)
    both = [np.column_stack([end, streets.road]) for end in (streets.tail, streets.head)]
    ends = np.unique(np.concatenate(both), axis=0)
    degree = np.bincount(ends[:, 0], minlength=len(streets.points))
    is_main = np.array([name in MAIN for name in streets.road_class], bool)
    cut = ends[is_main[ends[:, 1]] & (degree[ends[:, 0]] == 1), 0]
    edge = shapely.boundary(shapely.convex_hull(shapely.multipoints(streets.metres)))
    reach = max(EDGE_M, EDGE_SHARE * float(np.ptp(streets.metres, axis=0).min()))
    near = shapely.distance(edge, shapely.points(streets.metres[cut])) <= reach
    return np.asarray(cut[near], np.int64)


def _gathered(places: Floats) -> Integers:
    """Return the group of each place: those near each other are one, as the two carriageways of a road are."""
    if not len(places):
        return np.empty(0, np.int64)
    pairs = cKDTree(places).query_pairs(TOGETHER_M, output_type="ndarray")
    near = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places)))
    return np.asarray(connected_components(near, directed=False)[1], np.int64)


def _gateway(streets: Streets, nodes: Integers) -> tuple[str, str, int, float, float]:
    """Return uid, name, node, and capacities into the city and out of it, of the gateway at some nodes."""
    into, out = np.isin(streets.tail, nodes), np.isin(streets.head, nodes)
    roads = np.unique(streets.road[into | out])
    called = [str(name) for name in streets.names[roads] if name]
    name = max(called, key=called.count) if called else _("Road out of the city")
    inbound, outbound = (float(streets.capacity[ways].sum()) for ways in (into, out))
    return _uid(streets, nodes), name, int(nodes[0]), inbound, outbound


def _uid(streets: Streets, nodes: Integers) -> str:
    """Return a gateway's identifier: that of its first road, so that it stays the same while the road does."""
    there = np.isin(streets.tail, nodes) | np.isin(streets.head, nodes)
    return f"gateway/{min(streets.uids[streets.road[there]])}"


def _connected(streets: Streets, cut: Integers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which nodes all reach each other, and which ones trips can use: also those between a cut and the former."""
    count = len(streets.points)
    if not len(streets.tail):
        return np.zeros(count, bool), np.zeros(count, bool)
    parts = connected_components(_graph(streets.tail, streets.head, count), connection="strong")[1]
    core = parts == np.argmax(np.bincount(parts))
    inside = int(np.flatnonzero(core)[0])
    usable = core.copy()
    for tail, head in ((streets.tail, streets.head), (streets.head, streets.tail)):
        from_cut = _reached(_graph(np.append(tail, np.full(len(cut), count)), np.append(head, cut), count + 1), count)
        usable |= from_cut[:count] & _reached(_graph(head, tail, count), inside)
    return core, usable


def _graph(tail: Integers, head: Integers, nodes: int) -> csr_array:
    return csr_array((np.ones(len(tail)), (tail, head)), shape=(nodes, nodes))


def _reached(graph: csr_array, start: int) -> NDArray[np.bool_]:
    """Tell which nodes a path leads to."""
    found = np.zeros(graph.shape[0], bool)
    found[breadth_first_order(graph, start, return_predecessors=False)] = True
    return found


def _doors(streets: Streets, parts: _Parts, zones: Zones) -> _Doors:
    """Join each zone to the nearest nodes, and each gateway to those that are its own."""
    own = {_uid(streets, nodes): nodes for nodes in parts.ways_out}
    joined = [(zone, own[uid]) for zone, uid in enumerate(zones.uids) if uid in own]
    others = np.array([zone for zone, uid in enumerate(zones.uids) if uid not in own], np.int64)
    places = shapely.get_coordinates(to_metres(shapely.points(zones.points))).reshape(-1, 2)
    near_zone, near_node, metres = _nearest(streets, parts.core, places[others])
    zone = np.concatenate([others[near_zone], *(np.full(len(nodes), zone) for zone, nodes in joined)])
    node = np.concatenate([near_node, *(nodes for _, nodes in joined)])
    is_gateway = np.arange(len(node)) >= len(near_node)
    return _Doors(
        zone,
        node,
        np.concatenate([metres, np.zeros(len(node) - len(metres))]),
        ~is_gateway | np.isin(node, streets.tail),
        ~is_gateway | np.isin(node, streets.head),
    )


def _nearest(streets: Streets, core: NDArray[np.bool_], places: Floats) -> tuple[Integers, Integers, Floats]:
    """Return place, node and metres: for each place the nearest nodes at which trips may begin, little apart."""
    with_doors = np.array([name not in NO_DOORS for name in streets.road_class], bool)[streets.road]
    open_nodes = np.zeros(len(core), bool)
    open_nodes[streets.tail[with_doors]] = True
    nodes = np.flatnonzero(core & open_nodes) if (core & open_nodes).any() else np.flatnonzero(core)
    count = min(DOORS, len(nodes))
    near = cKDTree(streets.metres[nodes]).query(places, k=np.arange(1, count + 1))
    far, found = np.asarray(near[0], np.float64), np.asarray(near[1], np.int64)
    place, at = np.nonzero(far <= far[:, :1] + AROUND_M)
    return place, nodes[found[place, at]], far[place, at]


def _built(streets: Streets, zones: Zones, kept: Integers, doors: _Doors, left_out: dict[str, int]) -> Roads:
    """Put streets, stubs that set parallel links apart, and connectors together; nodes are numbered anew."""
    numbers = np.full(len(streets.points), -1, np.int64)
    used = np.unique(np.concatenate([streets.tail[kept], streets.head[kept]]))
    numbers[used] = len(zones) + np.arange(len(used))
    tail, head = numbers[streets.tail[kept]], numbers[streets.head[kept]]
    nodes = len(zones) + len(used)
    parallel = _parallel(tail, head)
    stub_tail, stub_head = tail[parallel].copy(), nodes + np.arange(len(parallel))
    tail[parallel] = stub_head
    out, into = (np.flatnonzero(ways) for ways in (doors.leaves, doors.enters))
    door_tail = np.concatenate([doors.zone[out], numbers[doors.node[into]]])
    door_head = np.concatenate([numbers[doors.node[out]], doors.zone[into]])
    metres = np.concatenate([np.zeros(len(parallel)), doors.metres[out], doors.metres[into]])
    added = len(metres)
    tail, head = np.concatenate([tail, stub_tail, door_tail]), np.concatenate([head, stub_head, door_head])
    points = np.empty((nodes + len(parallel), 2))
    points[: len(zones)], points[len(zones) : nodes], points[nodes:] = zones.points, streets.points[used], 0.0
    points[stub_head] = points[stub_tail]
    lines = shapely.linestrings(np.stack([points[tail[len(kept) :]], points[head[len(kept) :]]], axis=1))
    length = np.concatenate([streets.length_m[kept], metres])
    speed = np.concatenate([streets.speed_kmh[kept], np.full(added, CONNECTOR_KMH)])
    capacity = np.concatenate([streets.capacity[kept], np.full(added, CONNECTOR_CAPACITY)])
    network = Network(
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        capacity=capacity,
        free_flow_time=length / 1000.0 / speed * 60.0,
        b=np.concatenate([streets.b[kept], np.zeros(added)]),
        power=np.concatenate([streets.power[kept], np.zeros(added)]),
        length=length / 1000.0,
        toll=np.zeros(len(length)),
        centroids=np.arange(len(zones), dtype=np.int32),
        passed=np.arange(len(points)) >= len(zones),
        banned_turns=_turns(streets, kept, parallel),
    )
    return Roads(
        network=network,
        uids=[*streets.uids[streets.road[kept]].tolist(), *[""] * added],
        geometries=np.concatenate([streets.geometries[kept], lines]),
        length_m=length,
        speed_kmh=speed,
        capacity=capacity,
        zone_uids=list(zones.uids),
        is_connector=np.arange(len(length)) >= len(kept),
        left_out=left_out,
        assumptions=dict(streets.assumptions),
        digests={"road_link": streets.digest},
    )


def _parallel(tail: Integers, head: Integers) -> Integers:
    """Return the links that have the same ends as one before."""
    _, first = np.unique(np.column_stack([tail, head]), axis=0, return_index=True)
    return np.setdiff1d(np.arange(len(tail)), first)


def _turns(streets: Streets, kept: Integers, parallel: Integers) -> NDArray[np.int32]:
    """Return the banned turns between links as they are numbered now; a link behind a stub is entered by its stub."""
    number = np.full(len(streets.tail), -1, np.int64)
    number[kept] = np.arange(len(kept))
    entered = number.copy()
    entered[kept[parallel]] = len(kept) + np.arange(len(parallel))
    turns = np.column_stack([number[streets.banned[:, 0]], entered[streets.banned[:, 1]]])
    return turns[(turns >= 0).all(axis=1)].astype(np.int32)
