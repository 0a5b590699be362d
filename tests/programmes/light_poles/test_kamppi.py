"""The demo city's plan: within its bar, warm, and as good as it is known to be."""

from __future__ import annotations

import time

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.core.register.demo import kamppi
from talkoot.core.register.importing.run import import_file
from talkoot.programmes.light_poles.services import ask_for_plan

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases="__all__")]
BAR_SECONDS = 30.0


def test_kamppi_is_planned_within_its_bar(system: Actor) -> None:
    import_file(system, kamppi())
    finish_run(ask_for_plan(system, {"time_limit_s": 1}))  # compiles what is not compiled yet
    began = time.process_time()
    run = finish_run(ask_for_plan(system, {}))
    assert time.process_time() - began < BAR_SECONDS
    assert run.state == State.SUCCEEDED and run.summary["covered_share"] >= 0.9
    assert 24 <= run.summary["lower_bound"] <= run.summary["poles"] <= 27
