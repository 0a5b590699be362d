"""A slot of a worker: one runner process and the job it carries out now."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from typing import Final

from talkoot.core.compute import queue
from talkoot.core.compute.carrying import again_or_fail
from talkoot.core.compute.keeping import LeaseKeeper
from talkoot.core.compute.models import Job, State
from talkoot.core.compute.runner import READY, STOP, Assignment, run_jobs
from talkoot.core.compute.transitions import settle

log = logging.getLogger(__name__)
JOBS_PER_PROCESS: Final = 200  # then a fresh one, so that no leak grows for ever
LOOK_FOR_CANCEL_SECONDS: Final = 1.0


class Slot:
    """Starts a runner, hands it jobs, and ends it where it hangs, falls or holds what is no longer its own."""

    def __init__(self, keeper: LeaseKeeper, *, grace: float) -> None:
        self._keeper = keeper
        self._grace = grace
        self.job: Job | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["talkoot.core.compute.forking"])
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=run_jobs, args=(theirs,), name="talkoot-runner")
        self._process.start()
        theirs.close()
        self._ready = False
        self._done = 0
        self._cancel_seen: float | None = None
        self._looked = 0.0

    @property
    def is_free(self) -> bool:
        """Whether the slot can take a job."""
        return self._ready and self.job is None

    def take(self, job: Job) -> None:
        """Carry out a job that this worker has claimed."""
        self.job = job
        self._keeper.keep(job)
        self._cancel_seen = None
        with contextlib.suppress(OSError):  # a runner that fell: the next look finds out
            self._connection.send(Assignment(job.pk, job.fence))

    def look(self) -> None:
        """See how the runner is, and do what that asks for."""
        self._hear()
        if not self._process.is_alive():
            self._replace_fallen()
        elif self.job is not None:
            self._watch(self.job)
        elif self._done >= JOBS_PER_PROCESS:
            self.end()
            self._start()

    def _hear(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while self._connection.poll():
                if self._connection.recv() == READY:
                    self._ready = True
                    if self.job is not None:
                        self._done += 1
                        self._forget()

    def _forget(self) -> None:
        if self.job is not None:
            self._keeper.drop(self.job)
            self.job = None

    def _replace_fallen(self) -> None:
        code = self._process.exitcode
        job = self.job
        self._forget()
        self.kill()
        if job is not None:
            log.error("the process of job %s ended by itself (%s)", job.uid, code)
            again_or_fail(job, _how_it_fell(code))
        self._start()

    def _watch(self, job: Job) -> None:
        if self._keeper.has_lost(job):
            log.warning("the lease of job %s was lost", job.uid)
            self._restart()
        elif self._should_end_cancelled(job):
            log.warning("job %s did not stop within %.0f s of being cancelled", job.uid, self._grace)
            self._restart()
            settle(job, State.CANCELLED)

    def _should_end_cancelled(self, job: Job) -> bool:
        now = time.monotonic()
        if self._cancel_seen is None and now - self._looked >= LOOK_FOR_CANCEL_SECONDS:
            self._looked = now
            if queue.wants_cancel(job):
                self._cancel_seen = now
        return self._cancel_seen is not None and now - self._cancel_seen > self._grace

    def _restart(self) -> None:
        self._forget()
        self.kill()
        self._start()

    def ask_to_stop(self) -> None:
        """Ask the job to return to the queue at its next word of progress."""
        with contextlib.suppress(OSError):
            self._connection.send(STOP)

    def end(self) -> None:
        """End the runner: by itself where it is idle, at once where it still works; its job returns to the queue."""
        job = self.job
        self._forget()
        if job is not None:
            self.kill()
            queue.hand_back(job)
        with contextlib.suppress(OSError):
            self._connection.send(None)
        self._process.join(self._grace)
        self.kill()

    def kill(self) -> None:
        """End the runner and all it started, now."""
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                end(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        self._connection.close()


def _how_it_fell(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"The process that did this was ended by {name}; it may have needed more memory than there is."
    return f"The process that did this ended unexpectedly ({code})."
