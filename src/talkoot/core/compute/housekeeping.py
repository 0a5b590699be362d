"""The house's standing work, done by a thread of each worker; what must be done by one only, by who has the duty."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import close_old_connections
from django.db.models.functions import Now

from talkoot.core.base.declare import resolve
from talkoot.core.base.programmes import declared
from talkoot.core.compute import duties, queue, scheduling
from talkoot.core.compute.models import Worker
from talkoot.core.compute.reconciling import reconcile

log = logging.getLogger(__name__)
HOUSE: Final = "house"
HOUSE_SECONDS: Final = 15.0
TURN_SECONDS: Final = 0.5
FORGET_AFTER: Final = timedelta(hours=1)


@dataclass(slots=True)
class Chore:
    """Something to do every so many seconds."""

    do: Callable[[], Any]
    every: float
    done: float = float("-inf")


def _deliver_events() -> None:
    importlib.import_module("talkoot.core.base.outbox").deliver_pending()


def _seal_audit() -> None:
    importlib.import_module("talkoot.core.base.sealer").seal_pending()


def _clear_up() -> None:
    Worker.objects.filter(seen_at__lt=Now() - FORGET_AFTER).delete()
    duties.forget_lapsed(older_than=FORGET_AFTER)
    queue.prune_scheduled(older_than=FORGET_AFTER)


class Housekeeper:
    """A thread that reclaims lost leases, mends, schedules, delivers events and seals the audit trail."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep_house, name="housekeeper", daemon=True)
        self._chores = [
            Chore(queue.reclaim_expired, every=1.0),
            Chore(reconcile, every=3.0),
            Chore(scheduling.queue_due, every=1.0),
            Chore(_deliver_events, every=1.0),
            Chore(_seal_audit, every=3.0),
            Chore(_clear_up, every=600.0),
            *(Chore(resolve(chore.do), chore.every.total_seconds()) for chore in declared("chores")),
        ]

    def __enter__(self) -> Housekeeper:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end.set()
        self._thread.join()

    def _keep_house(self) -> None:
        while not self._end.wait(TURN_SECONDS):
            if _well(lambda: duties.hold(HOUSE, self._worker, seconds=HOUSE_SECONDS)):
                self._turn()
        _well(lambda: duties.release(HOUSE, self._worker))
        close_old_connections()

    def _turn(self) -> None:
        now = time.monotonic()
        for chore in self._chores:
            if now - chore.done >= chore.every and not self._end.is_set():
                chore.done = now
                _well(chore.do)


def _well(do: Callable[[], Any]) -> Any:
    """Do something that may fail without ending the house: its error is logged, and the next turn tries again."""
    try:
        return do()
    except Exception:
        log.exception("a chore of the house failed")
        close_old_connections()
        return None
