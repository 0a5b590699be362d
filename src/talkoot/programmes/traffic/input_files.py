"""Reads the files that planners send in: networks in TNTP and GMNS, trips in TNTP, counts in CSV.

What is wrong with a file is told as NetworkError, with the line and how to mend it.
"""

from __future__ import annotations

import csv
import math
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.gmns import Gmns, read_gmns
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.tntp import read_network, read_trips, zones_in
from talkoot.programmes.traffic.engine.trips import Trips

METRES: Final = {"km": 1000.0, "m": 1.0, "mi": 1609.344, "ft": 0.3048}
MOST_UNPACKED: Final = 60_000_000  # bytes of a zip's members together
MOST_ROWS: Final = 100_000
HOURS: Final = 24
NOISE: Final = 0.05  # standard deviation of a count, as a share of it, where the file gives none
LEAST_SD: Final = 5.0  # vehicles an hour

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NetworkFile:
    """A network that was sent in.

    `names` has one name a link, its nodes joined by a hyphen ("3-12"); `shapes` a line in degrees for each, all None
    where the file tells no places; `points` the nodes' longitude and latitude, shape (nodes, 2), or None.
    """

    network: Network
    names: list[str]
    length_m: Floats
    shapes: NDArray[np.object_]
    points: Floats | None

    @property
    def is_placed(self) -> bool:
        """Whether its links have places on a map."""
        return self.points is not None


@dataclass(frozen=True)
class Count:
    """Vehicles that passed on a link in an hour of the day, with the count's standard deviation."""

    link: str
    hour: int
    vehicles: float
    sd: float


def network_in(path: Path, unit: str) -> NetworkFile:
    """Read a network: a TNTP file, a zip with one and with the places of its nodes, or a zip in GMNS.

    `unit` is what lengths are in: km, m, mi or ft; GMNS says so itself. Raises NetworkError.
    """
    if path.suffix.lower() != ".zip":
        return _network_file(read_network(path), unit, None)
    if _is_gmns(path):
        return _gmns_file(read_gmns(path))
    with TemporaryDirectory() as folder:
        links, nodes = _unpacked(path, Path(folder))
        network = read_network(links)
        return _network_file(network, unit, read_points(nodes, network.nodes) if nodes else None)


def _network_file(network: Network, unit: str, points: Floats | None) -> NetworkFile:
    shapes = np.full(network.links, None, object)
    if points is not None:
        ends = np.stack([points[network.tail], points[network.head]], axis=1)
        shapes[:] = shapely.linestrings(ends)
    names = [f"{tail + 1}-{head + 1}" for tail, head in zip(network.tail.tolist(), network.head.tolist(), strict=True)]
    return NetworkFile(network, names, network.length * METRES[unit], shapes, points)


