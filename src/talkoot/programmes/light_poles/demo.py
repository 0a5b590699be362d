"""The demo city's first plan: made and taken into use once."""

from __future__ import annotations

from collections.abc import Callable

from talkoot.core.base.actors import operator
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.core.compute.services import adopt
from talkoot.programmes.light_poles import plans
from talkoot.programmes.light_poles.services import ask_for_plan


def first_plan(progress: Callable[[float, str], None]) -> None:
    """Plan the city's poles and adopt the plan; where one is in use already, nothing is done."""
    if plans.adopted() is not None:
        return
    run = finish_run(ask_for_plan(operator(), {}), progress)
    if run.state == State.SUCCEEDED:
        adopt(operator(), run)
