"""The demo city's first model of traffic: made and taken into use once."""

from __future__ import annotations

from collections.abc import Callable

from talkoot.core.base.actors import operator
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.core.compute.services import adopt
from talkoot.programmes.traffic import runs
from talkoot.programmes.traffic.services import ask_for_model


def first_model(progress: Callable[[float, str], None]) -> None:
    """Model the city's traffic and adopt the model; where one is in use already, nothing is done."""
    if runs.adopted() is not None:
        return
    run = finish_run(ask_for_model(operator(), {}), progress)
    if run.state == State.SUCCEEDED:
        adopt(operator(), run)
