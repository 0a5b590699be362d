"""The verbs of the alerts: rules, quiet days, taking care of an alert, forgetting what is old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.services import service
from talkoot.core.observations import access
from talkoot.core.observations.alerts import checks, recording, scope
from talkoot.core.observations.alerts.engine import Demand
from talkoot.core.observations.models import Alert, AlertRule, Datastream, ObservedProperty, QuietDay
from talkoot.core.people.models import Account, Organisation

ALERT: Final = "observations.alert"
CHANGEABLE: Final = frozenset(
    {"name", "demand", "webhook", "quiet_from", "quiet_to", "quiet_weekends", "quiet_holidays"}
)
MAX_PEOPLE: Final = 50
KEEP_ALERTS: Final = timedelta(days=730)


@service(ALERT, subject="owner")
def add_rule(
    actor: Actor,
    *,
    owner: Organisation | None,
    name: str,
    demand: Demand | Mapping[str, Any],
    datastream: Datastream | None = None,
    observed_property: ObservedProperty | None = None,
    people: Iterable[Account] = (),
    webhook: str = "",
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    quiet_weekends: bool = False,
    quiet_holidays: bool = False,
) -> AlertRule:
    """Watch a datastream, or all datastreams of an observed property that the owner has (None: the whole city's).

    `demand` says what raises an alert; `people` are told by mail, those of them who may see the datastream, and
    `webhook` by a signed call; quiet time lets messages wait. Raises InvalidError with each field that is wrong.
    """
    rule = AlertRule(
        owner=owner,
        name=name,
        datastream=datastream,
        observed_property=observed_property,
        webhook=webhook,
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        quiet_weekends=quiet_weekends,
        quiet_holidays=quiet_holidays,
    )
    if (datastream is None) == (observed_property is None):
        message = _("A rule is about one measurement, or about all of one sort.")
        raise InvalidError("datastream", message, _("Choose one of them."))
    if datastream is not None and not _reaches(actor, rule, datastream):
        raise InvalidError("datastream", _("The rule cannot watch this measurement."), _("Choose another."))
    told = _told(people)
    rule.demand = checks.demand_json(demand)
    checks.require_sound(rule, settings.WEBHOOK_HOSTS)
    rule.save()
    rule.people.set(told)
    audit.note(f"alert rule {rule.uid}", added=1)
    return rule


@service(ALERT, subject="rule")
def change_rule(
    actor: Actor, /, rule: AlertRule, *, people: Iterable[Account] | None = None, **changes: Any
) -> AlertRule:
    """Change a rule by the names of `add_rule`; what it is about stays. Raises InvalidError as that does.

    Another demand begins anew: open alerts end, and are raised again where it is met.
    """
    if unknown := sorted(changes.keys() - CHANGEABLE):
        raise InvalidError(unknown[0], _("This cannot be changed."), ", ".join(sorted(CHANGEABLE)))
    rule = _locked(rule)
    if "demand" in changes:
        changes["demand"] = checks.demand_json(changes["demand"])
    anew = "demand" in changes and changes["demand"] != rule.demand
    for field, value in changes.items():
        setattr(rule, field, value)
    checks.require_sound(rule, settings.WEBHOOK_HOSTS)
    if people is not None:
        rule.people.set(_told(people))
    if anew:
        _begin_anew(rule)
    rule.save()
    audit.note(f"alert rule {rule.uid}", fields=sorted(changes))
    return rule


@service(ALERT, subject="rule")
def end_rule(actor: Actor, rule: AlertRule) -> AlertRule:
    """Let a rule watch no longer; its open alerts end. Raises ConflictError where it has ended."""
    rule = _locked(rule)
    _begin_anew(rule)
    rule.ended_at = timezone.now()
    rule.save()
    audit.note(f"alert rule {rule.uid}", ended=1)
    return rule


def _locked(rule: AlertRule) -> AlertRule:
    """Return the rule as the database has it, held until the end; ConflictError where it has ended."""
    found = AlertRule.objects.select_for_update().filter(pk=rule.pk, ended_at__isnull=True).first()
    if found is None:
        raise ConflictError(_("The rule has ended."))
    return found


def _begin_anew(rule: AlertRule) -> None:
    recording.end_alerts(rule, list(rule.alerts.filter(resolved_at__isnull=True)))
    rule.watches.all().delete()
    rule.revision += 1


def _reaches(actor: Actor, rule: AlertRule, datastream: Datastream) -> bool:
    """Tell whether the rule reaches a datastream that the actor may see."""
    seen = access.datastreams(actor).filter(pk=datastream.pk)
    return seen.exists() and scope.streams_of(rule).filter(pk=datastream.pk).exists()


def _told(people: Iterable[Account]) -> list[Account]:
    found = list(people)
    if len(found) > MAX_PEOPLE:
        raise InvalidError("people", _("Too many people are told."), _("Choose at most %d.") % MAX_PEOPLE)
    return found


@service(ALERT, subject="alert")
def acknowledge(actor: Actor, alert: Alert, *, note: str = "") -> Alert:
    """Say that somebody takes care of an alert, and what they do. ConflictError where somebody did before."""
    note = checks.line("note", note, 300)
    taken = Alert.objects.filter(pk=alert.pk, acknowledged_at__isnull=True).update(
        acknowledged_at=timezone.now(), acknowledged_by=actor.account, note=note
    )
    if not taken:
        raise ConflictError(_("Somebody has taken care of it already."))
    audit.note(f"alert {alert.uid}", acknowledged=1)
    alert.refresh_from_db()
    return alert


@service(ALERT)
def add_quiet_day(actor: Actor, *, day: date, name: str) -> QuietDay:
    """Add a day off of the city's own; one of the same date is renamed. Raises InvalidError."""
    made, _created = QuietDay.objects.update_or_create(date=day, defaults={"name": checks.line("name", name, 100)})
    audit.note(f"quiet day {day}", added=1)
    return made


@service(ALERT)
def delete_quiet_day(actor: Actor, *, day: date) -> None:
    """Take a day off back. Raises ConflictError where there is none."""
    deleted, _counts = QuietDay.objects.filter(date=day).delete()
    if not deleted:
        raise ConflictError(_("This is no day off of the city's own."))
    audit.note(f"quiet day {day}", deleted=1)


def forget_old(context: Any = None) -> dict[str, int]:
    """Task: delete alerts that ended longer ago than KEEP_ALERTS, with their messages; return how many."""
    old = Alert.objects.filter(resolved_at__lt=timezone.now() - KEEP_ALERTS)
    with transaction.atomic(), audit.entry(city_job(), "core.observations.alerts.forget_old"):
        count = old.count()
        old.delete()
        audit.note("alerts", deleted=count)
    return {"deleted": count}
