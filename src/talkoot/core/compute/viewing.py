"""Who may see what was computed: a procedure names the permission that its runs and their results need."""

from __future__ import annotations

from django.db.models import QuerySet

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.programmes import procedures
from talkoot.core.base.services import may, require
from talkoot.core.compute.models import Run
from talkoot.core.compute.results import current


def may_view(actor: Actor, procedure: str) -> bool:
    """Tell whether `actor` may see the runs of a procedure, given by its code, and their results.

    What a procedure needed that is no longer installed nobody knows: its runs only the city's own shell sees.
    """
    declared = procedures().get(procedure)
    if declared is None:
        return actor.system
    return not declared.view or may(actor, declared.view)


def require_view(actor: Actor, procedure: str) -> None:
    """Raise NotAllowedError, or NotFoundError for a procedure not installed, where `may_view` says no."""
    if may_view(actor, procedure):
        return
    declared = procedures().get(procedure)
    if declared is None:
        raise NotFoundError(f"There is no procedure {procedure!r} any more.")
    require(actor, declared.view)


def viewable_runs(actor: Actor) -> QuerySet[Run]:
    """Return the runs that `actor` may see."""
    if actor.system:
        return Run.objects.all()
    return Run.objects.filter(procedure__in=[code for code in procedures() if may_view(actor, code)])


def current_for(actor: Actor, procedure: str) -> Run | None:
    """Return the run adopted as the city's current picture of a procedure; None also where `actor` may not see it."""
    return current(procedure) if may_view(actor, procedure) else None
