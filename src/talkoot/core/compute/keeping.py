"""Keeps what a process holds while it works: its jobs' leases, and its own row as a sign of life."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from django.db import close_old_connections
from django.utils import timezone

from talkoot.core.compute import queue
from talkoot.core.compute.models import Job, Worker

log = logging.getLogger(__name__)
RENEWALS_PER_LEASE: Final = 4


class LeaseKeeper:
    """A thread that renews the leases of the jobs it was given, and tells which were lost.

    `sign` is called with every renewal. Used as a context: the thread ends with it.
    """

    def __init__(self, *, seconds: float, sign: Callable[[], None] | None = None) -> None:
        self._seconds = seconds
        self._sign = sign
        self._jobs: dict[int, Job] = {}
        self._lost: set[int] = set()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)

    def __enter__(self) -> LeaseKeeper:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end.set()
        self._thread.join()

    def keep(self, job: Job) -> None:
        """Renew this job's lease from now on."""
        with self._lock:
            self._jobs[job.pk] = job
            self._lost.discard(job.pk)

    def drop(self, job: Job) -> None:
        """Renew this job's lease no more."""
        with self._lock:
            self._jobs.pop(job.pk, None)
            self._lost.discard(job.pk)

    def has_lost(self, job: Job) -> bool:
        """Tell whether another process has taken the job over."""
        with self._lock:
            return job.pk in self._lost

    def _keep(self) -> None:
        while not self._end.wait(self._seconds / RENEWALS_PER_LEASE):
            try:
                self._renew_all()
                if self._sign is not None:
                    self._sign()
            except Exception:  # a database away for a moment: the next turn may find it
                log.exception("leases could not be renewed")
                close_old_connections()

    def _renew_all(self) -> None:
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            if not queue.renew(job, seconds=self._seconds):
                with self._lock:
                    if job.pk in self._jobs:
                        self._lost.add(job.pk)


def give_sign(worker: str) -> None:
    """Record that the worker of this name is alive."""
    Worker.objects.update_or_create(name=worker, defaults={"seen_at": timezone.now()})