def _is_gmns(path: Path) -> bool:
    """Tell whether a zip holds tables of GMNS. Raises NetworkError where it unpacks too far."""
    with _opened(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MOST_UNPACKED:
            raise NetworkError(path.name, "it unpacks to more than 60 MB.", "Send a smaller network.")
        return any(PurePosixPath(member.filename).name == "link.csv" for member in members)


def _gmns_file(read: Gmns) -> NetworkFile:
    """Return a network in GMNS; its links are named by the identifiers of its nodes."""
    network, ids = read.network, read.node_ids
    is_placed = bool(np.isfinite(read.points).all() and (np.abs(read.points) <= (180, 90)).all())
    made = _network_file(network, "km", read.points if is_placed else None)
    ends = zip(network.tail.tolist(), network.head.tolist(), strict=True)
    return replace(made, names=[f"{ids[tail]}-{ids[head]}" for tail, head in ends])


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise NetworkError(path.name, "it is no zip that can be unpacked.", "Pack it again, without a password.") from (
            error
        )


def _unpacked(path: Path, folder: Path) -> tuple[Path, Path | None]:
    """Unpack the network and, where there are any, the places of nodes from a zip; paths in it are not followed."""
    with _opened(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        links = _member(archive, members, "net.tntp", folder)
        nodes = _member(archive, members, "node.tntp", folder) or _member(archive, members, "nodes.tntp", folder)
    if links is None:
        raise NetworkError(path.name, "no file in it ends with net.tntp.", "Pack the network's file, and its nodes'.")
    return links, nodes


def _member(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], ending: str, folder: Path) -> Path | None:
    found = [member for member in members if member.filename.lower().endswith(ending)]
    if not found:
        return None
    if len(found) > 1:
        raise NetworkError(str(archive.filename), f"{len(found)} files end with {ending}.", "Pack one network alone.")
    target = folder / ending
    with archive.open(found[0]) as source, target.open("wb") as kept:
        shutil.copyfileobj(source, kept)
    return target


def read_points(path: Path, nodes: int) -> Floats:
    """Read the places of a network's nodes: rows of node, longitude, latitude and a semicolon, below a heading.

    Returns longitude and latitude, shape (nodes, 2). Raises NetworkError.
    """
    points = np.full((nodes, 2), np.nan)
    for number, line in enumerate(_text(path).splitlines(), start=1):
        parts = line.split("~")[0].rstrip().rstrip(";").split()
        if not parts or parts[0].lower() == "node":
            continue
        node, lon, lat = _point(path, number, parts, nodes)
        points[node - 1] = lon, lat
    if (missing := np.flatnonzero(np.isnan(points[:, 0]))).size:
        raise NetworkError(path.name, f"node {missing[0] + 1} has no place.", "Give one row for each node.")
    return points


def _point(path: Path, number: int, parts: list[str], nodes: int) -> tuple[int, float, float]:
    try:
        node, lon, lat = int(parts[0]), float(parts[1]), float(parts[2])
    except (ValueError, IndexError):
        problem = f"line {number} is no node with its place."
        raise NetworkError(path.name, problem, "Give its number, longitude and latitude.") from None
    if not 0 < node <= nodes:
        raise NetworkError(path.name, f"line {number} names node {node}.", f"Nodes are 1 to {nodes}.")
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise NetworkError(
            path.name,
            f"line {number} is at {lon:g}, {lat:g}, which are no degrees.",
            "Give longitude and latitude in WGS 84, or send the network without the places of its nodes.",
        )
    return node, lon, lat


def trips_in(path: Path, zones: int | None = None) -> tuple[Trips, int]:
    """Read trips in TNTP and return them with how many zones they are between; raises NetworkError.

    Given `zones`, they must be between as many.
    """
    count = zones if zones is not None else zones_in(path)
    return read_trips(path, count), count


def counts_in(path: Path) -> list[Count]:
    """Read counts: a CSV file with the columns link (or from and to), hour, count and, perhaps, sd.

    Raises NetworkError naming the line and the column.
    """
    reader = csv.DictReader(_text(path).splitlines(), skipinitialspace=True)
    there = {(name or "").strip().lower() for name in reader.fieldnames or ()}
    if missing := _missing(there):
        raise NetworkError(path.name, f"line 1 has no column {missing}.", "Name link (or from, to), hour, count, sd.")
    counts: dict[tuple[str, int], Count] = {}
    for row in _rows(path, reader):
        count = _count(path, reader.line_num, row)
        if (count.link, count.hour) in counts:
            problem = f"line {reader.line_num} counts link {count.link} at hour {count.hour} again."
            raise NetworkError(path.name, problem, "Leave one row for each.")
        counts[count.link, count.hour] = count
    if not counts:
        raise NetworkError(path.name, "it has no rows.", "Give at least one count.")
    return list(counts.values())


def _missing(there: set[str]) -> str:
    if "link" not in there and not {"from", "to"} <= there:
        return "link"
    return next((name for name in ("hour", "count") if name not in there), "")


def _rows(path: Path, reader: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    try:
        for at, row in enumerate(reader):
            if at >= MOST_ROWS:
                raise NetworkError(path.name, f"it has more than {MOST_ROWS} rows.", "Split it.")
            yield {(name or "").strip().lower(): str(value or "").strip() for name, value in row.items()}
    except csv.Error as error:
        raise NetworkError(path.name, f"line {reader.line_num}: {error}.", "Save it as CSV again.") from None


def _count(path: Path, line: int, row: dict[str, str]) -> Count:
    link = row.get("link") or "-".join(row[name] for name in ("from", "to") if row.get(name))
    if not link:
        raise NetworkError(path.name, f"line {line} names no link.", "Name it by link, or by from and to.")
    hour = _amount(path, line, "hour", row["hour"])
    if hour != int(hour) or not hour < HOURS:
        raise NetworkError(path.name, f"line {line}: hour {row['hour']} is none.", "Give a whole number from 0 to 23.")
    vehicles = _amount(path, line, "count", row["count"])
    given = row.get("sd")
    sd = _amount(path, line, "sd", given) if given else max(NOISE * vehicles, LEAST_SD)
    if sd <= 0:
        raise NetworkError(path.name, f"line {line}: sd is 0.", "Give how unsure the count is, or leave it empty.")
    return Count(link[:60], int(hour), vehicles, sd)


def _amount(path: Path, line: int, name: str, said: str) -> float:
    try:
        value = float(said)
    except ValueError:
        raise NetworkError(path.name, f"line {line}: {name} is {said!r}.", "Give a number.") from None
    if not (math.isfinite(value) and value >= 0):
        raise NetworkError(path.name, f"line {line}: {name} is {said}.", "Give a number that is not negative.")
    return value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NetworkError(path.name, f"byte {error.start} is no UTF-8.", "Save the file as UTF-8.") from None


def told(kind: str, path: Path, unit: str) -> dict[str, Any]:
    """Read a file and return what it holds in numbers: the summary that people see. Raises NetworkError."""
    if kind == "network":
        read = network_in(path, unit)
        network = read.network
        km = round(float(read.length_m.sum()) / 1000.0, 1)
        return {
            "links": network.links,
            "nodes": network.nodes,
            "zones": network.zones,
            "km": km,
            "placed": read.is_placed,
        }
    if kind == "trips":
        trips, zones = trips_in(path)
        vehicles = round(float(trips.vehicles.sum()) + trips.within, 1)
        return {"zones": zones, "pairs": len(trips), "vehicles": vehicles}
    counts = counts_in(path)
    return {
        "counts": len(counts),
        "links": len({count.link for count in counts}),
        "hours": sorted({count.hour for count in counts}),
    }
