"""`talkoot traffic emissions`: a network, its flows and a fleet in; grams of links and totals out, without a city."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkoot.programmes.traffic.cli import app
from tests.cities import environment_of, talkoot
from tests.programmes.traffic.engine.test_tntp import NETWORK

FLOWS = "from,to,flow,time\n1,3,600,2\n3,2,600,1.5\n2,1,0,1\n"
FLEET = "vehicle,fuel,euro,share\ncar,petrol,euro6,0.6\ncar,electric,,0.4\n"


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """Options that name flows, their network and the unit of its lengths."""
    (tmp_path / "net.tntp").write_text(NETWORK)
    (tmp_path / "flows.csv").write_text(FLOWS)
    named = ["--flows", str(tmp_path / "flows.csv"), "--network", str(tmp_path / "net.tntp")]
    return [*named, "--length-unit", "km"]


def test_it_writes_grams_of_links_that_add_up_to_the_totals_and_makes_no_city(
    options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    written = ["--fleet", str(tmp_path / "fleet.csv"), "--out", str(tmp_path / "out.csv")]
    done = talkoot(
        environment_of(tmp_path / "home"),
        "traffic",
        "emissions",
        *options,
        *written,
        "--json",
        str(tmp_path / "t.json"),
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "home").exists()
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [(row["from"], row["to"]) for row in rows] == [("1", "3"), ("3", "2"), ("2", "1")]
    totals = json.loads((tmp_path / "t.json").read_text())
    for name, each in totals["grams_an_hour"].items():
        assert sum(float(row[f"{name}_value"]) for row in rows) == pytest.approx(each["value"])
        assert each["low"] <= each["value"] <= each["high"]
    assert set(totals["by_class"]) == {"car"}
    assert rows[2]["speed_kmh"] == "" and float(rows[2]["nox_high"]) == 0


@pytest.mark.parametrize(
    ("flows", "fleet", "more", "says"),
    [
        (FLOWS.replace("600,2", "many,2"), FLEET, [], "flows.csv, line 2, flow: 'many' is no number"),
        (FLOWS.replace("2,1,0,1\n", ""), FLEET, [], "1 links have no flow, the first is 2 to 1"),
        (FLOWS + "3,1,1,1\n", FLEET, [], "line 5: the network has no link from 3 to 1"),
        (FLOWS.replace("3,2,", "1,3,"), FLEET, [], "line 3: 1 to 3 is there twice"),
        (FLOWS, FLEET.replace("0.4", "0.3"), [], "the shares of the fleet add to 0.9, not to 1"),
        (FLOWS.replace("600,1.5", "600,0.01").replace("600,2", "600,0.01"), FLEET, [], "Give another unit"),
        (FLOWS, FLEET, ["--factors", "{flows}"], "no row names the columns"),
    ],
)
def test_wrong_input_ends_it_in_one_line(
    options: list[str], tmp_path: Path, flows: str, fleet: str, more: list[str], says: str
) -> None:
    (tmp_path / "flows.csv").write_text(flows)
    (tmp_path / "fleet.csv").write_text(fleet)
    named = [each.format(flows=tmp_path / "flows.csv") for each in more]
    done = CliRunner().invoke(app, ["emissions", *options, "--fleet", str(tmp_path / "fleet.csv"), *named])
    assert done.exit_code == 2
    assert done.stderr.startswith("talkoot: ") and says in done.stderr
