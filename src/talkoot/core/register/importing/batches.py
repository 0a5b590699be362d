"""One batch of an import: what is new is added, what changed is changed, what cannot stand is set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, islice
from typing import Any, Final, NamedTuple, TypeVar

import shapely
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import service
from talkoot.core.register import geometries
from talkoot.core.register.bulk import add_many, change_many, check_many, relate_many
from talkoot.core.register.checks import BulkThing
from talkoot.core.register.importing.records import Reader, Rejected, SourceObject
from talkoot.core.register.importing.seen import SeenThings
from talkoot.core.register.models import Import, RejectedRow, Relation, Source, Thing

LOOK_UP: Final = 1000
KEPT_REJECTIONS: Final = 10_000
SUCCEEDED_BY: Final = "succeeded_by"
T = TypeVar("T")


class Known(NamedTuple):
    """What the register has of an external identifier."""

    id: int
    kind: str
    digest: bytes
    open: bool


@dataclass(slots=True)
class Draft:
    """An object on its way into the register, and what the register has of it already."""

    item: SourceObject
    thing: BulkThing
    known: Known | None


@dataclass(slots=True)
class Batch:
    """The objects of a batch sorted by what is to be done with them."""

    new: list[Draft] = field(default_factory=list)
    changed: list[Draft] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


@service("register.import")
def write_batch(
    actor: Actor,
    reading: Import,
    items: Sequence[SourceObject | Rejected],
    *,
    reader: Reader,
    seen: SeenThings,
) -> None:
    """Bring the register to what a batch of a source's file says, and count it on the import.

    `seen` takes in the keys of the things that the file shows. Writes nothing for objects whose digest is the
    same as before.
    """
    source = reading.source
    known = look_up(source, [item.external_id for item in items])
    batch = _sort(items, known, reader, seen)
    ids = {identifier: found.id for identifier, found in known.items()}
    ids.update(_add(actor, source, batch, reader.mend))
    _change(actor, source, batch, reader.mend)
    seen.update(ids.values())
    _relate(actor, source, batch, ids)
    _note_rejected(reading, batch)
    _count(reading, batch)


def look_up(source: Source, identifiers: Sequence[str]) -> dict[str, Known]:
    """Return what the register has of the source's external identifiers; empty ones it has none of."""
    found = {}
    # Said to be not empty, they are looked up in the index that holds only those.
    identified = Thing.objects.filter(source=source).exclude(external_id="")
    for part in chunks(filter(None, identifiers), LOOK_UP):
        rows = identified.filter(external_id__in=part)
        for identifier, key, kind, digest, closed in rows.values_list(
            "external_id", "id", "kind", "source_digest", "valid_to"
        ):
            found[identifier] = Known(key, kind, bytes(digest), closed is None)
    return found


def _sort(items: Sequence[SourceObject | Rejected], known: dict[str, Known], reader: Reader, seen: SeenThings) -> Batch:
    batch = Batch()
    here: set[str] = set()
    for item in items:
        if isinstance(item, Rejected):
            batch.rejected.append(item)
            continue
        found = known.get(item.external_id)
        if item.external_id in here or (found is not None and found.id in seen):
            batch.rejected.append(item.rejected(_("The identifier occurs twice in the file.")))
            continue
        here.add(item.external_id)
        digest = item.digest()
        if found is None:
            batch.new.append(Draft(item, item.as_thing(digest), None))
        elif reader.kinds is not None and found.kind not in reader.kinds:
            reason = _("The source has a {kind} of this identifier. Give this file a source of its own.").format(
                kind=found.kind
            )
            batch.rejected.append(item.rejected(reason))
        elif found.open and found.digest == digest:
            batch.counts["unchanged"] += 1
        else:
            batch.changed.append(Draft(item, item.as_thing(digest), found))
    return batch


def _add(actor: Actor, source: Source, batch: Batch, mend: bool) -> dict[str, int]:
    """Add what is new; return the keys by external identifier. What cannot stand moves to the rejected."""
    try:
        ids = add_many(actor, source, [draft.thing for draft in batch.new]) if batch.new else []
    except InvalidError:
        batch.new = _standing(batch, batch.new, mend)
        ids = add_many(actor, source, [draft.thing for draft in batch.new])
    batch.counts["added"] += len(ids)
    return {draft.item.external_id: key for draft, key in zip(batch.new, ids, strict=True)}


