"""Progress of a job, told to the database a few times a second at most, and the word to stop, heard on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from talkoot.core.compute import queue
from talkoot.core.compute.errors import Cancelled, LeaseLost, Stopping
from talkoot.core.compute.models import Job

TELL_SECONDS: Final = 0.2
Show = Callable[[float, str], None]


def never() -> bool:
    """Tell a job that nobody wants its process to stop."""
    return False


class Progress:
    """Tells how far a job is and raises where it must end."""

    def __init__(self, job: Job, *, stopping: Callable[[], bool] = never, show: Show | None = None) -> None:
        self._job = job
        self._stopping = stopping
        self._show = show
        self._told = float("-inf")

    def __call__(self, share: float, message: str = "") -> None:
        """Tell that `share` (0 to 1) of the work is done.

        Raises Cancelled, Stopping or LeaseLost where the work must end; it is up to the caller to call often.
        """
        if self._stopping():
            raise Stopping
        now = time.monotonic()
        if now - self._told < TELL_SECONDS:
            return
        self._told = now
        share = min(max(float(share), 0.0), 1.0)
        if not queue.tell_progress(self._job, share, str(message)):
            raise LeaseLost
        if queue.wants_cancel(self._job):
            raise Cancelled
        if self._show is not None:
            self._show(share, str(message))
