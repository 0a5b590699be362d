"""Personal data of this room: who asked for a run or a job."""

from __future__ import annotations

from typing import Any

from talkoot.core.compute.models import Adoption, Job, Run


def export(account_uid: str) -> list[dict[str, Any]]:
    """Return the runs an account asked for, JSON-ready."""
    runs = Run.objects.filter(author__uid=account_uid).order_by("id")
    return [
        {
            "run": str(run.uid),
            "procedure": run.procedure,
            "scenario": run.scenario,
            "parameters": run.parameters,
            "asked_at": run.created_at.isoformat(),
        }
        for run in runs
    ]


def erase(account_uid: str) -> int:
    """Take the account's name off its runs, adoptions and jobs, and return how many; what was computed stays."""
    return (
        Run.objects.filter(author__uid=account_uid).update(author=None)
        + Adoption.objects.filter(adopted_by__uid=account_uid).update(adopted_by=None)
        + Job.objects.filter(account_uid=account_uid).update(account_uid="")
    )