def _change(actor: Actor, source: Source, batch: Batch, mend: bool) -> None:
    """Change what changed. What cannot stand moves to the rejected, and the register keeps what it said."""
    try:
        change_many(actor, source, _keyed(batch.changed))
    except InvalidError:
        batch.changed = _standing(batch, batch.changed, mend)
        change_many(actor, source, _keyed(batch.changed))
    reopened = sum(1 for draft in batch.changed if draft.known is not None and not draft.known.open)
    batch.counts["reopened"] += reopened
    batch.counts["changed"] += len(batch.changed) - reopened


def _keyed(drafts: list[Draft]) -> list[tuple[int, BulkThing]]:
    return [(draft.known.id, draft.thing) for draft in drafts if draft.known is not None]


def _standing(batch: Batch, drafts: list[Draft], mend: bool) -> list[Draft]:
    """Return the drafts that may stand, mended where asked for; the others are rejected with their reasons."""
    found = check_many([draft.thing for draft in drafts])
    if mend:
        broken = [any(problem.field == "geometry" for problem in problems) for problems in found]
        for draft in compress(drafts, broken):
            draft.thing = _mended(draft.thing)
        found = check_many([draft.thing for draft in drafts])
        batch.counts["mended"] += sum(was and not now for was, now in zip(broken, found, strict=True))
    for draft, problems in zip(drafts, found, strict=True):
        if problems:
            batch.rejected.append(draft.item.rejected(" ".join(map(str, problems))))
    return [draft for draft, problems in zip(drafts, found, strict=True) if not problems]


def _mended(thing: BulkThing) -> BulkThing:
    try:
        geometry = geometries.mend(thing.geometry or b"")
    except shapely.errors.GEOSException:  # not even readable: the check says why
        return thing
    return replace(thing, geometry=geometry, provenance={**thing.provenance, "geometry": "assumed:mended"})


def _relate(actor: Actor, source: Source, batch: Batch, ids: dict[str, int]) -> None:
    """Relate what was written as its source does; a relation that its source no longer has ends."""
    written = [(ids[draft.item.external_id], draft.item) for draft in (*batch.new, *batch.changed)]
    wanted_ids = {target for _, item in written for _, target in item.relations if target not in ids}
    targets = {**ids, **{name: found.id for name, found in look_up(source, sorted(wanted_ids)).items()}}
    relations: dict[tuple[int, str, int], None] = {}
    for key, item in written:
        for type_, target in item.relations:
            if (other := targets.get(target)) is None:
                batch.counts["relations_without_object"] += 1
            elif other != key:
                relations[key, type_, other] = None
    if batch.changed:
        _end_others(source, [ids[draft.item.external_id] for draft in batch.changed], relations)
    if relations:
        relate_many(actor, source, relations)


def _end_others(source: Source, subjects: list[int], wanted: dict[tuple[int, str, int], None]) -> None:
    ended = []
    for part in chunks(subjects, LOOK_UP):
        standing = Relation.objects.filter(source=source, subject__in=part, valid_to__isnull=True)
        ended += [
            relation_id
            for relation_id, *relation in standing.exclude(type=SUCCEEDED_BY).values_list(
                "id", "subject", "type", "object"
            )
            if tuple(relation) not in wanted
        ]
    for part in chunks(ended, LOOK_UP):
        Relation.objects.filter(id__in=part).update(valid_to=timezone.now())


def _note_rejected(reading: Import, batch: Batch) -> None:
    room = KEPT_REJECTIONS - int(reading.counts.get("rejected", 0))
    RejectedRow.objects.bulk_create(
        [
            RejectedRow(reading=reading, row=rejected.row[:200], reason=rejected.reason[:2000])
            for rejected in batch.rejected[: max(room, 0)]
        ],
        batch_size=LOOK_UP,
    )
    batch.counts["rejected"] += len(batch.rejected)


def _count(reading: Import, batch: Batch) -> None:
    counts: dict[str, Any] = dict(reading.counts)
    for name, number in batch.counts.items():
        if number:
            counts[name] = counts.get(name, 0) + number
    reading.counts = counts
    reading.save(update_fields=["counts"])
