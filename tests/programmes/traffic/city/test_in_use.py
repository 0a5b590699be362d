"""A model in the city's use: adopted, seen on roads through SensorThings, open data, the demo, a shell, uploads."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkoot.core.base.actors import operator
from talkoot.core.base.outbox import deliver_pending
from talkoot.core.compute import results
from talkoot.core.compute.models import Run, State
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Thing
from talkoot.programmes.traffic import demo, runs
from talkoot.programmes.traffic.cli import app
from talkoot.programmes.traffic.parameters import PROPERTIES
from talkoot.programmes.traffic.uploads import upload
from tests.core.observations.sta.conftest import Api

from .conftest import MakeRun, rows_of

pytestmark = pytest.mark.django_db(databases="__all__")

# Two zones, two ways from one to the other, one back.
NETWORK = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 4
<END OF METADATA>
~ init term capacity length time b power speed toll type ;
1 3 900 1.0 2.0 0.15 4 0 0 1 ;
3 2 900 1.0 2.0 0.15 4 0 0 1 ;
1 2 400 2.5 4.5 0.15 4 0 0 1 ;
2 1 900 2.0 3.0 0.15 4 0 0 1 ;
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 1500.0
<END OF METADATA>
Origin 1
2 : 1000.0;
Origin 2
1 : 500.0;
"""


@pytest.mark.usefixtures("no_readings")
def test_an_adopted_model_shows_on_its_roads(modelled: MakeRun, quarter: list[Thing]) -> None:
    run = modelled(hours=[7, 8])
    adopt(operator(), run)
    deliver_pending()
    road = quarter[-1]
    streams = Api().get(f"Things({road.pk})/Datastreams?$expand=Observations")["value"]
    flow = next(stream for stream in streams if stream["unitOfMeasurement"]["symbol"] == "veh/h")
    said = {one["phenomenonTime"][:13]: one for one in flow["Observations"]}
    for row in rows_of(run, "traffic.flow", road):
        shown = said[row["time"].isoformat()[:13]]
        assert shown["result"] == pytest.approx(row["value"])
        assert shown["parameters"] == {"low": pytest.approx(row["low"]), "high": pytest.approx(row["high"])}
    assert len(streams) == 6


def test_open_data_says_what_the_adopted_model_says(modelled: MakeRun, quarter: list[Thing]) -> None:
    assert list(runs.daily_rows()) == [] == list(runs.hourly_rows())
    run = modelled(hours=[7, 8])
    adopt(operator(), run)
    daily = {row["uid"]: row for row in runs.daily_rows()}
    hourly = list(runs.hourly_rows())
    assert len(daily) == len(quarter) and len(hourly) == 2 * len(quarter)
    road = str(quarter[-1].uid)
    assert daily[road]["flow"] == pytest.approx(sum(row["flow"] for row in hourly if row["uid"] == road), rel=1e-6)
    assert daily[road]["geometry"]["type"] == "LineString" and "speed" not in daily[road]
    assert all(row["co2_low"] <= row["co2"] <= row["co2_high"] and row["speed"] > 0.0 for row in hourly)


def test_the_demo_city_takes_its_first_model_into_use_once(quarter: list[Thing]) -> None:
    demo.first_model(lambda share, message: None)
    run = runs.adopted()
    assert run is not None and run.state == State.SUCCEEDED and len(results.plan(run, "summary")["hours"]) == 24
    demo.first_model(lambda share, message: None)
    assert Run.objects.count() == 1


def test_the_shell_asks_for_the_same(quarter: list[Thing], modelled: MakeRun, tmp_path: Path) -> None:
    arguments = [
        "model",
        "--hour",
        "8",
        "--date",
        "2026-03-02",
        "--ev-share",
        "0.5",
        "--json",
        str(tmp_path / "m.json"),
    ]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 0 and "synthetic vehicle trips" in ended.output
    report = json.loads((tmp_path / "m.json").read_text())
    assert report["co2_kg"] == modelled(ev_share=0.5).summary["co2_kg"] and report["parameters"]["ev_share"] == 0.5
    refused = CliRunner().invoke(app, ["model", "--close", "nowhere"])
    assert refused.exit_code == 2 and "nowhere" in refused.output


def test_every_parameter_has_an_option() -> None:
    text = CliRunner().invoke(app, ["model", "--help"], env={"COLUMNS": "200"}).output
    flags = {"closed_links": "--close", "toll_links": "--toll-link", "hours": "--hour"}
    assert all(flags.get(name, f"--{name.replace('_', '-')}") in text for name in PROPERTIES)


def test_an_uploaded_network_is_modelled_with_its_trips_and_counts(modelled: MakeRun) -> None:
    network = upload(operator(), "network", "Net", "net.tntp", io.BytesIO(NETWORK.encode()))
    trips = upload(operator(), "trips", "Trips", "trips.tntp", io.BytesIO(TRIPS.encode()))
    given = {"network": str(network.uid), "trips": str(trips.uid), "hours": [16]}
    run = modelled(**given)
    assert run.state == State.SUCCEEDED, run.error
    table = results.table(run, "links")
    assert "thing" not in table.column_names and set(table.column("link").to_pylist()) == {"1-3", "3-2", "1-2", "2-1"}
    flow = {row["link"]: row["value"] for row in table.to_pylist() if row["variable"] == "traffic.flow"}
    assert flow["1-3"] + flow["1-2"] == pytest.approx(1000.0) and flow["2-1"] == pytest.approx(500.0)
    assert set(run.inputs) == {"network", "trips"} and run.inputs["network"] == network.digest
    counts = upload(operator(), "counts", "Counts", "counts.csv", io.BytesIO(b"link,hour,count,sd\n2-1,16,700,20\n"))
    corrected = modelled(**given, counts=str(counts.uid))
    [row] = results.plan(corrected, "summary")["counts"]
    assert set(corrected.inputs) == {"network", "trips", "counts"}
    assert row["road"] == "2-1" and row["modelled"] == pytest.approx(700.0, abs=60.0)
    wrong = upload(operator(), "counts", "Counts", "counts.csv", io.BytesIO(b"link,hour,count,sd\n7-1,16,700,20\n"))
    refused = modelled(**given, counts=str(wrong.uid))
    assert refused.state == State.FAILED and "counts: No road of this network is called 7-1" in refused.error
