"""Level of service by public transport: by hand on a small feed, and against Dijkstra on the time-expanded graph."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.programmes.traffic.engine.los.gtfs import Connections, Timetable, read_timetable
from talkoot.programmes.traffic.engine.los.transit import DETOUR, WALK_KMH, TransitLevel, level_of_service, metres
from talkoot.programmes.traffic.engine.network import NetworkError
from tests.programmes.traffic.engine.los.test_gtfs import MONDAY, written

AT_STOPS = [(24.93, 60.17), (24.98, 60.17), (25.03, 60.17)]  # A, B, C; walks to them take a second
SECOND = 1 / 60
NEAR_M = 200.0  # so near to stops that most journeys need a change


def _level(folder: Path, after: float, before: float, **more: Any) -> TransitLevel:
    return level_of_service(read_timetable(folder, MONDAY), AT_STOPS, after=after, before=before, **more)


def test_leaving_at_one_moment_is_as_worked_by_hand(tmp_path: Path) -> None:
    """At 7:50 one walks a second, waits until 8:00, rides to 8:20 and walks a second again."""
    level = _level(written(tmp_path), 470, 471)

    assert level.time[0, 2] == pytest.approx(30 + SECOND)
    assert level.riding[0, 2] == 20.0
    assert level.walking[0, 2] == pytest.approx(2 * SECOND)
    assert level.waiting[0, 2] == pytest.approx(10 - SECOND)
    assert (level.transfers[0, 2], level.reached[0, 2]) == (0.0, 1.0)
    assert math.isinf(level.time[1, 0]) and level.reached[1, 0] == 0.0  # nothing runs west of B
    assert np.diag(level.time).tolist() == [0.0, 0.0, 0.0]


def test_a_window_gives_the_mean_over_departures(tmp_path: Path) -> None:
    """From C a shuttle leaves at 9:00, 9:10 and 9:20; who leaves from 9:00 on, to the minute, misses the first."""
    level = _level(written(tmp_path), 540, 560)

    waits = [10 - late for late in range(10)] * 2
    assert level.waiting[2, 1] == pytest.approx(np.mean(waits) - SECOND)
    assert level.time[2, 1] == pytest.approx(np.mean(waits) + 5 + SECOND)
    assert level.reached[2, 1] == 1.0
    later = _level(written(tmp_path), 550, 570)
    assert later.reached[2, 1] == 0.5  # the last one leaves at 9:20
    assert later.time[2, 1] == pytest.approx(np.mean(waits) + 5 + SECOND)


@pytest.mark.parametrize(("seconds", "arrives"), [(300, 510), (301, 525)])
def test_a_change_takes_its_time(tmp_path: Path, seconds: int, arrives: float) -> None:
    """The early bus is at B at 8:10; connections leave B at 8:15 and 8:30 and take 15 minutes to D."""
    stops = "stop_id,stop_lat,stop_lon\nA,60.17,24.93\nB,60.17,24.98\nD,60.20,24.98\n"
    times = ["x,8:00:00,8:00:00,A,1", "x,8:10:00,8:10:00,B,2"]
    times += [f"y{at},8:{at}:00,8:{at}:00,B,1\ny{at},8:{at + 15}:00,8:{at + 15}:00,D,2" for at in (15, 30)]
    feed = written(
        tmp_path,
        stops=stops,
        trips="trip_id,service_id\nx,week\ny15,week\ny30,week\n",
        stop_times="trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "\n".join(times) + "\n",
        transfers=f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\nB,B,2,{seconds}\n",
        frequencies="trip_id,start_time,end_time,headway_secs\n",
    )

    level = level_of_service(read_timetable(feed, MONDAY), [(24.93, 60.17), (24.98, 60.2)], after=470, before=471)

    assert level.time[0, 1] == pytest.approx(arrives - 470 + SECOND)
    assert (level.transfers[0, 1], level.riding[0, 1]) == (1.0, 25.0)


def test_who_would_arrive_too_late_does_not(tmp_path: Path) -> None:
    assert math.isinf(_level(written(tmp_path), 470, 471, longest=30.0).time[0, 2])
    assert math.isfinite(_level(written(tmp_path), 470, 471, longest=30.1).time[0, 2])


@st.composite
def _timetables(draw: st.DrawFn) -> Timetable:
    """Draw trips of some vehicles between a few stops, some of them near each other."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stops, trips = draw(st.integers(5, 9)), draw(st.integers(5, 25))
    rows = []
    for trip in range(trips):
        time = int(random.integers(0, 40)) * 30
        halts = random.integers(0, stops, random.integers(2, 4))
        for a, b in pairwise(halts):
            arrival = time + int(random.integers(0, 5)) * 60
            rows.append((a, b, time, arrival, trip, *(random.random(2) < 0.85)))
            time = arrival + int(random.integers(0, 3)) * 30
    table = np.array(rows)
    table = table[np.argsort(table[:, 2], kind="stable")].astype(np.int32)
    columns = [np.ascontiguousarray(column) for column in table.T]
    connections = Connections(
        columns[0], columns[1], columns[2], columns[3], columns[4], columns[5] > 0, columns[6] > 0
    )
    points = np.array([24.9, 60.1]) + random.uniform(0, 0.012, (stops, 2))
    transfers: dict[tuple[int, int], int | None] = {}
    for a, b in random.integers(0, stops, (3, 2)).tolist():
        transfers[a, b] = None if random.random() < 0.3 else int(random.integers(0, 300))
    return Timetable([str(stop) for stop in range(stops)], points, connections, trips, transfers, {})


