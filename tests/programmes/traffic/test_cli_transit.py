"""`talkoot traffic transit`: a timetable in, minutes between zones out, without a city."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkoot.programmes.traffic.cli import app
from tests.programmes.traffic.engine.los.test_gtfs import written

ZONES = "zone,lon,lat\nWest,24.93,60.17\nMiddle,24.98,60.17\nEast,25.03,60.17\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Options that name a timetable, zones and a window."""
    (tmp_path / "zones.csv").write_text(ZONES)
    named = ["--gtfs", str(written(tmp_path / "feed")), "--zones", str(tmp_path / "zones.csv")]
    return [*named, "--date", "2026-03-02", "--after", "07:50", "--before", "07:51"]


def test_it_writes_minutes_and_figures_and_names_pairs_that_no_journey_joins(files: list[str], tmp_path: Path) -> None:
    written_to = ["--matrix", str(tmp_path / "out.csv"), "--json", str(tmp_path / "figures.json")]

    done = CliRunner().invoke(app, ["transit", *files, *written_to])

    assert done.exit_code == 0, done.output
    rows = {(row["origin"], row["destination"]): row for row in csv.DictReader((tmp_path / "out.csv").open())}
    assert float(rows["West", "East"]["time"]) == pytest.approx(30 + 1 / 60)
    assert rows["Middle", "West"]["time"] == "inf" and len(rows) == 6
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["trips"], figures["zones"], figures["unread"]) == (6, 3, {"transfers": 1})
    assert "No journey leads from Middle to West" in done.output


@pytest.mark.parametrize(
    ("zones", "says"),
    [
        (ZONES + "West,24.9,60\n", "zones.csv line 5, zone: 'West' is a zone already"),
        (ZONES + "North,24.9,160\n", "zones.csv line 5, lat: 160 is out of range"),
        (ZONES + "North,,60\n", "zones.csv line 5, lon: it is empty"),
        ("zone,lon,lat\n", "zones.csv: it has 0 zones"),
        ("zone,x,y\n", "zones.csv line 1: there is no column lon"),
    ],
)
def test_wrong_zones_end_it_in_one_line(files: list[str], tmp_path: Path, zones: str, says: str) -> None:
    (tmp_path / "zones.csv").write_text(zones)

    done = CliRunner().invoke(app, ["transit", *files])

    assert done.exit_code == 2 and f"talkoot: {says}" in done.output
