"""`talkoot traffic correct`: files in, corrected trips and how counts are met out, without a city."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from talkoot.programmes.traffic.cli_correct import counts_from
from talkoot.programmes.traffic.engine.files import network_from
from talkoot.programmes.traffic.engine.network import NetworkError
from tests.cities import environment_of, talkoot
from tests.programmes.traffic.engine.test_tntp import NETWORK, TRIPS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a network and its trips."""
    (tmp_path / "net.tntp").write_text(NETWORK)
    (tmp_path / "trips.tntp").write_text(TRIPS)
    return tmp_path


def test_it_writes_trips_nearer_to_the_counts_that_it_reads_again(folder: Path) -> None:
    (folder / "counts.csv").write_text("from,to,count,sd\n1,3,14,0.5\n2,1,20,\n")
    files = {"network": "net.tntp", "trips": "trips.tntp", "counts": "counts.csv", "out": "out.csv", "json": "out.json"}
    options = [part for name, file in files.items() for part in (f"--{name}", str(folder / file))]
    done = talkoot(environment_of(folder / "home"), "traffic", "correct", *options)
    assert done.returncode == 0, done.stderr
    assert not (folder / "home").exists()
    told = json.loads((folder / "out.json").read_text())
    assert told["converged"]
    first = told["counts"][0]
    assert (first["from"], first["to"], first["counted"], first["before"]) == ("1", "3", 14.0, pytest.approx(10.0))
    assert first["after"] == pytest.approx(14.0, abs=0.5)
    rows = list(csv.DictReader((folder / "out.csv").open()))
    assert sum(float(row["volume"]) for row in rows) == pytest.approx(told["trips"])
    assert all(float(row["low"]) < float(row["volume"]) < float(row["high"]) for row in rows)
    done = talkoot(
        environment_of(folder / "home"), "traffic", "correct", *options[:3], str(folder / "out.csv"), *options[4:]
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("1,9,5,1", "no link leads from 1 to 9"),
        ("1,3,5,1\n1,3,6,1", "1 to 3 is counted already"),
        ("1,3,many,1", "count"),
        ("1,3,,1", "count"),
    ],
)
def test_counts_that_make_no_sense_are_named_with_their_line(folder: Path, rows: str, says: str) -> None:
    (folder / "counts.csv").write_text(f"from,to,count,sd\n{rows}\n")
    with pytest.raises(NetworkError, match=says):
        counts_from(folder / "counts.csv", network_from(folder / "net.tntp"))