def _on_foot(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], reach: float) -> int | None:
    straight = float(np.hypot(*(a - b)))
    return max(math.ceil(straight * DETOUR / (WALK_KMH / 3.6)), 1) if straight <= reach else None


def _dijkstra(timetable: Timetable, zones: Any, origin: int, start: int) -> dict[int, float]:
    """Return when one is at each zone, by Dijkstra on the graph of departures and arrivals."""
    middle = np.asarray(zones).mean(axis=0)
    places, stops = metres(np.asarray(zones), middle), metres(timetable.points, middle)
    rides = list(zip(*(column.tolist() for column in timetable.connections), strict=True))

    def walk(a: int, b: int) -> int | None:
        if (a, b) in timetable.transfers:
            said = timetable.transfers[a, b]
            return None if said is None else max(said, 1)
        return 60 if a == b else _on_foot(stops[a], stops[b], 400.0)

    edges: defaultdict[Any, list[tuple[Any, int]]] = defaultdict(list)
    for number, (a, b, leaves, arrives, trip, boards, alights) in enumerate(rides):
        edges["on", number].append((("at", number), arrives))
        following = [other for other in range(number + 1, len(rides)) if rides[other][4] == trip]
        if following:
            edges["at", number].append((("on", following[0]), rides[following[0]][2]))
        seconds = _on_foot(places[origin], stops[a], NEAR_M)
        if boards and seconds is not None and start + seconds <= leaves:
            edges["start"].append((("on", number), leaves))
        if not alights:
            continue
        for other, (stop, _, later, _, _, on, _) in enumerate(rides):
            seconds = walk(b, stop)
            if on and seconds is not None and arrives + seconds <= later:
                edges["at", number].append((("on", other), later))
        for zone, place in enumerate(places):
            if (seconds := _on_foot(place, stops[b], NEAR_M)) is not None:
                edges["at", number].append((("zone", zone), arrives + seconds))
    seen: dict[Any, int] = {}
    queue: list[tuple[int, str, Any]] = [(start, "start", "start")]
    while queue:
        time, _, node = heapq.heappop(queue)
        if node in seen:
            continue
        seen[node] = time
        for to, at in edges[node]:
            heapq.heappush(queue, (at, str(to), to))
    return {node[1]: time for node, time in seen.items() if node[0] == "zone"}


@given(timetable=_timetables(), start=st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_arrivals_are_those_of_the_time_expanded_graph(timetable: Timetable, start: int) -> None:
    zones = timetable.points[:2] + 0.001

    level = level_of_service(timetable, zones, after=start, before=start + 1, longest=300, access_m=NEAR_M)

    for origin in range(2):
        other = 1 - origin
        expected = _dijkstra(timetable, zones, origin, start * 60).get(other, math.inf)
        assert level.time[origin, other] == pytest.approx((expected - start * 60) / 60)
        if math.isfinite(expected):
            parts = (level.riding, level.walking, level.waiting)
            assert sum(part[origin, other] for part in parts) == pytest.approx(level.time[origin, other])
            assert all(part[origin, other] >= 0 for part in (*parts, level.transfers))


@pytest.mark.parametrize(
    ("field", "value"), [("before", 100.0), ("step", 0.0), ("longest", math.nan), ("access_m", -1.0), ("change", 0.0)]
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, field: str, value: float) -> None:
    options = {"after": 470.0, "before": 480.0, field: value}
    with pytest.raises(NetworkError) as error:
        level_of_service(read_timetable(written(tmp_path), MONDAY), AT_STOPS, **options)
    assert error.value.field == field
