"""Networks and trips from files of any format that is read here, with the names their files give nodes and zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkoot.programmes.traffic.engine.gmns import read_gmns
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.tables import Tables
from talkoot.programmes.traffic.engine.tntp import read_network, read_trips
from talkoot.programmes.traffic.engine.trips import Trips, trips_between

HEADS: Final = (("origin", "o_zone_id"), ("destination", "d_zone_id"), ("volume", "vehicles"))


@dataclass(frozen=True)
class NamedNetwork:
    """A network with the names of its nodes and zones."""

    network: Network
    nodes: Sequence[str]
    zones: Sequence[str]


def network_from(path: Path) -> NamedNetwork:
    """Read a network: a GMNS folder or zip, else a TNTP file. Raises NetworkError, OSError."""
    if path.is_dir() or path.suffix.lower() == ".zip":
        read = read_gmns(path)
        return NamedNetwork(read.network, read.node_ids, read.zone_ids)
    network = read_network(path)
    numbers = [str(node + 1) for node in range(network.nodes)]
    return NamedNetwork(network, numbers, numbers[: network.zones])


def trips_from(path: Path, zones: Sequence[str]) -> Trips:
    """Read trips between zones of these names: a CSV file, else a TNTP file. Raises NetworkError, OSError.

    The CSV has the columns origin, destination and volume; o_zone_id and d_zone_id are understood too.
    """
    if path.suffix.lower() != ".csv":
        return read_trips(path, len(zones))
    known = {zone: number for number, zone in enumerate(zones)}
    columns: tuple[list[int], list[int], list[float]] = ([], [], [])
    seen: set[tuple[int, int]] = set()
    for row in Tables(path.parent).rows(path.name):
        for names, column in zip(HEADS[:2], columns[:2], strict=True):
            name = next((one for one in names if one in row.values), names[0])
            said = row.need(name)
            if said not in known:
                raise row.error(name, f"there is no zone {said[:40]!r}.", "Name a zone of the network.")
            column.append(known[said])
        pair = columns[0][-1], columns[1][-1]
        if pair in seen:
            raise row.error(name, "trips between these zones are given already.", "Add them up.")
        seen.add(pair)
        columns[2].append(row.number(next((one for one in HEADS[2] if one in row.values), HEADS[2][0])))
    return trips_between(*columns, len(zones))
