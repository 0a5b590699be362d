"""The end of an import: what the file no longer shows is closed, and says what took its place."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.services import service
from talkoot.core.register.bulk import close_many, relate_many
from talkoot.core.register.importing.batches import LOOK_UP, SUCCEEDED_BY, chunks
from talkoot.core.register.importing.records import Reader
from talkoot.core.register.importing.seen import SeenThings
from talkoot.core.register.importing.succession import Written, successors
from talkoot.core.register.models import Import, Source, Thing

CLOSE: Final = 5000


def vanished(reader: Reader, source: Source, seen: SeenThings) -> array[int]:
    """Return the keys of the source's open things that the file did not show, 8 bytes each."""
    things = _open_things(source).exclude(external_id="")
    if reader.kinds is not None:
        things = things.filter(kind__in=reader.kinds)
    keys = things.order_by("id").values_list("id", flat=True)
    return array("q", (key for key in keys.iterator(chunk_size=LOOK_UP) if key not in seen))


def close_vanished(actor: Actor, reading: Import, keys: array[int]) -> Iterator[int]:
    """Close the things in batches, each with its successors; yield how many are closed so far."""
    written = Written.of(_written_since(reading), {kind for (kind,) in _kinds_of(keys)}) if keys else None
    closed = 0
    for part in chunks(keys, CLOSE):
        if written is not None:
            _close(actor, reading, part, written)
        closed += len(part)
        yield closed


@service("register.import")
def _close(actor: Actor, reading: Import, keys: list[int], written: Written) -> None:
    things = [thing for part in chunks(keys, LOOK_UP) for thing in Thing.objects.filter(id__in=part)]
    relations = successors(things, written)
    close_many(actor, reading.source, keys, timezone.now())
    if relations:
        relate_many(actor, reading.source, [(old, SUCCEEDED_BY, new) for old, new in relations])
    counts = dict(reading.counts)
    counts["closed"] = counts.get("closed", 0) + len(keys)
    counts["succeeded"] = counts.get("succeeded", 0) + len({old for old, _ in relations})
    reading.counts = counts
    reading.save(update_fields=["counts"])


def _kinds_of(keys: array[int]) -> Iterator[tuple[str]]:
    for part in chunks(keys, LOOK_UP):
        yield from Thing.objects.filter(id__in=part).values_list("kind").distinct()


def _written_since(reading: Import) -> QuerySet[Thing]:
    """Return the open things of the source written since its last import that came to its end.

    An import that was killed half way had written some of what this one found unchanged.
    """
    return _open_things(reading.source).filter(recorded_at__gte=_beginning(reading))


def _beginning(reading: Import) -> datetime:
    of_source = Import.objects.filter(source=reading.source, id__lte=reading.pk)
    last = of_source.filter(finished_at__isnull=False).order_by("-id").first()
    unfinished = of_source.filter(finished_at__isnull=True, id__gt=last.pk if last is not None else 0)
    first = unfinished.order_by("id").first()
    return first.started_at if first is not None else reading.started_at


def _open_things(source: Source) -> QuerySet[Thing]:
    return Thing.objects.filter(Q(valid_to__isnull=True), source=source)
