"""The verbs of this programme: ask for a plan. Its results are written by the run (see `planning`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import service
from talkoot.core.compute.models import Run
from talkoot.core.compute.parameters import checked
from talkoot.core.compute.services import start_run
from talkoot.programmes.light_poles.engine import link_budget
from talkoot.programmes.light_poles.parameters import PARAMETERS, radio_of

PLAN = "light_poles.plan"


@service(PLAN)
def ask_for_plan(actor: Actor, parameters: Mapping[str, Any], scenario: str = "") -> Run:
    """Ask for a plan of which light poles carry transmitters; a job carries it out.

    Raises InvalidError by field, also where the bandwidth cannot carry the target at all.
    """
    require_possible(checked(PARAMETERS, parameters))
    return start_run(actor, PLAN, parameters, scenario)


def require_possible(parameters: Mapping[str, Any]) -> None:
    """Raise InvalidError where no link, however short, reaches the target."""
    most = link_budget.greatest_bit_rate_mbps(radio_of(parameters))
    if parameters["target_mbps"] > most:
        words = {"most": int(most), "bandwidth": f"{parameters['bandwidth_mhz']:g}"}
        problem = _("A bandwidth of %(bandwidth)s MHz carries at most %(most)d Mbit/s.") % words
        raise InvalidError("target_mbps", problem, _("Ask for less, or use more bandwidth."))
