"""Level of service by public transport between zones: earliest arrivals for all departures in a window of time.

The connections of a day are scanned once, in order of departure, for each origin and time (the connection scan
algorithm: Dibbelt, Pajor, Strasser, Wagner 2018, J. Experimental Algorithmics 23). Between two rides one walks at most
once. Of journeys that arrive equally early the one is taken that was found with fewer rides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.los.gtfs import Connections, Timetable
from talkoot.programmes.traffic.engine.network import NetworkError

WALK_KMH: Final = 4.8
DETOUR: Final = 1.3  # streets against the straight line
EARTH: Final = 6_371_008.8  # metres, mean radius
NEVER: Final = 2**31 - 1

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


class Walks(NamedTuple):
    """Ways on foot out of each place: those of place i are first[i] to first[i + 1]; seconds."""

    first: Integers
    to: Integers
    seconds: Integers


class _Labels(NamedTuple):
    """By stop or trip: when, after how many rides, with how many seconds in vehicles and on foot."""

    time: Integers
    rides: Integers
    riding: Integers
    walking: Integers


@dataclass(frozen=True)
class TransitLevel:
    """Level of service, matrices of shape (zones, zones); 0 within a zone.

    `time` is the mean of minutes from leaving to arriving, over the departures of the window that arrive; infinite
    where none does. It is the sum of `riding`, `walking` and `waiting`. `transfers` is the mean of rides less one.
    `reached` is the share of departures that arrive.
    """

    time: Floats
    riding: Floats
    walking: Floats
    waiting: Floats
    transfers: Floats
    reached: Floats


def level_of_service(
    timetable: Timetable,
    zones: ArrayLike,
    *,
    after: float,
    before: float,
    step: float = 1.0,
    longest: float = 180.0,
    access_m: float = 1000.0,
    transfer_m: float = 400.0,
    change: float = 1.0,
) -> TransitLevel:
    """Return what it takes to go from each zone to each other one by public transport.

    Parameters
    ----------
    timetable : Timetable
        What runs on the day.
    zones : array_like, shape (zones, 2)
        Longitude and latitude.
    after, before, step : float
        People leave every `step` minutes from `after` up to `before`, in minutes after midnight.
    longest : float
        Minutes: who would arrive later than this after leaving does not.
    access_m, transfer_m : float
        How far one walks to and from stops, and between two of them: metres in a straight line, of which DETOUR times
        as much is walked with WALK_KMH.
    change : float
        Minutes that a change at a stop takes, unless the feed says otherwise; more than 0.

    Raises
    ------
    NetworkError
        For a window or a distance that makes no sense.
    """
    _check(after, before, step, longest, access_m, transfer_m, change)
    points = np.asarray(zones, np.float64).reshape(-1, 2)
    middle = points.mean(axis=0) if len(points) else np.zeros(2)
    places, stops = metres(points, middle), metres(timetable.points, middle)
    access = _walks(places, stops, access_m)
    changes, between = _changes(timetable, stops, transfer_m, change)
    departures = np.arange(round(after * 60), round(before * 60), round(step * 60)).astype(np.int32)
    sums = np.zeros((6, len(points), len(points)))
    _sum_up(
        timetable.connections, timetable.trips, changes, between, access, departures, round(longest * 60), sums
    )  # fmt: skip
    return _means(sums, len(departures))


def metres(points: Floats, middle: Floats) -> Floats:
    """Return places in degrees as metres around a middle: near enough to scale in a city and its region."""
    scale = np.radians(1.0) * EARTH
    return np.asarray((points - middle) * (scale * np.cos(np.radians(middle[1])), scale), np.float64)


def _check(
    after: float, before: float, step: float, longest: float, access_m: float, transfer_m: float, change: float
) -> None:
    wrong = (
        ("before", not 0 <= after < before <= 72 * 60, "Give the window's minutes after midnight, in order."),
        ("step", not 1 / 60 <= step <= 24 * 60, "Give at least a second, in minutes."),
        ("longest", not 0 < longest <= 24 * 60, "Give minutes, at most a day."),
        ("access_m", not 0 <= access_m <= 50_000, "Give metres, at most 50 km."),
        ("transfer_m", not 0 <= transfer_m <= 5_000, "Give metres, at most 5 km."),
        ("change", not 1 / 60 <= change <= 120, "Give at least a second, in minutes."),
    )
    for name, is_wrong, fix in wrong:
        if is_wrong:
            raise NetworkError(name, "it makes no sense.", fix)


def _seconds(straight_m: Floats) -> Integers:
    """Return the seconds on foot, at least one."""
    return np.maximum(np.ceil(straight_m * DETOUR / (WALK_KMH / 3.6)), 1.0).astype(np.int32)


def _walks(from_: Floats, to: Floats, reach_m: float) -> Walks:
    """Return the walks between places that are near each other."""
    if not len(from_) or not len(to):
        return Walks(np.zeros(len(from_) + 1, np.int32), np.empty(0, np.int32), np.empty(0, np.int32))
    near = cKDTree(from_).sparse_distance_matrix(cKDTree(to), reach_m, output_type="ndarray")
    near = near[np.lexsort((near["j"], near["i"]))]
    first = np.searchsorted(near["i"], np.arange(len(from_) + 1)).astype(np.int32)
    return Walks(first, near["j"].astype(np.int32), _seconds(near["v"]))


def _changes(timetable: Timetable, stops: Floats, reach_m: float, change: float) -> tuple[Integers, Walks]:
    """Return the seconds that a change at each stop takes (NEVER where there is none), and walks between stops."""
    at = np.full(len(stops), max(round(change * 60), 1), np.int32)
    near = _walks(stops, stops, reach_m)
    from_ = np.repeat(np.arange(len(stops)), np.diff(near.first))
    between = {
        (a, b): seconds
        for a, b, seconds in zip(from_.tolist(), near.to.tolist(), near.seconds.tolist(), strict=True)
        if a != b
    }
    for (a, b), seconds in timetable.transfers.items():
        if a == b:
            at[a] = NEVER if seconds is None else max(seconds, 1)
        elif seconds is None:
            between.pop((a, b), None)
        else:
            between[a, b] = max(seconds, 1)
    pairs = np.array(sorted(between), np.int64).reshape(-1, 2)
    first = np.searchsorted(pairs[:, 0], np.arange(len(stops) + 1)).astype(np.int32)
    taken = np.array([between[a, b] for a, b in pairs.tolist()], np.int32)
    return at, Walks(first, pairs[:, 1].astype(np.int32), taken)


def _means(sums: Floats, departures: int) -> TransitLevel:
    count = sums[5]
    np.fill_diagonal(count, departures)
    for each in sums[:5]:
        np.fill_diagonal(each, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(count > 0.0, sums[:5] / count, np.inf)
    time, riding, walking, transfers = means[0] / 60.0, means[1] / 60.0, means[2] / 60.0, means[3]
    waiting = means[4] / 60.0
    return TransitLevel(time, riding, walking, waiting, transfers, count / departures)


@compiled
def _sum_up(
    connections: Connections,
    trips: int,
    change: Integers,
    between: Walks,
    access: Walks,
    departures: Integers,
    longest: int,
    sums: Floats,
) -> None:
    """Add up over departures: time, riding, walking, transfers, waiting (seconds), and how many arrive."""
    zones, stops = len(access.first) - 1, len(change)
    ready, arrived = _labels(stops), _labels(stops)
    on_board, best = _labels(trips), _labels(zones)
    for origin in range(zones):
        for start in departures:
            _scan(connections, change, between, access, origin, start, longest, ready, arrived, on_board)
            _arrive(access, arrived, best, start + longest)
            for zone in range(zones):
                if best.time[zone] < NEVER and zone != origin:
                    took = best.time[zone] - start
                    sums[0, origin, zone] += took
                    sums[1, origin, zone] += best.riding[zone]
                    sums[2, origin, zone] += best.walking[zone]
                    sums[3, origin, zone] += best.rides[zone] - 1
                    sums[4, origin, zone] += took - best.riding[zone] - best.walking[zone]
                    sums[5, origin, zone] += 1


@compiled
def _labels(count: int) -> _Labels:
    return _Labels(
        np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    )  # fmt: skip


@compiled
def _put(labels: _Labels, at: int, time: int, rides: int, riding: int, walking: int) -> bool:
    """Keep a label that is earlier, or as early with fewer rides; tell whether it was."""
    if time > labels.time[at] or (time == labels.time[at] and rides >= labels.rides[at]):
        return False
    labels.time[at] = time
    labels.rides[at] = rides
    labels.riding[at] = riding
    labels.walking[at] = walking
    return True


@compiled
def _scan(
    connections: Connections,
    change: Integers,
    between: Walks,
    access: Walks,
    origin: int,
    start: int,
    longest: int,
    ready: _Labels,
    arrived: _Labels,
    on_board: _Labels,
) -> None:
    """Find when one can be at each stop by a vehicle, having left `origin` at `start`.

    `ready` is when one can get on there, `arrived` when one gets off; of trips, `time` is when one got on.
    """
    ready.time[:] = NEVER
    arrived.time[:] = NEVER
    on_board.time[:] = NEVER
    for way in range(access.first[origin], access.first[origin + 1]):
        seconds = access.seconds[way]
        _put(ready, access.to[way], start + seconds, 0, 0, seconds)
    end = start + longest
    for at in range(np.searchsorted(connections.departure, start), len(connections.departure)):
        leaves, arrives = connections.departure[at], connections.arrival[at]
        if leaves > end:
            break
        trip, stop, to = connections.trip[at], connections.from_stop[at], connections.to_stop[at]
        if connections.boards[at] and ready.time[stop] <= leaves:
            rides = ready.rides[stop] + 1
            if on_board.time[trip] == NEVER or rides < on_board.rides[trip]:
                on_board.time[trip] = leaves
                on_board.rides[trip] = rides
                on_board.riding[trip] = ready.riding[stop]
                on_board.walking[trip] = ready.walking[stop]
        if on_board.time[trip] == NEVER or not connections.alights[at]:
            continue
        rides, walking = on_board.rides[trip], on_board.walking[trip]
        riding = on_board.riding[trip] + arrives - on_board.time[trip]
        if not _put(arrived, to, arrives, rides, riding, walking):
            continue
        if change[to] < NEVER:
            _put(ready, to, arrives + change[to], rides, riding, walking)
        for way in range(between.first[to], between.first[to + 1]):
            seconds = between.seconds[way]
            _put(ready, between.to[way], arrives + seconds, rides, riding, walking + seconds)


@compiled
def _arrive(access: Walks, arrived: _Labels, best: _Labels, latest: int) -> None:
    """Find when one is at each zone, on foot from a stop; NEVER where that is too late."""
    best.time[:] = NEVER
    for zone in range(len(access.first) - 1):
        for way in range(access.first[zone], access.first[zone + 1]):
            stop, seconds = access.to[way], access.seconds[way]
            if arrived.time[stop] < NEVER and arrived.time[stop] + seconds <= latest:
                _put(
                    best,
                    zone,
                    arrived.time[stop] + seconds,
                    arrived.rides[stop],
                    arrived.riding[stop],
                    arrived.walking[stop] + seconds,
                )
