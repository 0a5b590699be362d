"""Old runs go, files after rows: a run that is shown has its files, and a backup finds what its rows name."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from talkoot.core.base import lake
from talkoot.core.base.actors import city_job
from talkoot.core.compute import duties, queue
from talkoot.core.compute.context import TaskContext
from talkoot.core.compute.models import Run
from talkoot.core.compute.services import expire_runs
from talkoot.core.compute.writing import FOLDER

KEEP_JOBS: Final = timedelta(days=30)
# Held by a backup, and by whoever reads much of the lake: meanwhile nothing is deleted from it.
LAKE_STAYS: Final = "lake_stays"
HOLD_SECONDS: Final = 600.0
RENEW_SECONDS: Final = 60.0


@contextmanager
def lake_stays() -> Iterator[Callable[[], None]]:
    """Keep what expires in the lake; give a function to call now and then, so that this goes on."""
    holder = uuid.uuid4().hex
    code = f"{LAKE_STAYS}:{holder}"
    last = float("-inf")

    def stay() -> None:
        nonlocal last
        if time.monotonic() - last > RENEW_SECONDS:
            duties.hold(code, holder, seconds=HOLD_SECONDS)
            last = time.monotonic()

    stay()
    try:
        yield stay
    finally:
        duties.release(code, holder)


def expire(context: TaskContext) -> dict[str, Any]:
    """Delete runs past their time with their files, files no run names any more, and ended jobs past theirs."""
    older_than = timedelta(days=settings.RUN_KEEP_DAYS)
    expired = 0
    while batch := expire_runs(city_job(), older_than=older_than):
        expired += len(batch)
        context.progress(0.0, f"{expired}")
    return {"runs": expired, "folders": delete_orphans(), "jobs": queue.prune(older_than=KEEP_JOBS)}


def delete_orphans() -> int:
    """Delete from the lake the folders of runs that have no row, and return how many; none while a backup reads."""
    found = list(lake.lake().folders(FOLDER))  # before the rows: a run's row is there before its first file
    known = {str(uid) for uid in Run.objects.values_list("uid", flat=True)}
    deleted = 0
    for name in found:
        if name not in known:
            if duties.any_held(LAKE_STAYS):
                break
            lake.delete(f"{FOLDER}/{name}")
            deleted += 1
    return deleted
