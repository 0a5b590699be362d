"""Timetables read from GTFS."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from talkoot.programmes.traffic.engine.los.gtfs import Timetable, read_timetable
from talkoot.programmes.traffic.engine.network import NetworkError

MONDAY = date(2026, 3, 2)
FEED = {
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon,location_type
A,First,60.170,24.930,
B,Second,60.170,24.980,0
C,Third,60.170,25.030,
hall,The station,60.170,24.930,1
""",
    "trips.txt": """route_id,service_id,trip_id
1,week,early
1,week,late
1,weekend,sunday
2,week,shuttle
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type
early,8:00:00,8:00:00,A,1,,
early,8:20:00,8:20:00,C,3,,
early,,,B,2,,
late,23:50:00,23:50:00,A,10,,
late,24:10:00,24:11:00,B,20,1,0
late,24:30:00,24:30:00,C,30,,
sunday,08:00:00,08:00:00,A,1,,
sunday,08:20:00,08:20:00,B,2,,
shuttle,00:00:00,00:00:00,C,1,,
shuttle,00:05:00,00:05:00,B,2,,
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
week,1,1,1,1,1,0,0,20260101,20261231
weekend,0,0,0,0,0,1,1,20260101,20261231
""",
    "calendar_dates.txt": "service_id,date,exception_type\nweek,20260301,1\nweekend,20260301,2\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nshuttle,09:00:00,09:30:00,600\n",
    "transfers.txt": """from_stop_id,to_stop_id,transfer_type,min_transfer_time
A,B,2,240
B,A,3,
B,B,2,90
A,C,4,
""",
}


def written(folder: Path, **changed: str) -> Path:
    """Write the feed with some files changed; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**FEED, **{f"{stem}.txt": text for stem, text in changed.items()}}.items():
        (folder / name).write_text(text)
    return folder


def _rides(timetable: Timetable) -> list[tuple[str, str, float, float]]:
    """Return from, to, departure and arrival in minutes."""
    each = timetable.connections
    return [
        (timetable.stops[a], timetable.stops[b], leaves / 60, arrives / 60)
        for a, b, leaves, arrives in zip(each.from_stop, each.to_stop, each.departure, each.arrival, strict=True)
    ]


def test_what_runs_on_a_day_is_read_with_the_vehicles_of_the_day_before(tmp_path: Path) -> None:
    """Sunday before, the week's trips ran by exception: the late one is on its way after midnight."""
    timetable = read_timetable(written(tmp_path), MONDAY)

    assert timetable.stops == ["A", "B", "C"]
    assert _rides(timetable) == [
        ("A", "B", -10, 10),
        ("B", "C", 11, 30),
        ("A", "B", 480, 490),
        ("B", "C", 490, 500),
        ("C", "B", 540, 545),
        ("C", "B", 550, 555),
        ("C", "B", 560, 565),
        ("A", "B", 1430, 1450),
        ("B", "C", 1451, 1470),
    ]
    assert timetable.connections.boards.tolist() == [True, False, *[True] * 6, False]
    assert timetable.trips == 6
    assert timetable.transfers == {(0, 1): 240, (1, 0): None, (1, 1): 90}
    assert timetable.unread == {"transfers": 1}


def test_a_zip_is_read_as_a_folder_is(tmp_path: Path) -> None:
    written(tmp_path / "feed")
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as packed:
        for name in FEED:
            packed.write(tmp_path / "feed" / name, name)

    assert _rides(read_timetable(tmp_path / "feed.zip", MONDAY)) == _rides(read_timetable(tmp_path / "feed", MONDAY))


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("stops", "60.170,24.980", "160.170,24.980", "stops.txt line 3, stop_lat: 160.170 is out of range"),
        ("stops", "B,Second", "A,Second", "stops.txt line 3, stop_id: 'A' is a stop already"),
        ("stop_times", "8:20:00,8:20:00,C", "8:61:00,8:20:00,C", "stop_times.txt line 3, arrival_time: '8:61:00'"),
        ("stop_times", "8:20:00,8:20:00,C", "8:20:00,8:10:00,C", "line 3, departure_time: it is before the arrival"),
        ("stop_times", "8:20:00,8:20:00,C", "7:20:00,7:20:00,C", "line 3, arrival_time: the vehicle arrives before"),
        ("stop_times", "8:20:00,8:20:00,C", ",,C", "line 3, arrival_time: the first and last stop of a trip"),
        ("stop_times", "8:20:00,C", "8:20:00,X", "stop_times.txt line 3, stop_id: there is no stop 'X'"),
        ("stop_times", "C,3,,", "C,three,,", "stop_times.txt line 3, stop_sequence: 'three' is no number"),
        ("stop_times", "C,3,,", "C,3,9,", "stop_times.txt line 3, pickup_type: '9' is not known"),
        ("trips", "1,week,late", "1,week,early", "trips.txt line 3, trip_id: 'early' is a trip already"),
        ("calendar", "20260101,20261231\nweekend", "soon,20261231\nweekend", "calendar.txt line 2, start_date: 'soon'"),
        ("calendar_dates", "exception_type", "kind", "calendar_dates.txt line 1: there is no column exception_type"),
        ("frequencies", "600", "0", "frequencies.txt line 2, headway_secs: 0 is out of range"),
        ("frequencies", "09:30:00", "08:30:00", "frequencies.txt line 2, end_time: it is before the start"),
        ("frequencies", "09:30:00,600", "99:30:00,0.5", "frequencies.txt line 2, headway_secs: 0.5 is out of range"),
        ("transfers", "240", "9999999999", "transfers.txt line 2, min_transfer_time: 9999999999 is out of range"),
        ("transfers", "240", "-1", "transfers.txt line 2, min_transfer_time: -1 is out of range"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_field(
    tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    text = FEED[f"{file}.txt"]
    assert old in text
    folder = written(tmp_path, **{file: text.replace(old, new, 1)})
    with pytest.raises(NetworkError) as error:
        read_timetable(folder, MONDAY)
    assert says in str(error.value) and error.value.fix


def test_a_zip_that_is_broken_inside_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "feed.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in FEED.items():
            packed.writestr(name, text)
    raw = bytearray((tmp_path / "feed.zip").read_bytes())
    raw[40:80] = b"\xff" * 40
    (tmp_path / "feed.zip").write_bytes(raw)
    with pytest.raises(NetworkError, match="cannot be unpacked"):
        read_timetable(tmp_path / "feed.zip", MONDAY)


def test_a_day_on_which_nothing_runs_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    with pytest.raises(NetworkError, match="nothing runs on 2031-01-01"):
        read_timetable(folder, date(2031, 1, 1))
    (folder / "stop_times.txt").unlink()
    with pytest.raises(NetworkError, match=r"there is no stop_times\.txt"):
        read_timetable(folder, MONDAY)
