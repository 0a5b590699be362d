"""The verbs of this programme: ask for a model of the city's traffic. Its results are written by the run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.services import service
from talkoot.core.compute.models import Run
from talkoot.core.compute.parameters import checked
from talkoot.core.compute.services import start_run
from talkoot.programmes.traffic import uploads
from talkoot.programmes.traffic.models import TrafficInput
from talkoot.programmes.traffic.parameters import PARAMETERS

MODEL = "traffic.model"


@service("traffic.plan")
def ask_for_model(actor: Actor, parameters: Mapping[str, Any], scenario: str = "") -> Run:
    """Ask for a model of the city's traffic and emissions; a job carries it out.

    Raises InvalidError by field, also for a day that is none, and uploaded trips without the network they are on.
    """
    require_possible(checked(PARAMETERS, parameters))
    return start_run(actor, MODEL, parameters, scenario)


def require_possible(parameters: Mapping[str, Any]) -> None:
    """Raise InvalidError where parameters contradict one another, name no day or what was not uploaded."""
    day_of(parameters)
    if parameters["trips"] and not parameters["network"]:
        problem = _("These trips are between the zones of a network that was uploaded too.")
        raise InvalidError("network", problem, _("Name the network, or leave the trips empty."))
    if parameters["network"] and not parameters["trips"]:
        problem = _("Trips cannot be estimated for an uploaded network.")
        raise InvalidError("trips", problem, _("Upload trips between its zones, and name them."))
    for kind in TrafficInput.Kind.values:
        _require_upload(kind, parameters[kind])


def _require_upload(kind: str, uid: str) -> None:
    try:
        if uid:
            uploads.find(uid, kind)
    except NotFoundError as error:
        raise InvalidError(kind, str(error), _("Name one that was uploaded, or none.")) from error


def day_of(parameters: Mapping[str, Any]) -> date | None:
    """Return the day that results are said to be of; None for the day of the run. Raises InvalidError."""
    if not parameters["date"]:
        return None
    try:
        return date.fromisoformat(parameters["date"])
    except ValueError as error:
        raise InvalidError("date", _("There is no such day."), _("Give a day as YYYY-MM-DD.")) from error
