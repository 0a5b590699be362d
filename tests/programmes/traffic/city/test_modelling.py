"""A model's run, from the register to its results."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from talkoot.core.base.actors import Actor, operator
from talkoot.core.compute import progress, results
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.core.compute.services import cancel_job
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import change_thing
from talkoot.programmes.traffic.case import case_of_city
from talkoot.programmes.traffic.services import ask_for_model

from .conftest import QUICK, MakeRun, values

pytestmark = pytest.mark.django_db(databases="__all__")


def test_every_road_has_flow_speed_and_emissions_with_their_ranges(modelled: MakeRun, quarter: list[Thing]) -> None:
    run = modelled(hours=[8, 16])
    assert run.state == State.SUCCEEDED, run.error
    rows = results.table(run, "links").to_pylist()
    assert {row["thing"] for row in rows} == {str(road.uid) for road in quarter}
    assert len(rows) == len(quarter) * 2 * 6
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    assert {row["time"] for row in rows} == {datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (6, 14)}
    assert all((row["end"] - row["time"]).seconds == 3600 for row in rows)
    speeds = values(run, "traffic.speed")
    limits = {str(road.uid): road.attributes["speed_kmh"] for road in quarter}
    assert all(0.0 < speed <= limits[uid] + 1e-6 for uid, speed in speeds.items())
    assert run.summary["relative_gap"] <= 1e-6 and set(run.inputs) == {"building", "road_link"}


def test_what_comes_in_goes_out_and_what_drives_emits(modelled: MakeRun) -> None:
    run = modelled()
    plan = results.plan(run, "summary")
    zones = results.table(run, "zones").to_pylist()
    departures, arrivals = (sum(zone[name] for zone in zones) for name in ("departures", "arrivals"))
    assert departures == pytest.approx(arrivals, rel=1e-6)
    hour = plan["hours"][0]
    assert hour["vehicles"] + hour["left_out"] + hour["within_zones"] == pytest.approx(departures, abs=1.0)
    assert plan["left_out"] == {} and hour["left_out"] == 0.0
    km = sum(zone["vehicle_km"] for zone in zones)
    assert km == pytest.approx(hour["vehicle_km"], rel=1e-3)
    for name in ("co2", "nox", "pm_exhaust", "pm_non_exhaust"):
        of_links = sum(values(run, f"traffic.{name}").values())
        assert of_links > 0.0 and hour["emissions_g"][name]["value"] == pytest.approx(of_links, rel=1e-3)
        assert sum(zone[f"{name}_g"] for zone in zones) == pytest.approx(of_links, rel=1e-3)
        by_class = sum(found[name]["value"] for found in plan["classes_kg"].values())
        assert by_class == pytest.approx(plan["totals_kg"][name]["value"], abs=1e-3)


def test_the_same_seed_gives_the_same_and_another_one_other_ranges(modelled: MakeRun) -> None:
    first, second, other = modelled(), modelled(), modelled(seed=7)
    tables = [results.table(run, "links") for run in (first, second, other)]
    assert tables[0].equals(tables[1]) and first.inputs == second.inputs
    assert tables[0].column("value").equals(tables[2].column("value"))
    assert not tables[0].column("low").equals(tables[2].column("low"))


def test_scenarios_change_what_they_say(modelled: MakeRun, quarter: list[Thing]) -> None:
    base = modelled()
    more, electric, slow = modelled(demand_factor=1.5), modelled(ev_share=1.0), modelled(speed_factor=0.6)
    assert more.summary["vehicles"] == pytest.approx(1.5 * base.summary["vehicles"], rel=1e-3)
    assert more.summary["mean_speed_kmh"] <= base.summary["mean_speed_kmh"]
    assert electric.summary["co2_kg"] < base.summary["co2_kg"]
    assert electric.summary["vehicle_km"] == base.summary["vehicle_km"]
    assert slow.summary["mean_speed_kmh"] < base.summary["mean_speed_kmh"]
    road = str(max(quarter, key=lambda one: values(base, "traffic.flow")[str(one.uid)] * (one.pk < quarter[-2].pk)).uid)
    closed = modelled(closed_links=[road])
    assert values(closed, "traffic.flow")[road] == 0.0 < values(base, "traffic.flow")[road]
    assert closed.summary["vehicles"] == base.summary["vehicles"]
    tolled = modelled(toll_links=[road], toll_eur=50.0)
    assert values(tolled, "traffic.flow")[road] < values(base, "traffic.flow")[road]


def test_trips_without_a_way_are_told(modelled: MakeRun, quarter: list[Thing]) -> None:
    base, cut = modelled(), modelled(closed_links=[str(quarter[-1].uid)])  # a road that leads out
    assert cut.state == State.SUCCEEDED, cut.error
    assert cut.summary["vehicles_left_out"] > 0.0
    total = cut.summary["vehicles"] + cut.summary["vehicles_left_out"]
    assert total == pytest.approx(base.summary["vehicles"], abs=1.0)


def test_without_ways_out_trips_beyond_the_city_are_told(quarter: list[Thing], source: Source) -> None:
    for road in quarter[-2:]:
        change_thing(operator(), road, attributes={**road.attributes, "road_class": "residential"})
    case = case_of_city(ask_for_model(operator(), QUICK).parameters)
    assert not case.zones.is_gateway.any() and case.left_out["vehicles_without_gateway"] > 0
    assert case.of_hour(8).sum() > 0.0


@pytest.mark.parametrize("field", ["closed_links", "toll_links"])
def test_a_road_that_is_none_is_named(modelled: MakeRun, field: str) -> None:
    run = modelled(**{field: ["nowhere"]})
    assert run.state == State.FAILED and f"{field}: No road of this network is called nowhere" in run.error


def test_an_empty_register_says_what_to_do(system: Actor) -> None:
    run = finish_run(ask_for_model(system, QUICK))
    assert run.state == State.FAILED and "neither traffic zones nor buildings" in run.error


def test_a_model_is_cancelled_on_its_way(quarter: list[Thing], system: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)  # this quarter is modelled faster than progress is told
    run = ask_for_model(system, QUICK)

    def show(share: float, message: str) -> None:
        job = results.job_of(run)
        if share < 1.0 and job is not None and not job.cancel_requested:
            cancel_job(system, job)

    assert finish_run(run, show).state == State.CANCELLED and not run.results.exists()


def test_ctrl_c_in_the_midst_of_an_hour_cancels(
    quarter: list[Thing], system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask_for_model(system, {**QUICK, "demand_factor": 5.0, "gap": 1e-12})

    def show(share: float, message: str) -> None:
        if "relative gap" in message and "1.0e+00" not in message:  # where an hour's search tells its gap
            raise KeyboardInterrupt

    monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        finish_run(run, show)
    run.refresh_from_db()
    assert run.state == State.CANCELLED and not run.results.exists()


def test_trips_follow_the_profile_and_are_as_many_each_way(quarter: list[Thing]) -> None:
    case = case_of_city(ask_for_model(operator(), {**QUICK, "cell_m": 100.0}).parameters)
    hours = [case.of_hour(hour) for hour in range(24)]
    assert hours[16].sum() > hours[8].sum() > hours[3].sum() > 0.0
    inner = ~case.zones.is_gateway
    within = hours[8][np.ix_(inner, inner)]
    assert np.allclose(within, within.T) and within.sum() > 0.0
    assert sum(case.modes.values()) == pytest.approx(1.0)
    assert not hours[8][np.ix_(~inner, ~inner)].diagonal().any()
