"""Reads timetables of public transport in GTFS: what runs on one day, as connections from stop to stop.

Source of the format: GTFS Schedule Reference, MobilityData. Read are stops, trips, stop_times, calendar,
calendar_dates, frequencies and transfers; of routes and fares nothing is needed. Vehicles of the day before that are
still on their way after midnight run too. Times that are left out between two stops are spread evenly. A trip with
frequencies leaves at its start time and every headway after it. Transfers between single trips or routes are not read
but counted.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.tables import Row, Tables

DAY: Final = 86_400
LATEST: Final = 100 * 3600  # no trip lasts longer than some days
MOST_CONNECTIONS: Final = 5_000_000  # of a day: about a gigabyte while they are read
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOT_POSSIBLE: Final = 3
AFTER_TIME: Final = 2

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


class Connections(NamedTuple):
    """Rides from one stop to the next without a halt, in order of departure; seconds after midnight.

    `boards` and `alights` tell whether one may get on at its beginning, and off at its end.
    """

    from_stop: Integers
    to_stop: Integers
    departure: Integers
    arrival: Integers
    trip: Integers
    boards: NDArray[np.bool_]
    alights: NDArray[np.bool_]


@dataclass(frozen=True)
class Timetable:
    """What runs on a day.

    Attributes
    ----------
    stops : list of str
        Identifiers of the stops.
    points : ndarray, shape (stops, 2)
        Longitude and latitude.
    connections : Connections
        Of all trips of the day, an expanded one for each departure of a frequency.
    trips : int
        How many.
    transfers : dict
        Seconds between two stops (or at one) by the feed; None where one cannot change.
    unread : dict of str to int
        What was not taken into account, counted.
    """

    stops: list[str]
    points: Floats
    connections: Connections
    trips: int
    transfers: dict[tuple[int, int], int | None]
    unread: dict[str, int]


class _Halt(NamedTuple):
    """A vehicle at a stop; times are -1 where the feed has none."""

    sequence: int
    stop: int
    arrival: int
    departure: int
    boards: bool
    alights: bool
    line: int


def read_timetable(path: Path, day: date) -> Timetable:
    """Read what runs on a day from a folder or a zip.

    Raises NetworkError naming file, line and field, also where nothing runs on that day; OSError.
    """
    with Tables(path) as tables:
        stops, points = _stops(tables)
        today, yesterday = (_services(tables, each) for each in (day, day - timedelta(days=1)))
        shifts = _trips(tables, today, yesterday)
        if not shifts:
            raise NetworkError(path.name, f"nothing runs on {day}.", "Give a day that its calendar speaks of.")
        halts = _halts(tables, shifts, stops)
        starts = _starts(tables, shifts) if "frequencies.txt" in tables else {}
        connections, trips = _connections(halts, shifts, starts)
        unread: Counter[str] = Counter()
        transfers = dict(_transfers(tables, stops, unread)) if "transfers.txt" in tables else {}
    return Timetable(list(stops), np.array(points).reshape(-1, 2), connections, trips, transfers, dict(unread))


def _stops(tables: Tables) -> tuple[dict[str, int], list[tuple[float, float]]]:
    stops: dict[str, int] = {}
    points = []
    for row in tables.rows("stops.txt", needs=("stop_id", "stop_lat", "stop_lon")):
        if (row.text("location_type") or "0") != "0":
            continue
        id_ = row.need("stop_id")
        if id_ in stops:
            raise row.error("stop_id", f"{id_!r} is a stop already.", "Give each stop an identifier of its own.")
        place = row.number("stop_lon", least=-180.0, most=180.0), row.number("stop_lat", least=-90.0, most=90.0)
        stops[id_] = len(stops)
        points.append(place)
    return stops, points


def _services(tables: Tables, day: date) -> set[str]:
    """Return the services that run on a day."""
    running: set[str] = set()
    if "calendar.txt" not in tables and "calendar_dates.txt" not in tables:
        raise NetworkError("calendar.txt", "neither it nor calendar_dates.txt is there.", "Add one of them.")
    if "calendar.txt" in tables:
        for row in tables.rows("calendar.txt", needs=("service_id", *WEEKDAYS, "start_date", "end_date")):
            if _date(row, "start_date") <= day <= _date(row, "end_date") and row.need(WEEKDAYS[day.weekday()]) == "1":
                running.add(row.need("service_id"))
    if "calendar_dates.txt" in tables:
        for row in tables.rows("calendar_dates.txt", needs=("service_id", "date", "exception_type")):
            if _date(row, "date") == day:
                (running.add if _one_of(row, "exception_type", ("1", "2")) == "1" else running.discard)(
                    row.need("service_id")
                )
    return running


def _date(row: Row, name: str) -> date:
    said = row.need(name)
    try:
        return date(int(said[:4]), int(said[4:6]), int(said[6:8] if len(said) == 8 else ""))
    except ValueError:
        raise row.error(name, f"{said[:40]!r} is no date.", "Write it as YYYYMMDD.") from None


def _one_of(row: Row, name: str, known: Sequence[str]) -> str:
    if (said := row.text(name) or "0") not in known:
        raise row.error(name, f"{said[:40]!r} is not known.", f"Use one of: {', '.join(known)}.")
    return said


def _trips(tables: Tables, today: set[str], yesterday: set[str]) -> dict[str, tuple[int, ...]]:
    """Return by how many seconds each trip that runs is to be shifted: 0, and a day back for the day before."""
    shifts: dict[str, tuple[int, ...]] = {}
    for row in tables.rows("trips.txt", needs=("trip_id", "service_id")):
        service, trip = row.need("service_id"), row.need("trip_id")
        if trip in shifts:
            raise row.error("trip_id", f"{trip!r} is a trip already.", "Give each trip an identifier of its own.")
        if found := (*((0,) if service in today else ()), *((-DAY,) if service in yesterday else ())):
            shifts[trip] = found
    return shifts


def _halts(tables: Tables, shifts: dict[str, tuple[int, ...]], stops: dict[str, int]) -> dict[str, list[_Halt]]:
    """Return the halts of each trip that runs, in order, with all times."""
    needs = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
    halts: defaultdict[str, list[_Halt]] = defaultdict(list)
    count = 0
    for row in tables.rows("stop_times.txt", needs=needs):
        if row.text("trip_id") not in shifts:
            continue
        if (count := count + 1) > MOST_CONNECTIONS:
            raise row.error("trip_id", f"more than {MOST_CONNECTIONS} halts are made that day.", "Cut the feed down.")
        halts[row.need("trip_id")].append(_halt(row, stops))
    return {trip: _in_order(each) for trip, each in halts.items()}


def _halt(row: Row, stops: dict[str, int]) -> _Halt:
    if (stop := row.need("stop_id")) not in stops:
        raise row.error("stop_id", f"there is no stop {stop[:40]!r} in stops.txt.", "Name one that is there.")
    arrival, departure = (_seconds(row, name) for name in ("arrival_time", "departure_time"))
    arrival, departure = (departure if arrival < 0 else arrival), (arrival if departure < 0 else departure)
    if departure < arrival:
        raise row.error("departure_time", "it is before the arrival.", "Mend one of the two.")
    kinds = [_one_of(row, name, ("0", "1", "2", "3")) for name in ("pickup_type", "drop_off_type")]
    order = int(row.number("stop_sequence"))
    return _Halt(order, stops[stop], arrival, departure, kinds[0] != "1", kinds[1] != "1", row.line)


def _seconds(row: Row, name: str) -> int:
    """Return seconds after midnight, -1 where none are said."""
    said = row.text(name)
    if not said:
        return -1
    parts = said.split(":")
    try:
        hours, minutes, seconds = (int(part) for part in parts)
    except ValueError:
        raise row.error(name, f"{said[:40]!r} is no time.", "Write it as HH:MM:SS.") from None
    found = hours * 3600 + minutes * 60 + seconds
    if not (0 <= minutes < 60 and 0 <= seconds < 60 and 0 <= found <= LATEST):
        raise row.error(name, f"{said[:40]!r} is no time.", "Write it as HH:MM:SS.")
    return found


def _in_order(halts: list[_Halt]) -> list[_Halt]:
    """Return a trip's halts in order, with times between those that are said; checks that no time runs back."""
    halts.sort()
    for end in (halts[0], halts[-1]):
        if end.arrival < 0:
            name = f"stop_times.txt line {end.line}, arrival_time"
            raise NetworkError(name, "the first and last stop of a trip have none.", "Give the time.")
    timed = [at for at, halt in enumerate(halts) if halt.arrival >= 0]
    for a, b in pairwise(timed):
        start, until = halts[a].departure, halts[b].arrival
        if until < start or halts[a].sequence == halts[b].sequence:
            name = f"stop_times.txt line {halts[b].line}, arrival_time"
            raise NetworkError(name, "the vehicle arrives before it left the stop before.", "Mend times or sequence.")
        for at in range(a + 1, b):
            time = start + (until - start) * (at - a) // (b - a)
            halts[at] = halts[at]._replace(arrival=time, departure=time)
    return halts


