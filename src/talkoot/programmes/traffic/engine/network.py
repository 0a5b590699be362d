"""Road networks as arrays: links with their delay functions, zones with their centroids, turns that are not allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.delay import BPR, CONICAL, integral, times
from talkoot.programmes.traffic.engine.trees import Graph

NAMED: Final = 5  # how many of those that are wrong an error names

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


class NetworkError(ValueError):
    """Something about a network or its trips is wrong: what (`field`), where, and how to mend it."""

    def __init__(self, field_name: str, problem: str, fix: str) -> None:
        super().__init__(f"{field_name}: {problem} {fix}")
        self.field, self.problem, self.fix = field_name, problem, fix


@dataclass(frozen=True)
class Network:
    """A road network; raises NetworkError, naming the links, where it makes no sense.

    Parameters
    ----------
    tail, head : array_like of int, shape (links,)
        Where each link begins and ends: numbers of nodes, from 0.
    capacity : array_like, shape (links,)
        Passenger car units an hour; more than 0.
    free_flow_time : array_like, shape (links,)
        Minutes without any other traffic; 0 is allowed.
    b, power : array_like, shape (links,)
        B and p of the BPR function; of a conical one `power` is its a, more than 1.
    length, toll : array_like, shape (links,)
        As whoever gives weights to them counts.
    kind : array_like of int, shape (links,), optional
        BPR (unless given) or CONICAL.
    centroids : array_like of int, shape (zones,)
        The node of each zone.
    passed : array_like of bool, shape (nodes,)
        Whether paths lead through a node.
    banned_turns : array_like of int, shape (turns, 2), optional
        From which link into which one nobody may turn.
    """

    tail: Integers
    head: Integers
    capacity: Floats
    free_flow_time: Floats
    b: Floats
    power: Floats
    length: Floats
    toll: Floats
    centroids: Integers
    passed: NDArray[np.bool_]
    kind: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    banned_turns: Integers = field(default_factory=lambda: np.empty((0, 2), np.int32))

    def __post_init__(self) -> None:
        kind = self.kind if len(self.kind) else np.full(len(self.tail), BPR)
        for name, value, type_ in (
            *((name, getattr(self, name), np.int32) for name in ("tail", "head", "centroids")),
            *((name, getattr(self, name), np.float64) for name in AMOUNTS),
            ("passed", self.passed, np.bool_),
            ("kind", kind, np.int8),
            ("banned_turns", np.reshape(self.banned_turns, (-1, 2)), np.int32),
        ):
            object.__setattr__(self, name, np.ascontiguousarray(value, type_))
        _check(self)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.passed)

    @property
    def links(self) -> int:
        """How many links there are."""
        return len(self.tail)

    @property
    def zones(self) -> int:
        """How many zones there are."""
        return len(self.centroids)

    @cached_property
    def graph(self) -> Graph:
        """The network as arcs; a node with banned turns is one for each link that leads to it."""
        tail, head, passed, link = self.tail, self.head, self.passed, np.arange(self.links, dtype=np.int32)
        if len(self.banned_turns):
            tail, head, passed, link = _unfolded(self)
        order = np.argsort(tail, kind="stable")
        first = np.searchsorted(tail[order], np.arange(len(passed) + 1)).astype(np.int32)
        return Graph(first, tail[order], head[order], link[order], passed)

    def beckmann(self, flow: Floats, system: bool = False) -> float:
        """Return the sum over links of the time's integral from 0 to `flow`, or with `system` of flow times time.

        Beckmann, McGuire, Winsten (1956): the equilibrium is where it is least.
        """
        if system:
            return float(np.sum(flow * self.time(flow)))
        x = flow / self.capacity
        return float(np.sum(self.capacity * integral(self.kind, self.free_flow_time, self.b, self.power, x)))

    def time(self, flow: Floats) -> Floats:
        """Return the minutes on each link at these flows."""
        return times(self.kind, self.free_flow_time, self.b, self.power, flow / self.capacity)


AMOUNTS: Final = ("capacity", "free_flow_time", "b", "power", "length", "toll")


def _check(network: Network) -> None:
    links = network.links
    for name in ("head", "kind", *AMOUNTS):
        if len(getattr(network, name)) != links:
            raise NetworkError(name, f"there are {len(getattr(network, name))} for {links} links.", "Give one a link.")
    if not links or not network.zones:
        raise NetworkError("network", "there are no links or no zones.", "Give at least one of each.")
    for name in ("tail", "head"):
        ends = getattr(network, name)
        _refuse(
            network, name, (ends < 0) | (ends >= network.nodes), "is no node", f"Nodes are 0 to {network.nodes - 1}."
        )
    _refuse(network, "head", network.tail == network.head, "is where the link begins", "Leave such links out.")
    for name in AMOUNTS:
        value = getattr(network, name)
        _refuse(network, name, ~np.isfinite(value), "is no finite number", "Give a number.")
        _refuse(network, name, value < 0, "is negative", "Give 0 or more.")
    _refuse(network, "capacity", network.capacity == 0, "is 0", "Give more than 0, or leave a closed link out.")
    unknown = (network.kind != BPR) & (network.kind != CONICAL)
    _refuse(network, "kind", unknown, "is no delay function", f"Give {BPR} (BPR) or {CONICAL} (conical).")
    flat = (network.kind == CONICAL) & (network.power <= 1)
    _refuse(network, "power", flat, "makes the conical function fall", "Give more than 1.")
    steep = (network.kind == BPR) & (network.power > 0) & (network.power < 1) & (network.b > 0)
    _refuse(network, "power", steep, "makes the time jump up at once", "Give 1 or more, or 0 for a time that is fixed.")
    pairs = network.tail.astype(np.int64) * network.nodes + network.head
    _, at, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    _refuse(network, "head", counts[at] > 1, "is that of another link with the same beginning", "Join such links.")
    _check_places(network)


def _check_places(network: Network) -> None:
    centroids, turns = network.centroids, network.banned_turns
    if (centroids < 0).any() or (centroids >= network.nodes).any():
        raise NetworkError("centroids", "a zone's node is none of the network.", f"Nodes are 0 to {network.nodes - 1}.")
    if len(np.unique(centroids)) < len(centroids):
        raise NetworkError("centroids", "two zones have the same node.", "Give each zone a node of its own.")
    if len(turns) and ((turns < 0).any() or (turns >= network.links).any()):
        raise NetworkError("banned_turns", "a turn is of a link that is none.", f"Links are 0 to {network.links - 1}.")
    if len(turns) and np.isin(network.head[turns[:, 0]], centroids).any():
        raise NetworkError(
            "banned_turns", "a zone's own node has one.", "Join the zone to the road by a link of its own."
        )
    if len(turns) and (apart := network.head[turns[:, 0]] != network.tail[turns[:, 1]]).any():
        first = turns[apart][0]
        raise NetworkError(
            "banned_turns", f"link {first[1]} does not begin where link {first[0]} ends.", "Mend the pair."
        )


def _refuse(network: Network, name: str, wrong: NDArray[np.bool_], what: str, fix: str) -> None:
    at = np.flatnonzero(wrong)
    if not len(at):
        return
    named = (f"{k + 1} ({network.tail[k] + 1} to {network.head[k] + 1})" for k in at[:NAMED].tolist())
    more = f" and {len(at) - NAMED} more" if len(at) > NAMED else ""
    raise NetworkError(name, f"{what} at link {', '.join(named)}{more}.", fix)


def _unfolded(network: Network) -> tuple[Integers, Integers, NDArray[np.bool_], Integers]:
    """Return tail, head, passed and link of arcs that know of banned turns: such a node is one for each way into it."""
    split = np.unique(network.head[network.banned_turns[:, 0]]).tolist()
    banned = set(map(tuple, network.banned_turns.tolist()))
    ends = network.head.copy()
    ways_in = {node: np.flatnonzero(network.head == node) for node in split}
    passed = network.passed
    for node in split:
        ends[ways_in[node]] = len(passed) + np.arange(len(ways_in[node]))
        passed = np.append(passed, np.full(len(ways_in[node]), network.passed[node]))
    link = np.flatnonzero(~np.isin(network.tail, split))
    tails, links = [network.tail[link]], [link]
    for node in split:
        for way_out in np.flatnonzero(network.tail == node).tolist():
            allowed = [way_in for way_in in ways_in[node].tolist() if (way_in, way_out) not in banned]
            tails.append(ends[allowed])
            links.append(np.full(len(allowed), way_out))
    taken: Integers = np.concatenate(links).astype(np.int32)
    return np.concatenate(tails).astype(np.int32), ends[taken], passed, taken
