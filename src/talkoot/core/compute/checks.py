"""How the background work is: for /health and /metrics."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count
from django.utils import timezone

from talkoot.core.compute.models import Job, State, Worker

SILENT_SECONDS: Final = 30.0


def worker() -> dict[str, Any]:
    """Return whether a worker gave a sign of life lately, how long ago (seconds), and how many jobs wait."""
    ages = worker_ages()
    age = min(ages.values(), default=None)
    return {
        "ok": age is not None and age < SILENT_SECONDS,
        "seen_seconds_ago": None if age is None else round(age, 1),
        "workers": sum(one < SILENT_SECONDS for one in ages.values()),
        "queued": Job.objects.filter(state=State.QUEUED).count(),
    }


def worker_ages() -> dict[str, float]:
    """Return the seconds since each worker's last sign of life, by its name."""
    now = timezone.now()
    return {
        name: max(0.0, (now - seen).total_seconds()) for name, seen in Worker.objects.values_list("name", "seen_at")
    }


def jobs_by_state() -> dict[str, float]:
    """Return how many jobs are in each state."""
    counted = dict(Job.objects.values_list("state").annotate(Count("pk")).order_by())
    return {state: float(counted.get(state, 0)) for state in State.values}