def _starts(tables: Tables, shifts: dict[str, tuple[int, ...]]) -> dict[str, list[int]]:
    """Return when each trip with frequencies leaves its first stop."""
    starts: defaultdict[str, list[int]] = defaultdict(list)
    count = 0
    for row in tables.rows("frequencies.txt", needs=("trip_id", "start_time", "end_time", "headway_secs")):
        if row.need("trip_id") not in shifts:
            continue
        first, end = (_seconds(row, name) for name in ("start_time", "end_time"))
        if first < 0 or end < first:
            raise row.error("end_time", "it is before the start, or one is empty.", "Give both, in order.")
        runs = range(first, end, int(row.number("headway_secs", least=1.0)))
        if (count := count + len(runs)) > MOST_CONNECTIONS:
            raise row.error("headway_secs", f"more than {MOST_CONNECTIONS} vehicles start that day.", "Cut it down.")
        starts[row.text("trip_id")].extend(runs)
    return starts


def _connections(
    halts: dict[str, list[_Halt]], shifts: dict[str, tuple[int, ...]], starts: dict[str, list[int]]
) -> tuple[Connections, int]:
    flat = array("i")
    trips = 0
    for trip, each in halts.items():
        began = each[0].departure
        moves = [start - began for start in starts[trip]] if trip in starts else [0]
        for shift in (move + back for move in moves for back in shifts[trip]):
            if each[-1].arrival + shift < 0:
                continue
            for a, b in pairwise(each):
                times = a.departure + shift, b.arrival + shift
                flat.extend((a.stop, b.stop, *times, trips, a.boards, b.alights))
            trips += 1
            if len(flat) > 7 * MOST_CONNECTIONS:
                problem = f"there are more than {MOST_CONNECTIONS} rides from stop to stop."
                raise NetworkError("frequencies.txt", problem, "Cut the feed down.")
    table = np.frombuffer(flat, np.int32).reshape(-1, 7)
    table = table[np.argsort(table[:, 2], kind="stable")]  # a trip's own order is kept where times are the same
    from_, to, departure, arrival, run, boards, alights = (np.ascontiguousarray(column) for column in table.T)
    return Connections(from_, to, departure, arrival, run, boards.astype(bool), alights.astype(bool)), trips


def _transfers(
    tables: Tables, stops: dict[str, int], unread: Counter[str]
) -> Iterator[tuple[tuple[int, int], int | None]]:
    for row in tables.rows("transfers.txt", needs=("from_stop_id", "to_stop_id", "transfer_type")):
        kind = int(_one_of(row, "transfer_type", ("0", "1", "2", "3", "4", "5")))
        names = [row.text(name) for name in ("from_stop_id", "to_stop_id")]
        single = any(row.text(f"{end}_{what}_id") for end in ("from", "to") for what in ("trip", "route"))
        if kind > NOT_POSSIBLE or single or not all(name in stops for name in names):
            unread["transfers"] += 1
            continue
        pair = stops[names[0]], stops[names[1]]
        if kind == NOT_POSSIBLE:
            yield pair, None
        elif kind == AFTER_TIME:
            yield pair, int(row.number("min_transfer_time", most=DAY))
