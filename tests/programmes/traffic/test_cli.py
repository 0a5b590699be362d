"""`talkoot traffic assign`: files in, figures and flows out, without a city."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cities import environment_of, talkoot
from tests.programmes.traffic.engine.test_tntp import NETWORK, TRIPS


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Options that name a network and its trips."""
    (tmp_path / "net.tntp").write_text(NETWORK)
    (tmp_path / "trips.tntp").write_text(TRIPS)
    return ["--network", str(tmp_path / "net.tntp"), "--trips", str(tmp_path / "trips.tntp")]


def test_it_writes_figures_and_flows_and_makes_no_city(files: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    written = ["--flows", str(tmp_path / "flows.csv"), "--json", str(tmp_path / "figures.json")]
    done = talkoot(environment_of(home), "traffic", "assign", *files, "--gap", "1e-9", *written)
    assert done.returncode == 0, done.stderr
    assert not home.exists()
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert {"objective", "relative_gap", "iterations", "cpu_seconds", "wall_seconds", "peak_memory_mb"} <= set(figures)
    assert figures["converged"] and figures["relative_gap"] <= 1e-9
    rows = list(csv.DictReader((tmp_path / "flows.csv").open()))
    assert [(row["from"], row["to"], float(row["flow"])) for row in rows] == [
        ("1", "3", 10.0), ("3", "2", 10.0), ("2", "1", 20.0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--gap", "0"], "--gap: 0.0 makes no sense"),
        (["--demand-factor", "nan"], "--demand-factor: nan makes no sense"),
        (["--toll-weight", "-1"], "--toll-weight: -1.0 makes no sense"),
    ],
)
def test_wrong_options_end_it_in_one_line(files: list[str], tmp_path: Path, options: list[str], says: str) -> None:
    done = talkoot(environment_of(tmp_path / "home"), "traffic", "assign", *files, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"talkoot: {says}")


def test_it_reads_gmns_and_tells_flows_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "node.csv").write_text("node_id,node_type,zone_id\na,centroid,West\nb,,\nc,centroid,East\n")
    links = (
        "link_id,from_node_id,to_node_id,directed,length,free_speed,capacity\n1,a,b,true,1,60,100\n2,b,c,true,2,60,9\n"
    )
    (tmp_path / "link.csv").write_text(links)
    (tmp_path / "demand.csv").write_text("origin,destination,volume\nWest,East,5\n")
    files = ["--network", str(tmp_path), "--trips", str(tmp_path / "demand.csv"), "--flows", "-"]

    done = talkoot(environment_of(tmp_path / "home"), "traffic", "assign", *files)

    assert done.returncode == 0, done.stderr
    assert [line.split(",")[:3] for line in done.stdout.splitlines()[1:3]] == [["a", "b", "5.0"], ["b", "c", "5.0"]]
