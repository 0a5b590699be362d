"""Messages about alerts: written with the alert, sent afterwards by mail and webhook, again later where that fails."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from talkoot.core.base.actors import city_job
from talkoot.core.compute.services import queue_task
from talkoot.core.observations.alerts import scope, webhooks
from talkoot.core.observations.alerts.models import RAISED, RESOLVED, Alert, AlertRule, Notice, QuietDay
from talkoot.core.observations.alerts.quiet import Quiet, sending_time

log = logging.getLogger("talkoot.alerts")
TASK: Final = "observations.send_notices"
FIRST_DELAY: Final = timedelta(seconds=30)  # longer than one attempt may last
MAX_ATTEMPTS: Final = 8
TURN_SECONDS: Final = 60.0


def tell(rule: AlertRule, raised: Sequence[Alert], resolved: Sequence[Alert]) -> None:
    """Write the messages about alerts that were raised and that ended, in the transaction that writes these.

    Of an alert whose beginning nobody was told of yet, the one message that waits tells also the end.
    """
    if not raised and not resolved:
        return
    waiting = set(waiting_notices().filter(alert__in=resolved, event=RAISED).values_list("alert_id", "account_id"))
    due = sending_time(quiet_of(rule), timezone.now(), ZoneInfo(settings.TIME_ZONE), _own_days(rule))
    receivers: list[int | None] = [*rule.people.values_list("pk", flat=True), *([None] if rule.webhook else [])]
    wanted = [(alert, RAISED, key) for alert in raised for key in receivers]
    wanted += [(alert, RESOLVED, key) for alert in resolved for key in receivers if (alert.pk, key) not in waiting]
    Notice.objects.bulk_create(
        [Notice(alert=alert, event=event, account_id=key, due_at=due) for alert, event, key in wanted],
        ignore_conflicts=True,  # an alert that ended, went on after all and ended again: told once
    )


def quiet_of(rule: AlertRule) -> Quiet:
    """Return the quiet time of a rule."""
    return Quiet(rule.quiet_from, rule.quiet_to, rule.quiet_weekends, rule.quiet_holidays)


def _own_days(rule: AlertRule) -> set[Any]:
    return set(QuietDay.objects.values_list("date", flat=True)) if rule.quiet_holidays else set()


def waiting_notices() -> QuerySet[Notice]:
    """Return the messages that are neither sent nor given up."""
    return Notice.objects.filter(sent_at__isnull=True, died_at__isnull=True)


def queue_due() -> None:
    """Chore: have a job send what is due, where anything is."""
    if waiting_notices().filter(due_at__lte=timezone.now()).exists():
        queue_task(city_job(), TASK, {}, key=TASK)


def send_due(context: Any = None) -> dict[str, int]:
    """Task: send the messages that are due; return how many went out and how many failed.

    Each is put off before it is tried: killed in its midst, it is tried again later, and two never try it at once.
    """
    result = {"sent": 0, "failed": 0}
    deadline = time.monotonic() + TURN_SECONDS
    while time.monotonic() < deadline and (notice := _take()):
        try:
            _send(notice)
        except (webhooks.WebhookError, SMTPException, OSError) as error:
            _note_failure(notice, str(error))
            result["failed"] += 1
        else:
            Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), error="")
            result["sent"] += 1
    return result


def _take() -> Notice | None:
    """Take the next message that is due and put it off for the time its attempt may last, and longer each time."""
    for notice in waiting_notices().filter(due_at__lte=timezone.now()).order_by("due_at", "pk")[:10]:
        later = timezone.now() + FIRST_DELAY * 2**notice.attempts
        mine = waiting_notices().filter(pk=notice.pk, attempts=notice.attempts)
        if mine.update(attempts=F("attempts") + 1, due_at=later):
            notice.attempts += 1
            return notice
    return None


def _note_failure(notice: Notice, error: str) -> None:
    log.warning("a message about alert %s failed: %s", notice.alert_id, error)
    values: dict[str, Any] = {"error": error[:300]}
    if notice.attempts >= MAX_ATTEMPTS:
        values["died_at"] = timezone.now()
    Notice.objects.filter(pk=notice.pk).update(**values)


def _send(notice: Notice) -> None:
    """Send one message, unless its receiver may not, or no longer, be told."""
    alert = Alert.objects.select_related("rule", "datastream__thing").get(pk=notice.alert_id)
    if notice.account is None:
        if alert.rule.webhook:
            _call(alert, notice)
    elif scope.may_be_told(notice.account, alert):
        with override(notice.account.language):
            mail_of(alert, notice).send()


def mail_of(alert: Alert, notice: Notice) -> EmailMessage:
    """Return the mail about an alert, in the active language."""
    assert notice.account is not None
    state = _("Resolved") if notice.event == RESOLVED else _("Alert")
    where = _place(alert)
    lines = [f"{alert.rule.name}: {alert.datastream}", where, "", *_times(alert), "", _address(alert)]
    return EmailMessage(f"{state}: {alert.rule.name} ({where})", "\n".join(lines), to=[notice.account.email])


def _place(alert: Alert) -> str:
    return str(alert.datastream.thing.name) or str(alert.datastream)


def _times(alert: Alert) -> list[str]:
    lines = [_("Since {time}.").format(time=_local(alert.raised_at))]
    if alert.value is not None:
        unit = (alert.datastream.units or [{}])[0].get("symbol") or ""
        lines.append(_("Value: {value} {unit}").format(value=_number(alert.value), unit=unit).strip())
    if alert.resolved_at is not None:
        lines.append(_("Resolved by itself at {time}.").format(time=_local(alert.resolved_at)))
    return lines


def _number(value: float) -> str:
    whole = value == int(value)
    return number_format(int(value) if whole else float(f"{value:.6g}"), force_grouping=True)


def _local(when: Any) -> str:
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")


def _address(alert: Alert) -> str:
    from django.utils.translation import get_language

    return f"{settings.BASE_URI}/{get_language()}/alerts/{alert.uid}/"


def secret_of(rule: AlertRule) -> str:
    """Return the key that the calls of a rule's webhook are signed with: made of the city's own, so kept nowhere."""
    return hmac.new(settings.SECRET_KEY.encode(), f"alert webhook {rule.uid}".encode(), hashlib.sha256).hexdigest()


def _call(alert: Alert, notice: Notice) -> None:
    body = msgspec.json.encode(message_of(alert, notice))
    headers = {
        "User-Agent": f"Talkoot/{settings.VERSION}",
        "X-Talkoot-Delivery": str(notice.uid),
        "X-Talkoot-Signature": webhooks.sign(secret_of(alert.rule), int(time.time()), body),
    }
    webhooks.post(alert.rule.webhook, body, headers, settings.WEBHOOK_HOSTS)


def message_of(alert: Alert, notice: Notice) -> dict[str, Any]:
    """Return what a webhook is told; `id` is the same when the message is tried again."""
    unit = (alert.datastream.units or [{}])[0]
    return {
        "id": str(notice.uid),
        "event": f"alert.{notice.event}",
        "alert": str(alert.uid),
        "rule": {"id": str(alert.rule.uid), "name": alert.rule.name},
        "datastream": {
            "@iot.id": alert.datastream_id,
            "name": alert.datastream.name.as_dict(),
            "@iot.selfLink": f"{settings.BASE_URI}/sensorthings/v1.1/Datastreams({alert.datastream_id})",
        },
        "thing": str(alert.datastream.thing.uid),
        "value": alert.value,
        "unit": unit.get("symbol"),
        "raised_at": alert.raised_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
    }
