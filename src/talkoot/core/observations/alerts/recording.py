"""Alerts as the database has them brought to what was found: raised, ended, moved or withdrawn, and told of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import city_job
from talkoot.core.observations.alerts import notifying, scope
from talkoot.core.observations.alerts.engine import Episode
from talkoot.core.observations.alerts.watching import Look
from talkoot.core.observations.models import Alert, AlertRule, Watch
from talkoot.core.observations.queries import microseconds, moment

WATCH_FIELDS: Final = ["states", "seen", "due", "revision", "evaluated_at"]
FIELDS: Final = ["raised_at", "resolved_at", "value", "is_withdrawn"]


@dataclass(slots=True)
class Changes:
    """What is to be written: `withdrawn` and `resolved` before `moved` and `raised`, so that never two are open."""

    rule: AlertRule
    withdrawn: list[Alert] = field(default_factory=list)
    resolved: list[Alert] = field(default_factory=list)
    moved: list[Alert] = field(default_factory=list)
    raised: list[Alert] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.withdrawn or self.resolved or self.moved or self.raised)

    def write(self) -> None:
        """Write all of it, with the messages to those who are to be told."""
        for alerts in (self.withdrawn, self.resolved, self.moved):
            Alert.objects.bulk_update(alerts, FIELDS)
        Alert.objects.bulk_create(self.raised)
        notifying.tell(self.rule, self.raised, self.resolved)


def keep_progress(rule: AlertRule, looks: Mapping[int, Look], revisions: Mapping[int, int]) -> None:
    """Keep how far the looks came; `revisions` are those of the watches that there are."""
    now = timezone.now()
    watches = [
        Watch(
            rule=rule,
            datastream_id=stream,
            states=msgspec.to_builtins(found.progress.states),
            seen=found.progress.seen,
            due=found.progress.due,
            revision=revisions.get(stream, 0) + 1,
            evaluated_at=now,
        )
        for stream, found in looks.items()
    ]
    Watch.objects.bulk_create(
        watches, update_conflicts=True, unique_fields=["rule", "datastream"], update_fields=WATCH_FIELDS
    )


def changes(rule: AlertRule, looks: Mapping[int, Look]) -> Changes:
    """Return what must change for the alerts from each look's start on to be those that it found."""
    result = Changes(rule)
    if not looks:
        return result
    since = moment(min(found.start for found in looks.values()))
    recent = rule.alerts.filter(
        Q(resolved_at__isnull=True) | Q(resolved_at__gt=since), datastream__in=looks, is_withdrawn=False
    )
    there: dict[int, list[Alert]] = {}
    for alert in recent.order_by("raised_at"):
        there.setdefault(alert.datastream_id, []).append(alert)
    for stream, found in looks.items():
        reached = [alert for alert in there.get(stream, ()) if _end(alert) > found.start]
        _match(result, stream, reached, found.episodes)
    return result


def _match(result: Changes, stream: int, alerts: list[Alert], found: list[Episode]) -> None:
    """Pair the alerts that there are with those found, by common time, and note what differs."""
    left = list(alerts)
    for episode in found:
        alert = next((each for each in left if _meets(each, episode)), None)
        if alert is None:
            result.raised.append(_new(result.rule, stream, episode))
            continue
        left.remove(alert)
        raised_at, resolved_at = moment(episode.raised), _resolved(episode)
        if (alert.raised_at, alert.resolved_at) != (raised_at, resolved_at):
            ends_now = alert.resolved_at is None and resolved_at is not None
            alert.raised_at, alert.resolved_at = raised_at, resolved_at
            (result.resolved if ends_now else result.moved).append(alert)
    for alert in left:
        alert.is_withdrawn = True
        alert.resolved_at = alert.resolved_at or max(alert.raised_at, timezone.now())
        result.withdrawn.append(alert)


def _meets(alert: Alert, episode: Episode) -> bool:
    end = math.inf if episode.resolved is None else episode.resolved
    return microseconds(alert.raised_at) < end and episode.raised < _end(alert)


def _end(alert: Alert) -> float:
    return math.inf if alert.resolved_at is None else microseconds(alert.resolved_at)


def _resolved(episode: Episode) -> datetime | None:
    return None if episode.resolved is None else moment(episode.resolved)


def _new(rule: AlertRule, stream: int, episode: Episode) -> Alert:
    return Alert(
        rule=rule,
        datastream_id=stream,
        raised_at=moment(episode.raised),
        resolved_at=_resolved(episode),
        value=None if math.isnan(episode.value) else episode.value,
    )


def release(rule: AlertRule) -> int:
    """End the open alerts on datastreams that the rule is no longer about; return how many."""
    gone = rule.alerts.filter(resolved_at__isnull=True).exclude(datastream__in=scope.streams_of(rule).values("pk"))
    if not gone.exists():
        return 0
    with transaction.atomic(), audit.entry(city_job(), "core.observations.alerts.release"):
        return end_alerts(rule, list(gone))


def end_alerts(rule: AlertRule, alerts: list[Alert]) -> int:
    """End alerts now and forget how far their datastreams were looked at, within a verb; return how many."""
    now = timezone.now()
    for alert in alerts:
        alert.resolved_at = max(now, alert.raised_at)
    Alert.objects.bulk_update(alerts, FIELDS)
    rule.watches.filter(datastream__in=[alert.datastream_id for alert in alerts]).delete()
    audit.note(f"alert rule {rule.uid}", resolved=len(alerts))
    return len(alerts)
