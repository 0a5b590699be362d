"""A worker's child process carries out one job after another; a job that hangs or falls takes only it along."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Final

from talkoot.core.compute.executor import end_with_parent

log = logging.getLogger(__name__)
PR_SET_PDEATHSIG: Final = 1  # prctl(2)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A job that the worker holds for the runner to carry out."""

    job_id: int
    fence: int


READY: Final = "ready"
STOP: Final = "stop"


def run_jobs(connection: Connection) -> None:
    """Carry out what comes through the connection, answering READY after each, until it closes."""
    _leave_signals_to_the_worker()
    _end_with_worker()
    import django

    django.setup()
    stop = threading.Event()
    assigned: SimpleQueue[Assignment | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, assigned, stop), name="listener", daemon=True).start()
    connection.send(READY)
    while (assignment := assigned.get()) is not None:
        _carry_out(assignment, stop)
        connection.send(READY)


def _leave_signals_to_the_worker() -> None:
    """Lead a process group of one's own, which the worker can end whole, and let no terminal interrupt the job."""
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)


def _end_with_worker() -> None:
    """End when the worker dies, at once where the kernel can see to it, since a job may hold the interpreter."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    end_with_parent()


def _listen(connection: Connection, assigned: SimpleQueue[Assignment | None], stop: threading.Event) -> None:
    try:
        while (message := connection.recv()) is not None:
            if message == STOP:
                stop.set()
            else:
                assigned.put(message)
    except (EOFError, OSError):
        pass
    assigned.put(None)


def _carry_out(assignment: Assignment, stop: threading.Event) -> None:
    from django.db import close_old_connections

    from talkoot.core.compute.carrying import carry_out
    from talkoot.core.compute.models import Job

    close_old_connections()
    job = Job.objects.filter(pk=assignment.job_id).first()
    if job is not None and job.fence == assignment.fence:
        carry_out(job, stopping=stop.is_set)
    close_old_connections()
