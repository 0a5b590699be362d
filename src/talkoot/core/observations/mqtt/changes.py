"""Which entities are new or changed, found in the tables and in the audit trail a second after it happened.

New rows are found by their rising keys; changes by the trail, in which every service leaves what it acted on. So
nobody who writes needs to know that somebody listens.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.db import close_old_connections
from django.db.models import Max, QuerySet

from talkoot.core.base.actors import city_job
from talkoot.core.base.models import AuditEntry
from talkoot.core.observations.models import LOCATION_KIND
from talkoot.core.observations.sta.entities import FORMS

ENTITIES: Final = (
    "Thing",
    "Location",
    "HistoricalLocation",
    "Datastream",
    "MultiDatastream",
    "Sensor",
    "ObservedProperty",
    "FeatureOfInterest",
)
LABELS: Final = {
    "datastream": ("Datastream", "MultiDatastream"),
    "sensor": ("Sensor",),
    "observedproperty": ("ObservedProperty",),
    "featureofinterest": ("FeatureOfInterest",),
}
MOST_AT_ONCE: Final = 1000  # an import changes more than anybody follows; what is beyond is passed over
_LABEL: Final = re.compile(r"(\w+) (\d{1,18})\Z")


class Change(NamedTuple):
    """An entity that is new or changed."""

    entity: str
    row: Any


class Changes:
    """Remembers up to where tables and trail were read."""

    def __init__(self) -> None:
        close_old_connections()
        self._reached = {entity: self._last(_rows(entity)) for entity in ENTITIES}
        self._trail = self._last(AuditEntry.objects.all())

    def since_last(self) -> list[Change]:
        """Return what is new or changed since the last call."""
        close_old_connections()
        found: dict[tuple[str, int], Change] = {}
        for change in (*self._changed(), *self._new()):
            found[change.entity, change.row.pk] = change
        return list(found.values())

    def _new(self) -> Iterable[Change]:
        for entity in ENTITIES:
            rows = _rows(entity).filter(pk__gt=self._reached[entity]).order_by("pk")
            for row in rows[:MOST_AT_ONCE]:
                self._reached[entity] = row.pk
                yield Change(entity, row)

    def _changed(self) -> Iterable[Change]:
        entries = AuditEntry.objects.filter(pk__gt=self._trail).order_by("pk").values_list("pk", "target")
        for key, target in entries[:MOST_AT_ONCE]:
            self._trail = key
            yield from _of_target(target)

    @staticmethod
    def _last(rows: QuerySet[Any]) -> int:
        return rows.aggregate(last=Max("pk"))["last"] or 0


def _of_target(target: str) -> Iterable[Change]:
    """Return the entities that an entry of the trail speaks of: by "<model> <key>", or by a thing's identifier."""
    if found := _LABEL.match(target):
        for entity in LABELS.get(found[1], ()):
            yield from (Change(entity, row) for row in _rows(entity).filter(pk=int(found[2])))
        return
    try:
        uid = uuid.UUID(target)
    except ValueError:
        return
    for row in _rows("Thing").filter(uid=uid):
        yield Change("Thing", row)
    for row in _rows("Location").filter(uid=uid, kind=LOCATION_KIND):
        yield Change("Location", row)


def _rows(entity: str) -> QuerySet[Any]:
    return FORMS[entity].rows(city_job())
