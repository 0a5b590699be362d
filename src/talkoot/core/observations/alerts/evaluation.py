"""Evaluation of the rules: what they see in new readings becomes alerts, once, whatever is killed in its midst.

Readings are looked at outside the database's transaction; what comes of it is written in one, together with how far
the look came. Two that evaluate the same do so on the same revision, of which only one can be written.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import city_job
from talkoot.core.observations import readings
from talkoot.core.observations.alerts import recording, scope
from talkoot.core.observations.alerts.engine import Demand
from talkoot.core.observations.alerts.watching import (
    Look,
    Progress,
    beginning,
    look,
    needs_look,
    news_of,
    progress_of,
    sight,
)
from talkoot.core.observations.models import AlertRule, Watch
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.store.sight import Sight

TURN_SECONDS: Final = 4.0
CHUNK: Final = 500  # datastreams whose alerts are written together


def evaluate(*, seconds: float = TURN_SECONDS, now: datetime | None = None) -> int:
    """Evaluate all rules on what has come since, for at most about `seconds`; return how many datastreams were seen.

    Rules that were not reached come first the next time. Readings from `now` on wait for their time.
    """
    deadline = time.monotonic() + seconds
    seen = 0
    for rule in AlertRule.objects.filter(ended_at__isnull=True).order_by("evaluated_at", "pk"):
        began = timezone.now()
        for looks in _looks(rule, microseconds(now or timezone.now())):
            seen += _write(rule, looks)
            if time.monotonic() > deadline:
                return seen
        recording.release(rule)
        AlertRule.objects.filter(pk=rule.pk).update(evaluated_at=began)
    return seen


def demand_of(rule: AlertRule) -> Demand:
    """Return what a rule asks, as the engine takes it."""
    return msgspec.convert(rule.demand, Demand)


def _looks(rule: AlertRule, until: int) -> Iterator[list[tuple[int, int | None, Look]]]:
    """Yield by chunks what is new on the rule's datastreams: (datastream, revision of its watch or None, look)."""
    demand = demand_of(rule)
    with readings.store().sight() as snapshot:
        sights = _sights(snapshot, list(scope.streams_of(rule).order_by("pk").values_list("pk", flat=True)))
    wanted = _wanted(rule, sights, until)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        watches = {watch.datastream_id: watch for watch in rule.watches.filter(datastream__in=chunk)}
        with readings.store().sight() as snapshot:
            sights = _sights(snapshot, chunk)
            progress = {
                stream: progress_of(watch.states, watch.seen, watch.due)
                if (watch := watches.get(stream))
                else beginning(snapshot, stream, demand, sights[stream], until)
                for stream in chunk
            }
            news = news_of(snapshot, progress, sights, until)
            looks = [
                (
                    stream,
                    watches[stream].revision if stream in watches else None,
                    look(snapshot, stream, demand, progress[stream], sights[stream], until, news.get(stream)),
                )
                for stream in chunk
            ]
        yield looks


def _sights(snapshot: Sight, streams: list[int]) -> dict[int, list[Any]]:
    """Return the sight of each datastream, empty where it never had a reading."""
    found = snapshot.summaries(streams)
    sights: dict[int, list[Any]] = {stream: [] for stream in streams}
    return sights | {int(stream): sight(found, row) for row, stream in enumerate(found.stream)}


def _wanted(rule: AlertRule, sights: dict[int, list[Any]], until: int) -> list[int]:
    """Return the datastreams that need a look, those that waited longest first."""
    kept = rule.watches.values_list("datastream_id", "seen", "due", "evaluated_at")
    known = {stream: (Progress([], seen, due), at) for stream, seen, due, at in kept}
    nothing = (None, datetime.min.replace(tzinfo=timezone.get_current_timezone()))
    wanted = [
        (at, stream)
        for stream, seen in sights.items()
        for progress, at in [known.get(stream, nothing)]
        if needs_look(progress, seen, until)
    ]
    return [stream for _, stream in sorted(wanted)]


def _write(rule: AlertRule, looks: list[tuple[int, int | None, Look]]) -> int:
    """Write what looks found, unless somebody changed the rule or looked at the same meanwhile; return how many."""
    with transaction.atomic():
        unchanged = AlertRule.objects.select_for_update().filter(
            pk=rule.pk, revision=rule.revision, ended_at__isnull=True
        )
        if not unchanged.exists():
            return 0
        now = dict(
            Watch.objects.filter(rule=rule, datastream__in=[stream for stream, _, _ in looks]).values_list(
                "datastream_id", "revision"
            )
        )
        current = {stream: found for stream, revision, found in looks if now.get(stream) == revision}
        recording.keep_progress(rule, current, now)
        if changes := recording.changes(rule, current):
            with audit.entry(city_job(), "core.observations.alerts.evaluate"):
                changes.write()
                audit.note(f"alert rule {rule.uid}", raised=len(changes.raised), resolved=len(changes.resolved))
    return len(current)
