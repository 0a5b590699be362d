"""Writing many things at once: the importer's verbs, each one audit entry and one revision for the whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.base.services import service
from talkoot.core.people.models import Organisation
from talkoot.core.register import history, revision, rows
from talkoot.core.register.checks import BulkThing, check_many, require_valid
from talkoot.core.register.models import Relation, Source, Thing
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
    keys = rows.insert(source.pk, things, timezone.now())
    audit.note(source.code, added=len(keys))
    revision.bump()
    return keys


@service("register.import")
def change_many(actor: Actor, source: Source, changes: Sequence[tuple[int, BulkThing]]) -> None:
    """Let the register say of each thing (by primary key) what its source says of it now.

    What it said before is kept as a version. A closed thing that its source shows again is open again.
    Raises InvalidError where a thing is refused, or is not the source's; then nothing is written.
    """
    drafts = [draft for _, draft in changes]
    require_valid(drafts)
    present = _of_source(source, [key for key, _ in changes])
    require_others(drafts)
    require_no_cycles([(key, draft.within_id) for key, draft in changes])
    now = history.next_moment(present)
    history.keep(present, now)
    rows.update([thing.pk for thing in present], drafts, now)
    audit.note(source.code, changed=len(present))
    revision.bump()


@service("register.import")
def close_many(actor: Actor, source: Source, ids: Sequence[int], on: datetime) -> None:
    """Close things of a source that it no longer shows, from the moment `on`; they and their history stay.

    A thing that is said to begin later than `on` ends when it begins.
    """
    present = [thing for thing in _of_source(source, ids) if thing.valid_to is None]
    now = history.next_moment(present)
    history.keep(present, now)
    rows.end([(thing.pk, max(on, thing.valid_from) if thing.valid_from else on) for thing in present], now)
    audit.note(source.code, closed=len(present))
    revision.bump()


@service("register.import")
def relate_many(actor: Actor, source: Source, relations: Iterable[tuple[int, str, int]]) -> None:
    """Relate things as (subject, type, object) by primary key; a relation that already holds stays one.

    Raises InvalidError where a type is not declared or a thing would relate to itself.
    """
    wanted = list(dict.fromkeys(relations))
    require_declared({type_ for _, type_, _ in wanted})
    if any(subject == object_ for subject, _, object_ in wanted):
        raise InvalidError("object", _("A thing does not relate to itself."), _("Name another thing."))
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


def require_others(drafts: Sequence[BulkThing]) -> None:
    """Raise InvalidError where a draft names an owner or a surrounding thing that does not exist."""
    owners = {draft.owner_id for draft in drafts if draft.owner_id is not None}
    if owners and (missing := owners - set(Organisation.objects.filter(pk__in=owners).values_list("pk", flat=True))):
        words = _("There is no organisation with the key {key}.").format(key=min(missing))
        raise InvalidError("owner", words, _("Name one that exists."))
    places = {draft.within_id for draft in drafts if draft.within_id is not None}
    require_no_cycles([(-1 - index, place) for index, place in enumerate(places)])  # -1...: things that are not yet


def _of_source(source: Source, ids: Sequence[int]) -> list[Thing]:
    """Return the source's things of these keys, locked, in the keys' order. Raises InvalidError for any other."""
    found: dict[Any, Thing] = {}
    for start in range(0, len(ids), BATCH):
        part = Thing.objects.filter(source=source, pk__in=ids[start : start + BATCH])
        list(part.select_for_update().order_by("pk").values_list("pk"))
        # Read once they are held: joined to the lock, their neighbours would be those of before.
        found.update(part.select_related(*history.RELATED).in_bulk())
    if missing := [pk for pk in ids if pk not in found]:
        raise InvalidError(
            Problem(
                "things",
                _("The source {code} has no thing with the key {key}.").format(code=source.code, key=pk),
                _("Change each source's things as that source."),
            )
            for pk in missing[:10]
        )
    return [found[pk] for pk in ids]
