"""Workers that claim, lose, return and end jobs in any order never break the queue's promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from talkoot.core.base.actors import city_job
from talkoot.core.compute import queue
from talkoot.core.compute.models import Job, State

ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


class QueueMachine(RuleBasedStateMachine):
    """Beside the queue, keeps who holds what by right; the queue must agree with it at every step."""

    held = Bundle("held")

    @initialize()
    def empty(self) -> None:
        Job.objects.all().delete()
        self.holder: dict[int, int] = {}
        self.ended: dict[int, str] = {}

    @rule()
    def ask(self) -> None:
        queue.enqueue(city_job(), "trials.note", {})

    @rule(target=held, worker=st.sampled_from(["one", "two"]))
    def claim(self, worker: str) -> Any:
        job = queue.claim(worker)
        if job is None:
            return multiple()
        assert job.pk not in self.holder, "claimed while another holds it"
        assert job.pk not in self.ended, "claimed after it ended"
        self.holder[job.pk] = job.fence
        return job

    def _has(self, job: Job) -> bool:
        return self.holder.get(job.pk) == job.fence

    @rule(job=held, state=st.sampled_from(ENDED))
    def close(self, job: Job, state: State) -> None:
        had = self._has(job)
        assert queue.close(job, state, result={"fence": job.fence}) == had
        if had:
            del self.holder[job.pk]
            self.ended[job.pk] = state

    @rule(job=held)
    def renew(self, job: Job) -> None:
        assert queue.renew(job) == self._has(job)

    @rule(job=held, share=st.floats(0, 1))
    def tell(self, job: Job, share: float) -> None:
        assert queue.tell_progress(job, share, "on") == self._has(job)

    @rule(job=held)
    def hand_back(self, job: Job) -> None:
        had = self._has(job)
        assert queue.hand_back(job) == had
        if had:
            del self.holder[job.pk]

    @rule(job=held)
    def try_again(self, job: Job) -> None:
        if queue.try_again(job, "away", pause=timedelta(0)):
            assert self._has(job)
            del self.holder[job.pk]
        elif self._has(job):
            found = Job.objects.get(pk=job.pk)
            assert found.attempts == found.max_attempts or found.cancel_requested

    @rule(job=held)
    def ask_to_cancel(self, job: Job) -> None:
        open_before = job.pk not in self.ended
        assert queue.request_cancel(job) == open_before
        if open_before and job.pk not in self.holder:
            self.ended[job.pk] = State.CANCELLED

    @rule(job=held)
    def lose_the_worker(self, job: Job) -> None:
        if not self._has(job):
            return
        Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
        queue.reclaim_expired()
        del self.holder[job.pk]
        state = Job.objects.get(pk=job.pk).state
        assert state in (State.QUEUED, State.CANCELLED, State.FAILED)
        if state != State.QUEUED:
            self.ended[job.pk] = state

    @invariant()
    def the_queue_agrees(self) -> None:
        for job in Job.objects.all():
            assert (job.state == State.RUNNING) == (job.pk in self.holder)
            assert job.pk not in self.holder or job.fence == self.holder[job.pk]
            assert (job.state in ENDED) == (job.pk in self.ended)
            assert job.pk not in self.ended or job.state == self.ended[job.pk]
            assert job.attempts <= job.max_attempts


def test_the_queue_keeps_its_promises() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    with transaction.atomic(using=Job.objects.db):  # one commit for all examples: it is the steps that are tried
        run_state_machine_as_test(
            QueueMachine,
            settings=settings(
                max_examples=60,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        transaction.set_rollback(True, using=Job.objects.db)
