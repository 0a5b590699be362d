"""A plan's run, from the register to its results."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pytest_django import DjangoAssertNumQueries

from talkoot.core.base.actors import Actor, operator
from talkoot.core.compute import progress, results
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.core.compute.services import cancel_job
from talkoot.core.register.metres import to_metres
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import change_thing
from talkoot.programmes.light_poles import planning, plans
from talkoot.programmes.light_poles.city import read_city
from talkoot.programmes.light_poles.services import ask_for_plan

from .conftest import LAMPS, QUICK, MakeRun, add_block, add_lamp

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_share_asked_for_is_covered_with_a_bound(planned: MakeRun, quarter: list[Thing]) -> None:
    run = planned()
    assert run.state == State.SUCCEEDED, run.error
    told = plans.content(run)
    assert told["covered_share"] >= 0.8 and 1 <= told["lower_bound"] <= told["poles"] == len(told["chosen"])
    assert told["covered_share_low"] <= told["covered_share"] <= told["covered_share_high"] <= 1.0
    assert {pole["uid"] for pole in told["chosen"]} <= {str(lamp.uid) for lamp in quarter}
    assert told["chosen"][-1]["share_so_far"] == told["covered_share"] == run.summary["covered_share"]
    adds = [pole["adds_m2"] for pole in told["chosen"]]
    assert adds == sorted(adds, reverse=True) and sum(adds) == pytest.approx(
        told["covered_share"] * told["outdoor_m2"], rel=1e-3
    )
    assert set(run.inputs) == {"street_lamp", "building", "water"}


def test_the_same_city_gives_the_same_plan(planned: MakeRun) -> None:
    first, second = planned(), planned()
    assert plans.content(first) == plans.content(second) and first.inputs == second.inputs


def test_the_pool_gives_the_same_plan(planned: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    here = plans.content(planned())
    monkeypatch.setattr(planning, "WORTH_A_POOL", 0)
    assert plans.content(planned()) == here


def test_more_power_never_needs_more_poles(planned: MakeRun) -> None:
    weak, strong = planned(eirp_class="E2"), planned(eirp_class="E10")
    assert strong.summary["lower_bound"] <= weak.summary["poles"]
    assert strong.summary["poles"] <= weak.summary["poles"]


def test_the_bit_rate_lies_outdoors_and_in_its_range(planned: MakeRun) -> None:
    run = planned()
    rates = results.table(run, "bit_rate").to_pydict()
    low, median, high = (np.array(rates[name]) for name in ("low", "bit_rate_mbps", "high"))
    assert np.all(low <= median) and np.all(median <= high)
    assert (median >= 300.0).mean() >= 0.8
    blocks = shapely.union_all([thing.shape for thing in Thing.objects.filter(kind="building")]).buffer(-2e-6)
    assert not shapely.contains_xy(blocks, rates["lon"], rates["lat"]).any()
    areas = results.paths(run, "bit_rate_areas")["features"]
    shapes = {feature["properties"]["class"]: shapely.geometry.shape(feature["geometry"]) for feature in areas}
    edges = plans.content(run)["bit_rate_edges"]
    for at in range(0, median.size, 37):
        inside = {
            number
            for number, shape in shapes.items()
            if shape.covers(shapely.Point(rates["lon"][at], rates["lat"][at]))
        }
        expected = {number for number in range(len(edges) - 1) if edges[number] <= median[at] < edges[number + 1]}
        assert inside == expected


def test_each_building_has_the_bit_rate_beside_it(planned: MakeRun, quarter: list[Thing]) -> None:
    run = planned()
    rows = results.table(run, "buildings").to_pylist()
    blocks = {str(thing.uid): thing.shape for thing in Thing.objects.filter(kind="building")}
    assert {row["thing"] for row in rows} == set(blocks)
    rates = results.table(run, "bit_rate").to_pydict()
    places = to_metres(np.array(shapely.points(rates["lon"], rates["lat"])))
    for row in rows:
        assert row["variable"] == "light_poles.bit_rate" and row["low"] <= row["value"] <= row["high"]
        near = shapely.dwithin(places, to_metres(np.array([blocks[row["thing"]]]))[0], planning.BESIDE_M)
        assert row["value"] == pytest.approx(np.median(np.array(rates["bit_rate_mbps"])[near]), abs=30.0)


def test_a_share_beyond_reach_says_how_much_can_be_had(planned: MakeRun) -> None:
    run = planned(coverage=1.0, margin_db=25)
    assert run.state == State.FAILED and not run.results.exists()
    assert "coverage: All light poles together cover" in run.error and "percent" in run.error


def test_without_light_poles_it_says_what_to_do(system: Actor) -> None:
    run = finish_run(ask_for_plan(system, QUICK))
    assert run.state == State.FAILED and "no light poles yet" in run.error


def test_an_unknown_height_is_assumed_and_told(source: Source) -> None:
    add_block(source, 0, 0)
    for x, y in LAMPS[:3]:
        add_lamp(source, x, y)
    city = read_city({**ask_for_plan(operator(), QUICK).parameters, "antenna_height_m": 7.5})
    assert set(city.lamps[:, 2]) == {7.5}
    assert city.assumptions == {"lamp_heights": 3, "building_heights": 1}


def test_poles_too_low_for_the_class_and_poles_indoors_are_told(source: Source) -> None:
    add_block(source, 0, 0)
    add_lamp(source, -5, 10, height_m=2.0)
    add_lamp(source, -5, 20, height_m=6.0)
    add_lamp(source, 40, 30, height_m=6.0)
    parameters = ask_for_plan(operator(), QUICK).parameters
    city = read_city(parameters)
    assert len(city.lamps) == 2
    assert city.assumptions["lamps_unfit"] == 1 and city.assumptions["lamps_indoors"] == 1
    assert len(read_city({**parameters, "eirp_class": "E2"}).lamps) == 3


def test_a_changed_register_has_another_digest(quarter: list[Thing]) -> None:
    parameters = ask_for_plan(operator(), QUICK).parameters
    before = read_city(parameters).digests
    change_thing(operator(), quarter[0], attributes={"height_m": 8.0})
    after = read_city(parameters).digests
    assert after["street_lamp"] != before["street_lamp"] and after["building"] == before["building"]


def test_a_grid_too_fine_for_the_city_is_refused(source: Source) -> None:
    add_lamp(source, 0, 0, height_m=6.0)
    add_lamp(source, 60_000, 60_000, height_m=6.0)
    run = finish_run(ask_for_plan(operator(), {**QUICK, "grid_m": 2}))
    assert run.state == State.FAILED and "grid_m: A grid this fine" in run.error


def test_reading_the_city_takes_the_same_queries_for_any_number(
    quarter: list[Thing], source: Source, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    parameters = ask_for_plan(operator(), QUICK).parameters
    with django_assert_num_queries(5):
        read_city(parameters)
    for x in range(300, 330, 3):
        add_lamp(source, x, 0, height_m=6.0)
    with django_assert_num_queries(5):
        read_city(parameters)


def test_a_plan_is_cancelled_on_its_way(quarter: list[Thing], system: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)  # this quarter is planned faster than progress is told
    run = ask_for_plan(system, QUICK)

    def show(share: float, message: str) -> None:
        job = results.job_of(run)
        if share < 1.0 and job is not None and not job.cancel_requested:
            cancel_job(system, job)

    assert finish_run(run, show).state == State.CANCELLED and not run.results.exists()
