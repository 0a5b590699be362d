"""The worker: claims jobs, has them carried out in processes of its own, and does the house's standing work."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import time
from typing import Final

from django.db import DatabaseError, close_old_connections

from talkoot.core.compute import queue
from talkoot.core.compute.housekeeping import Housekeeper
from talkoot.core.compute.keeping import LeaseKeeper, give_sign
from talkoot.core.compute.models import Worker as WorkerRow
from talkoot.core.compute.slots import Slot

log = logging.getLogger(__name__)
TURN_SECONDS: Final = 0.1
CLAIM_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 10.0


def worker_name() -> str:
    """Return a name that no other worker has or had: machine, process and chance."""
    return f"{socket.gethostname()[:50]}-{os.getpid()}-{secrets.token_hex(4)}"


class Worker:
    """One worker process with `slots` jobs at a time, each under a lease of `lease` seconds.

    `grace` is how many seconds a job has to end by itself once it is cancelled or the worker is asked to stop.
    """

    def __init__(self, *, slots: int = 1, lease: float = queue.LEASE_SECONDS, grace: float = GRACE_SECONDS) -> None:
        self.name = worker_name()
        self._count = slots
        self._lease = lease
        self._grace = grace
        self._stopping = False
        self._claimed = 0.0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then let what is under way end or return to the queue."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        give_sign(self.name)
        log.info("worker %s works on %d jobs at a time", self.name, self._count)
        with (
            LeaseKeeper(seconds=self._lease, sign=lambda: give_sign(self.name)) as keeper,
            Housekeeper(self.name),
        ):
            slots = [Slot(keeper, grace=self._grace) for _ in range(self._count)]
            try:
                while not self._stopping:
                    self._turn(slots)
                    time.sleep(TURN_SECONDS)
            finally:
                self._stop(slots)
        WorkerRow.objects.filter(name=self.name).delete()
        log.info("worker %s ended", self.name)

    def _on_signal(self, number: int, frame: object) -> None:
        self._stopping = True

    def _turn(self, slots: list[Slot]) -> None:
        try:
            for slot in slots:
                slot.look()
            self._claim(slots)
        except DatabaseError:  # away or busy for a moment; leases tell what is still ours
            log.exception("the database did not answer the worker")
            close_old_connections()
            time.sleep(CLAIM_SECONDS)

    def _claim(self, slots: list[Slot]) -> None:
        now = time.monotonic()
        free = [slot for slot in slots if slot.is_free]
        if not free or now - self._claimed < CLAIM_SECONDS:
            return
        for slot in free:
            job = queue.claim(self.name, seconds=self._lease)
            if job is None:
                self._claimed = now
                return
            slot.take(job)

    def _stop(self, slots: list[Slot]) -> None:
        for slot in slots:
            slot.ask_to_stop()
        deadline = time.monotonic() + self._grace
        while any(slot.job for slot in slots) and time.monotonic() < deadline:
            for slot in slots:
                slot.look()
            time.sleep(TURN_SECONDS)
        for slot in slots:
            slot.end()
