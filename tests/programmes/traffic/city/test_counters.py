"""Counters beside the roads: whose counts are heard, and what they make of the demand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from django.conf import settings
from django.utils import timezone

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.text import Text
from talkoot.core.compute import results
from talkoot.core.compute.models import State
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.readings import write
from talkoot.core.observations.services import add_datastream, add_observed_property, add_sensor
from talkoot.core.observations.store.batch import Batch
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing, ensure_source
from talkoot.programmes.traffic.counters import VARIABLE, counters_at

from .conftest import BLOCK_M, MAIN, MakeRun, placed, rows_of

pytestmark = pytest.mark.django_db(databases="__all__")

INTERVAL = 1200.0  # seconds: three readings an hour


def add_counter(x: float, y: float, *, interval: float | None = INTERVAL, is_public: bool = True) -> Datastream:
    """Add a simulated counter of vehicles at metres from the quarter's corner."""
    source = ensure_source(operator(), code="play", name=Text(en="Play"), licence="CC0-1.0", simulated=True)
    thing = add_thing(
        operator(), kind="thing", name=Text(en="Counter"), source=source, geometry=placed(shapely.Point(x, y))
    )
    definition = f"{settings.BASE_URI}/variables/{VARIABLE}"
    sensor = add_sensor(operator(), name="Loop", encoding_type="text/plain", metadata="none")
    counted = add_observed_property(operator(), name="Vehicles", definition=f"{definition}")
    return add_datastream(
        operator(),
        thing=thing,
        sensor=sensor,
        observed_properties=[counted],
        name="Vehicles",
        observation_types=["http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"],
        units=[{"name": "1", "symbol": "", "definition": "https://ucum.org/ucum#1"}],
        source=source,
        interval=interval,
        is_public=is_public,
    )


def count(stream: Datastream, of_hour: dict[int, float], *, days: int = 8) -> None:
    """Let a counter have counted so many vehicles in hours of each of the last days."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    moments, counted = [], []
    for day in range(1, days):
        for hour, vehicles in of_hour.items():
            for part in range(3):
                moments.append(microseconds(today - timedelta(days=day) + timedelta(hours=hour, minutes=20 * part)))
                counted.append(vehicles / 3)
    write(Batch.of([stream.pk] * len(moments), moments, counted))


def heard(quarter: list[Thing], actor: Actor, days: int = 7) -> Any:
    """Return what counters say of the quarter's roads."""
    shapes = np.array([road.shape for road in quarter], object)
    return counters_at([str(road.uid) for road in quarter], shapes, actor, days)


@pytest.mark.usefixtures("no_readings")
def test_a_counter_speaks_of_the_road_beside_it_by_the_hour(quarter: list[Thing]) -> None:
    main = add_counter(1.5 * BLOCK_M, MAIN * BLOCK_M + 4.0)
    count(main, {8: 900.0, 16: 1200.0})
    count(add_counter(-200.0, 300.0), {8: 500.0})  # at no road
    count(add_counter(60.0, 2.0, interval=None), {8: 500.0})  # who knows what it counts in
    private = add_counter(60.0, 3 * BLOCK_M, is_public=False)
    count(private, {8: 300.0})
    [counter] = heard(quarter, Actor())
    road = next(one for one in quarter if str(one.uid) == counter.road)
    assert road.attributes["road_class"] == "primary" and counter.simulated
    assert counter.flow[8] == pytest.approx(900.0) and counter.flow[16] == pytest.approx(1200.0)
    assert np.isnan(counter.flow[3]) and counter.sd[8] == pytest.approx(45.0)
    assert len(heard(quarter, operator())) == 2 and heard(quarter, operator(), days=0) == []


@pytest.mark.usefixtures("no_readings")
def test_demand_is_brought_to_the_counts_and_surer_by_them(modelled: MakeRun, quarter: list[Thing]) -> None:
    before = modelled(hours=[8, 16], count_days=0)
    way_out = quarter[-1]  # all of what drives there passes the counter
    [_, estimated] = rows_of(before, "traffic.flow", way_out)
    counted = 1.4 * estimated["value"]
    count(add_counter(3 * BLOCK_M + 150.0, MAIN * BLOCK_M), {8: 0.5 * counted, 16: counted})
    after = modelled(hours=[8, 16])
    assert after.state == State.SUCCEEDED, after.error
    plan = results.plan(after, "summary")
    assert plan["counts_simulated"] and {row["hour"] for row in plan["counts"]} == {8, 16}
    assert all(row["geh"] < 5.0 for row in plan["counts"]) and after.summary["counts_met"] == 2
    assert plan["counts_met"] == {"before": 0.0, "after": 1.0}
    [morning, evening] = rows_of(after, "traffic.flow", way_out)
    assert evening["value"] == pytest.approx(counted, rel=0.1)
    assert morning["value"] == pytest.approx(0.5 * counted, rel=0.1)
    assert morning["high"] / morning["low"] < estimated["high"] / estimated["low"]
    assert after.inputs["counts"] and "counts" not in before.inputs


@pytest.mark.usefixtures("no_readings")
def test_on_a_network_too_large_to_correct_counts_are_compared(
    modelled: MakeRun, quarter: list[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkoot.programmes.traffic.correcting.MOST_LINKS", 10)
    count(add_counter(3 * BLOCK_M + 150.0, MAIN * BLOCK_M), {8: 5000.0})
    run = modelled()
    plan = results.plan(run, "summary")
    assert plan["counts_hour"] is None and plan["counts"][0]["geh"] > 5.0
    assert run.summary["vehicles"] == modelled(count_days=0).summary["vehicles"]
