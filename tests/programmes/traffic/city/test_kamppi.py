"""The demo city's day of traffic: within its bar, warm, and of a size that an inner city has."""

from __future__ import annotations

import time

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.compute import results
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.core.register.demo import kamppi
from talkoot.core.register.importing.run import import_file
from talkoot.programmes.traffic.services import ask_for_model

from .conftest import QUICK

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases="__all__")]
BAR_SECONDS = 15.0


def test_a_day_of_kamppi_is_modelled_within_its_bar(system: Actor) -> None:
    import_file(system, kamppi())
    finish_run(ask_for_model(system, QUICK))  # compiles what is not compiled yet
    began = time.process_time()
    run = finish_run(ask_for_model(system, {"date": "2026-03-02"}))
    assert time.process_time() - began < BAR_SECONDS
    assert run.state == State.SUCCEEDED and run.summary["relative_gap"] <= 1e-6
    assert run.summary["vehicles_left_out"] == 0.0 and run.summary["vehicles"] > 50_000
    plan = results.plan(run, "summary")
    assert len(plan["hours"]) == 24 and plan["gateways"] >= 8
    grams = 1000.0 * run.summary["co2_kg"] / run.summary["vehicle_km"]
    assert 100.0 < grams < 400.0  # of a fleet in a city, heavy vehicles among it
    assert run.summary["co2_kg_low"] < run.summary["co2_kg"] < run.summary["co2_kg_high"]
