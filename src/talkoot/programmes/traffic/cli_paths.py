"""What `talkoot traffic assign` writes of links and paths, by the names that the network's files give."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from itertools import pairwise
from typing import Any

import numpy as np

from talkoot.programmes.traffic.engine.equilibrium import Assignment
from talkoot.programmes.traffic.engine.files import NamedNetwork
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.path_flows import PathFlows, path_flows, select_link
from talkoot.programmes.traffic.engine.proportional import proportional as evened


def link_between(named: NamedNetwork, ends: str) -> int:
    """Return the link that `FROM,TO` names; raises NetworkError."""
    names = [name.strip() for name in ends.split(",")]
    if len(names) == 2 and all(name in named.nodes for name in names):
        tail, head = (list(named.nodes).index(name) for name in names)
        found = np.flatnonzero((named.network.tail == tail) & (named.network.head == head))
        if len(found):
            return int(found[0])
    raise NetworkError("--select-link", f"there is no link {ends[:80]!r}.", "Give the nodes of one: FROM,TO.")


def paths_of(found: Assignment, *, proportional: bool, link: int | None) -> PathFlows:
    """Return the paths in use, those through a link where one is given; proportional ones when asked for."""
    flows = evened(found) if proportional else path_flows(found)
    return flows if link is None else select_link(flows, link)


def links_table(named: NamedNetwork, found: Assignment, selected: PathFlows | None) -> str:
    """Return from, to, flow and time of the links as CSV, with the flow of those selected where some are."""
    ends = ([named.nodes[node] for node in nodes.tolist()] for nodes in (named.network.tail, named.network.head))
    columns = [*ends, found.units.tolist(), found.time.tolist()]
    head = ["from", "to", "flow", "time"]
    if selected is not None:
        head.append("selected")
        columns.append(selected.link_flows()[0].tolist())
    return _csv(head, zip(*columns, strict=True))


def paths_table(named: NamedNetwork, found: Assignment, flows: PathFlows) -> str:
    """Return origin, destination, flow, time and nodes of the paths as CSV."""
    tail, head = named.network.tail, named.network.head
    times = flows.cost(found.time).tolist()
    rows = []
    for at, (begin, end) in enumerate(pairwise(flows.start.tolist())):
        links = flows.link[begin:end]
        nodes = " ".join(named.nodes[node] for node in [int(tail[links[0]]), *head[links].tolist()])
        zones = (named.zones[int(zone[at])] for zone in (flows.origin, flows.destination))
        rows.append((*zones, float(flows.flow[at]), times[at], nodes))
    return _csv(["origin", "destination", "flow", "time", "nodes"], rows)


def selection(named: NamedNetwork, selected: PathFlows) -> dict[str, Any]:
    """Return who uses the chosen link: vehicles an hour in all and by pair of zones."""
    trips = selected.trips(0)
    pairs = zip(trips.origin.tolist(), trips.destination.tolist(), trips.vehicles.tolist(), strict=True)
    told = [{"origin": named.zones[a], "destination": named.zones[b], "flow": flow} for a, b, flow in pairs]
    return {"selected_flow": float(trips.vehicles.sum()), "selected_trips": told}


def _csv(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows(rows)
    return text.getvalue()
