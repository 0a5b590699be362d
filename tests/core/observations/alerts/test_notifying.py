"""Messages about alerts: to whom, when, once, and again where they fail."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from django.core import mail
from django.utils import timezone
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.base.text import Text
from talkoot.core.compute.models import Job
from talkoot.core.compute.services import queue_task
from talkoot.core.observations.alerts import notifying
from talkoot.core.observations.alerts.models import Notice, QuietDay
from talkoot.core.observations.alerts.quiet import Quiet
from talkoot.core.observations.models import Alert
from talkoot.core.people.models import Account
from talkoot.core.people.services import create_account, end_role, ensure_organisation, grant_role
from tests.alerting import MakeRule, Station
from tests.receiving import Receiver

Capture = Callable[..., AbstractContextManager[list[Any]]]
pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def keeper() -> Account:
    """An operator of the city who reads Swedish."""
    city = ensure_organisation(operator(), code="city", name=Text(en="City"), is_city=True)
    account = create_account(operator(), email="keeper@example.org", language="sv")
    grant_role(operator(), account, city, "operator")
    return account


def raise_and_resolve(station: Station, stream: int = 0) -> None:
    """Let a value rise above the rule's bound and fall again, with a look in between."""
    station.send([(1, 31)], stream)
    station.evaluate(2)
    notifying.send_due()
    station.send([(3, 20)], stream)
    station.evaluate(4)
    notifying.send_due()


def test_a_mail_at_the_beginning_and_one_at_the_end(station: Station, hot: MakeRule, keeper: Account) -> None:
    hot(people=[keeper])
    raise_and_resolve(station)
    notifying.send_due()
    assert [message.subject.split(":")[0] for message in mail.outbox] == ["Larm", "Över"]
    assert all(message.to == ["keeper@example.org"] for message in mail.outbox)
    assert "31 °C" in mail.outbox[0].body
    assert f"/sv/alerts/{Alert.objects.get().uid}/" in mail.outbox[0].body


def test_what_is_private_is_told_only_to_those_who_may_see_it(station: Station, hot: MakeRule, keeper: Account) -> None:
    other = create_account(operator(), email="other@example.org")
    hot(2, people=[keeper, other])
    raise_and_resolve(station, 2)
    assert {message.to[0] for message in mail.outbox} == {"keeper@example.org"}


def test_one_who_lost_the_role_meanwhile_is_told_no_more(station: Station, hot: MakeRule, keeper: Account) -> None:
    hot(2, people=[keeper])
    station.send([(1, 31)], 2)
    station.evaluate(2)
    create_account(operator(), email="unrelated@example.org")
    end_role(operator(), keeper, ensure_organisation(operator(), code="city", name=Text(en="City")), "operator")
    notifying.send_due()
    assert not mail.outbox


def test_quiet_time_lets_messages_wait_but_not_alerts(station: Station, hot: MakeRule, keeper: Account) -> None:
    local = timezone.localtime()
    start, end = (local - timedelta(hours=1)).time(), (local + timedelta(hours=2)).time()
    hot(people=[keeper], quiet_from=start, quiet_to=end)
    raise_and_resolve(station)
    assert Alert.objects.filter(resolved_at__isnull=False).count() == 1
    assert not mail.outbox
    waiting = Notice.objects.get()  # the end is told in the message of the beginning
    assert timedelta(hours=1, minutes=58) < waiting.due_at - timezone.now() <= timedelta(hours=2)
    Notice.objects.update(due_at=timezone.now())
    notifying.send_due()
    assert "Gick över" in mail.outbox[0].body


def test_quiet_time_of_a_rule_counts_the_city_s_own_days(hot: MakeRule) -> None:
    rule = hot(quiet_from=time(22), quiet_to=time(7), quiet_holidays=True)
    QuietDay.objects.create(date=datetime(2026, 8, 14).date(), name="Day")
    assert notifying.quiet_of(rule) == Quiet(time(22), time(7), False, True)


@pytest.fixture
def listening(receiver: Receiver, settings: Settings) -> Iterator[Receiver]:
    """A receiver of webhooks that the operator allows."""
    settings.WEBHOOK_HOSTS = (receiver.authority,)
    yield receiver


def test_a_webhook_is_called_with_a_signature(station: Station, hot: MakeRule, listening: Receiver) -> None:
    rule = hot(webhook=f"http://{listening.authority}/hook")
    raise_and_resolve(station)
    events = [msgspec.json.decode(body) for _, _, body in listening.taken]
    assert [event["event"] for event in events] == ["alert.raised", "alert.resolved"]
    assert events[0]["value"] == 31 and events[0]["resolved_at"] is None and events[1]["resolved_at"]
    for _, headers, body in listening.taken:
        moment, digest = (part.partition("=")[2] for part in headers["X-Talkoot-Signature"].split(","))
        secret = notifying.secret_of(rule).encode()
        assert digest == hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_webhook_that_fails_is_called_again_later_and_given_up_at_last(
    station: Station, hot: MakeRule, listening: Receiver
) -> None:
    hot(webhook=f"http://{listening.authority}/broken")
    station.send([(1, 31)])
    station.evaluate(2)
    waits = []
    for _ in range(notifying.MAX_ATTEMPTS):
        before = timezone.now()
        assert notifying.send_due() == {"sent": 0, "failed": 1}
        notice = Notice.objects.get()
        waits.append(round((notice.due_at - before).total_seconds()))
        Notice.objects.update(due_at=before)
    assert waits == [30 * 2**attempt for attempt in range(notifying.MAX_ATTEMPTS)]
    assert notice.died_at is not None and "500" in notice.error
    assert notifying.send_due() == {"sent": 0, "failed": 0}
    ids = {headers["X-Talkoot-Delivery"] for _, headers, _ in listening.taken}
    assert ids == {str(notice.uid)}


def test_a_message_killed_in_its_midst_is_tried_again_once(
    station: Station, hot: MakeRule, keeper: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot(people=[keeper])
    station.send([(1, 31)])
    station.evaluate(2)

    def killed(*arguments: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(notifying, "_send", killed)
        with pytest.raises(SystemExit):
            notifying.send_due()
    assert notifying.send_due()["sent"] == 0  # put off before it was tried
    Notice.objects.update(due_at=timezone.now())
    assert notifying.send_due()["sent"] == 1
    assert len(mail.outbox) == 1


def test_the_job_is_queued_once_and_by_the_city_only(
    station: Station, hot: MakeRule, keeper: Account, django_capture_on_commit_callbacks: Capture
) -> None:
    notifying.queue_due()
    assert not Job.objects.exists()
    hot(people=[keeper])
    station.send([(1, 31)])
    station.evaluate(2)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            notifying.queue_due()
    assert Job.objects.filter(task=notifying.TASK).count() == 1
    with pytest.raises(NotAllowedError):
        queue_task(Actor(account=keeper), notifying.TASK, {})


def test_old_alerts_are_forgotten(station: Station, hot: MakeRule, keeper: Account) -> None:
    from talkoot.core.observations.alerts.services import KEEP_ALERTS, forget_old

    hot(people=[keeper])
    raise_and_resolve(station)
    assert forget_old() == {"deleted": 0}
    long_ago = datetime.now(UTC) - KEEP_ALERTS - timedelta(days=1)
    Alert.objects.update(raised_at=long_ago, resolved_at=long_ago)
    assert forget_old() == {"deleted": 1}
    assert not Notice.objects.exists()
