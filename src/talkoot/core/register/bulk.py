"""Writing many things at once: the importer's verbs, each one audit entry and one revision for the whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import shapely
from django.db import IntegrityError
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, Problem
from talkoot.core.base.services import service
from talkoot.core.people.models import Organisation
from talkoot.core.register import history, revision
from talkoot.core.register.checks import BulkThing, check_many, require_valid
from talkoot.core.register.documents import document
from talkoot.core.register.geometries import read_wkb
from talkoot.core.register.models import Relation, Source, Thing, ThingText
from talkoot.core.register.relations import require_declared
from talkoot.core.register.tree import require_no_cycles

__all__ = ["BulkThing", "add_many", "change_many", "check_many", "close_many", "relate_many"]

BATCH = 1000


@service("register.import")
def add_many(actor: Actor, source: Source, things: Sequence[BulkThing]) -> list[int]:
    """Add things of a source to the register; return their primary keys, in order.

    Raises InvalidError, with the position of each refused thing, and ConflictError where the source has one of
    the external identifiers already. Then nothing is written.
    """
    require_valid(things)
    require_others(things)
    rows = [Thing(source=source) for _ in things]
    say(rows, things)
    try:
        Thing.objects.bulk_create(rows, batch_size=BATCH)
    except IntegrityError as error:
        raise ConflictError(
            f"{source.code} has a thing of one of these external identifiers already, or refers to one that is gone."
        ) from error
    write_texts(rows, fresh=True)
    audit.note(source.code, added=len(rows))
    revision.bump()
    return [row.pk for row in rows]


@service("register.import")
def change_many(actor: Actor, source: Source, changes: Sequence[tuple[int, BulkThing]]) -> None:
    """Let the register say of each thing (by primary key) what its source says of it now.

    What it said before is kept as a version. A closed thing that its source shows again is open again.
    Raises InvalidError where a thing is refused, or is not the source's; then nothing is written.
    """
    drafts = [draft for _, draft in changes]
    require_valid(drafts)
    rows = _of_source(source, [pk for pk, _ in changes])
    require_others(drafts)
    require_no_cycles([(pk, draft.within_id) for pk, draft in changes])
    history.keep(rows, history.next_moment(rows))
    for row in rows:
        row.valid_to = None
    say(rows, drafts)
    Thing.objects.bulk_update(rows, CHANGED, batch_size=BATCH // 4)
    write_texts(rows)
    audit.note(source.code, changed=len(rows))
    revision.bump()


@service("register.import")
def close_many(actor: Actor, source: Source, ids: Sequence[int], on: datetime) -> None:
    """Close things of a source that it no longer shows, from the moment `on`; they and their history stay.

    A thing that is said to begin later than `on` ends when it begins.
    """
    rows = [row for row in _of_source(source, ids) if row.valid_to is None]
    history.keep(rows, history.next_moment(rows))
    for row in rows:
        row.valid_to = max(on, row.valid_from) if row.valid_from is not None else on
    Thing.objects.bulk_update(rows, ["valid_to", "recorded_at"], batch_size=BATCH)
    audit.note(source.code, closed=len(rows))
    revision.bump()


@service("register.import")
def relate_many(actor: Actor, source: Source, relations: Iterable[tuple[int, str, int]]) -> None:
    """Relate things as (subject, type, object) by primary key; a relation that already holds stays one.

    Raises InvalidError where a type is not declared or a thing would relate to itself.
    """
    wanted = list(dict.fromkeys(relations))
    require_declared({type_ for _, type_, _ in wanted})
    if any(subject == object_ for subject, _, object_ in wanted):
        raise InvalidError("object", "A thing does not relate to itself.", "Name another thing.")
    now = timezone.now()
    Relation.objects.bulk_create(
        [
            Relation(subject_id=subject, type=type_, object_id=object_, source=source, valid_from=now)
            for subject, type_, object_ in wanted
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    audit.note(source.code, related=len(wanted))
    revision.bump()


CHANGED = [
    "kind",
    "name",
    "owner",
    "within",
    "external_id",
    "source_digest",
    "attributes",
    "provenance",
    "tags",
    "geometry",
    "min_lon",
    "min_lat",
    "max_lon",
    "max_lat",
    "valid_from",
    "valid_to",
    "recorded_at",
]


def require_others(drafts: Sequence[BulkThing]) -> None:
    """Raise InvalidError where a draft names an owner or a surrounding thing that does not exist."""
    owners = {draft.owner_id for draft in drafts if draft.owner_id is not None}
    if owners and (missing := owners - set(Organisation.objects.filter(pk__in=owners).values_list("pk", flat=True))):
        raise InvalidError("owner", f"There is no organisation with the key {min(missing)}.", "Name one that exists.")
    places = {draft.within_id for draft in drafts if draft.within_id is not None}
    require_no_cycles([(-1 - index, place) for index, place in enumerate(places)])  # -1...: things that are not yet


def say(rows: Sequence[Thing], drafts: Sequence[BulkThing]) -> None:
    """Set on each row, not yet saved, what its valid draft says, with the bounds of its geometry."""
    bounds = shapely.bounds(read_wkb([draft.geometry for draft in drafts])).tolist()
    for row, draft, box in zip(rows, drafts, bounds, strict=True):
        row.kind, row.name, row.external_id = draft.kind, draft.name, draft.external_id
        row.attributes, row.provenance = dict(draft.attributes), dict(draft.provenance)
        row.tags = dict(draft.tags)
        row.within_id, row.owner_id = draft.within_id, draft.owner_id
        row.valid_from, row.source_digest = draft.valid_from, draft.digest
        row.geometry = draft.geometry
        row.min_lon, row.min_lat, row.max_lon, row.max_lat = box if draft.geometry is not None else [None] * 4


def write_texts(rows: Sequence[Thing], *, fresh: bool = False) -> None:
    """Write what text search knows of the rows, which have their keys; `fresh` rows have nothing there yet."""
    if not fresh:
        ThingText.objects.filter(thing__in=[row.pk for row in rows]).delete()
    texts = [(row, document(row.kind, row.name, row.attributes, row.tags)) for row in rows]
    ThingText.objects.bulk_create(
        [ThingText(thing_id=row.pk, terms=terms) for row, terms in texts if terms], batch_size=BATCH
    )


def _of_source(source: Source, ids: Sequence[int]) -> list[Thing]:
    """Return the source's things of these keys, locked, in the keys' order. Raises InvalidError for any other."""
    found: dict[Any, Thing] = {}
    for start in range(0, len(ids), BATCH):
        part = Thing.objects.select_for_update(of=("self",)).select_related(*history.RELATED)
        found.update(part.filter(source=source).in_bulk(ids[start : start + BATCH]))
    if missing := [pk for pk in ids if pk not in found]:
        raise InvalidError(
            Problem(
                "things",
                f"{source.code} has no thing with the key {pk}.",
                "Change each source's things as that source.",
            )
            for pk in missing[:10]
        )
    return [found[pk] for pk in ids]
