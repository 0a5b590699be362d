"""Reads the TNTP text format, in which networks for research are passed on.

Source of the format: Bar-Gera, H., Stabler, B., Sall, E., "Transportation Networks for Research", README.
Metadata stand in angle brackets; `~` begins a comment; a row of the network is a link, and ends with `;`. Trips are
`destination : amount;` below each `Origin`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.trips import Trips, trips_between

COLUMNS: Final = ("tail", "head", "capacity", "length", "free_flow_time", "b", "power", "speed", "toll")
END: Final = "END OF METADATA"
AGREE: Final = 1e-6  # relative difference up to which a total is that of the header
MOST_BYTES: Final = 500_000_000
PAIR: Final = re.compile(r"\s*(\S+)\s*:\s*(\S+)\s*$")


@dataclass(frozen=True)
class _Text:
    """A file's metadata, and its other lines with their numbers."""

    path: Path
    metadata: dict[str, str]
    lines: list[tuple[int, str]]

    def number(self, name: str) -> int:
        """Return a whole number of the metadata."""
        if name not in self.metadata:
            raise NetworkError(self.path.name, f"<{name}> is missing.", "It stands above <END OF METADATA>.")
        try:
            return int(self.metadata[name].split()[0])
        except (ValueError, IndexError):
            said = self.metadata[name]
            raise NetworkError(self.path.name, f"<{name}> is {said!r}.", "Give a whole number.") from None


def read_network(path: Path) -> Network:
    """Read a network; raises NetworkError naming the line, OSError.

    Nodes 1 to <NUMBER OF ZONES> are the zones' own; no path leads through those below <FIRST THRU NODE>.
    """
    text = _read(path)
    zones, nodes = text.number("NUMBER OF ZONES"), text.number("NUMBER OF NODES")
    first, links = text.number("FIRST THRU NODE"), text.number("NUMBER OF LINKS")
    if not 0 < zones <= nodes:
        raise NetworkError(path.name, f"there are {zones} zones and {nodes} nodes.", "Each zone is one of the nodes.")
    rows = [_row(path, number, line) for number, line in text.lines]
    if len(rows) != links:
        raise NetworkError(path.name, f"it has {len(rows)} links, its header says {links}.", "Mend one of the two.")
    columns = dict(zip(COLUMNS, np.array(rows).reshape(-1, len(COLUMNS)).T, strict=True))
    return Network(
        tail=columns["tail"].astype(np.int32) - 1,
        head=columns["head"].astype(np.int32) - 1,
        **{name: columns[name] for name in ("capacity", "free_flow_time", "b", "power", "length", "toll")},
        centroids=np.arange(zones, dtype=np.int32),
        passed=np.arange(nodes) >= first - 1,
    )


def _row(path: Path, number: int, line: str) -> list[float]:
    parts = line.rstrip(";").split()[: len(COLUMNS)]
    if len(parts) < len(COLUMNS):
        raise NetworkError(
            path.name, f"line {number} has {len(parts)} values.", f"A link has {', '.join(COLUMNS)} and its type."
        )
    try:
        return [int(parts[0]), int(parts[1]), *map(float, parts[2:])]
    except ValueError:
        raise NetworkError(path.name, f"line {number} has a value that is no number.", "Give numbers.") from None


def zones_in(path: Path) -> int:
    """Return how many zones a file says that it is of; raises NetworkError, OSError."""
    return _read(path).number("NUMBER OF ZONES")


def read_trips(path: Path, zones: int) -> Trips:
    """Read the trips between so many zones; raises NetworkError naming the line, OSError."""
    text = _read(path)
    if (said := text.number("NUMBER OF ZONES")) != zones:
        raise NetworkError(path.name, f"it is of {said} zones, the network has {zones}.", "Give the file that belongs.")
    origin, destination, amount = [], [], []
    for number, from_, to, vehicles in _pairs(path, text):
        if not (0 < from_ <= zones and 0 < to <= zones):
            wrong = from_ if not 0 < from_ <= zones else to
            raise NetworkError(path.name, f"line {number} names zone {wrong}.", f"Zones are 1 to {zones}.")
        origin.append(from_ - 1)
        destination.append(to - 1)
        amount.append(vehicles)
    if (stated := text.metadata.get("TOTAL OD FLOW")) is not None:
        _compare(path, stated, sum(amount))
    return trips_between(origin, destination, amount, zones)


def _compare(path: Path, stated: str, total: float) -> None:
    try:
        said = float(stated)
    except ValueError:
        raise NetworkError(path.name, f"<TOTAL OD FLOW> is {stated!r}.", "Give a number.") from None
    if abs(total - said) > AGREE * max(abs(said), abs(total)):
        raise NetworkError(
            path.name, f"the trips add up to {total:.10g}, its header says {stated}.", "Mend one of the two."
        )


def _pairs(path: Path, text: _Text) -> Iterator[tuple[int, int, int, float]]:
    """Yield line number, origin, destination and amount."""
    origin = 0
    for number, line in text.lines:
        if line.lower().startswith("origin"):
            origin = _zone(path, number, line[len("origin") :])
            continue
        for part in filter(str.strip, line.split(";")):
            found = PAIR.match(part)
            if found is None or not origin:
                raise NetworkError(path.name, f"line {number} is not understood: {part.strip()!r}.", "See the format.")
            try:
                amount = float(found[2])
            except ValueError:
                raise NetworkError(path.name, f"line {number}: {found[2]!r} is no amount.", "Give a number.") from None
            yield number, origin, _zone(path, number, found[1]), amount


def _zone(path: Path, number: int, said: str) -> int:
    try:
        return int(said)
    except ValueError:
        raise NetworkError(path.name, f"line {number}: {said.strip()!r} is no zone.", "Give a whole number.") from None


def _read(path: Path) -> _Text:
    if path.stat().st_size > MOST_BYTES:
        raise NetworkError(path.name, "it is larger than 500 MB.", "Is it the right file?")
    metadata: dict[str, str] = {}
    lines = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NetworkError(path.name, f"byte {error.start} is no UTF-8.", "Save the file as UTF-8.") from None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("~")[0].strip()
        if line.startswith("<"):
            name, _, value = line[1:].partition(">")
            metadata[name.strip().upper()] = value.strip()
        elif line:
            lines.append((number, line))
    if END not in metadata:
        raise NetworkError(path.name, f"there is no <{END}>.", "Is it a TNTP file?")
    return _Text(path, metadata, lines)
