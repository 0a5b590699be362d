"""Events arrive in order, at least once; failures are tried again, then kept where they are seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from talkoot.core.base import outbox
from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.declare import Programme
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.base.models import OutboxEvent, PersonKey
from talkoot.core.base.text import Text

pytestmark = pytest.mark.django_db

RECEIVED: list[int] = []
BROKEN: set[int] = set()
LOCK = threading.Lock()


def receive(payload: dict[str, int]) -> None:
    """Take an event, unless it is one that fails; what was written before the failure must not stay."""
    PersonKey.of(f"seen-{payload['number']}")
    if payload["number"] in BROKEN:
        raise ValueError(f"cannot take {payload['number']}")
    with LOCK:
        RECEIVED.append(payload["number"])


def receive_also(payload: dict[str, int]) -> None:
    """Take every event, as another programme."""
    with LOCK:
        RECEIVED.append(-payload["number"])


def programme(code: str, function: Callable[..., None]) -> Programme:
    """Return a programme that subscribes the function to the topic of these tests."""
    return Programme(code=code, title=Text(), subscriptions={"told": f"{__name__}:{function.__name__}"})


@pytest.fixture(autouse=True)
def _subscribed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(outbox, "programmes", lambda: (programme("one", receive),))
    RECEIVED.clear()
    BROKEN.clear()
    yield


def emit(*numbers: int) -> None:
    """Emit events, each in a transaction of its own."""
    for number in numbers:
        with transaction.atomic():
            outbox.emit("told", number=number)


def make_due() -> None:
    """Let the time of the next attempt come."""
    outbox.waiting().update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def test_events_arrive_once_and_in_order() -> None:
    emit(1, 2, 3)
    assert outbox.deliver_pending() == 3
    assert outbox.deliver_pending() == 0
    assert RECEIVED == [1, 2, 3]


def test_an_event_without_subscribers_is_none() -> None:
    with transaction.atomic():
        assert outbox.emit("nobody.cares", number=1) == 0
    assert not OutboxEvent.objects.exists()


def test_a_rolled_back_service_emits_nothing() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.emit("told", number=1)
        raise RuntimeError
    assert outbox.deliver_pending() == 0


@pytest.mark.django_db(transaction=True)
def test_emitting_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="outside a service"):
        outbox.emit("told", number=1)


def test_a_failure_holds_back_its_queue_and_leaves_no_trace_but_the_error() -> None:
    BROKEN.add(2)
    emit(1, 2, 3)
    assert outbox.deliver_pending() == 1
    event = outbox.waiting().first()
    assert event is not None
    assert (event.payload["number"], event.attempts) == (2, 1)
    assert "cannot take 2" in event.error
    assert event.next_attempt_at > timezone.now()
    assert not PersonKey.objects.filter(account_uid="seen-2").exists()
    assert outbox.deliver_pending() == 0
    BROKEN.clear()
    make_due()
    assert outbox.deliver_pending() == 2
    assert RECEIVED == [1, 2, 3]
    assert not OutboxEvent.objects.exclude(error="").exists()


def test_a_failure_does_not_hold_back_another_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (programme("one", receive), programme("two", receive_also))
    monkeypatch.setattr(outbox, "programmes", lambda: both)
    BROKEN.add(1)
    emit(1, 2)
    assert outbox.deliver_pending() == 2
    assert RECEIVED == [-1, -2]


def test_an_event_that_always_fails_dies_is_seen_and_can_be_revived() -> None:
    BROKEN.add(1)
    emit(1, 2)
    for _ in range(outbox.MAX_ATTEMPTS):
        make_due()
        outbox.deliver_pending()
    dead = outbox.dead().get()
    assert (dead.payload["number"], dead.attempts) == (1, outbox.MAX_ATTEMPTS)
    assert RECEIVED == [2]
    assert outbox.check() == {"ok": False, "waiting": 0, "dead": 1}
    BROKEN.clear()
    assert outbox.revive(operator()) == 1
    assert outbox.deliver_pending() == 1
    assert RECEIVED == [2, 1]
    assert outbox.check()["ok"]


def test_waits_grow_between_attempts() -> None:
    BROKEN.add(1)
    emit(1)
    waits = []
    for _ in range(4):
        make_due()
        outbox.deliver_pending()
        waits.append((OutboxEvent.objects.get().next_attempt_at - timezone.now()).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]


def test_only_operators_revive() -> None:
    with pytest.raises(NotAllowedError, match=r"base\.operate"):
        outbox.revive(Actor())


def test_delivered_events_are_forgotten_after_a_week() -> None:
    emit(1, 2)
    outbox.deliver_pending()
    OutboxEvent.objects.filter(payload__number=1).update(delivered_at=timezone.now() - timedelta(days=8))
    assert outbox.forget_delivered() == 1
    assert OutboxEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_at_once_keep_the_order() -> None:
    emit(*range(40))
    threads = [threading.Thread(target=deliver_in_thread) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    outbox.deliver_pending()
    assert list(range(40)) == RECEIVED


def deliver_in_thread() -> None:
    try:
        outbox.deliver_pending()
    finally:
        connection.close()
