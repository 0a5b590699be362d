"""The register's verbs: the only way in which one thing, relation or source is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.services import require, service
from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.people.models import Organisation
from talkoot.core.register import geometries, history, revision, rows
from talkoot.core.register.bulk import require_others
from talkoot.core.register.checks import BulkThing, require_valid
from talkoot.core.register.models import Relation, Source, Thing
from talkoot.core.register.relations import require_declared
from talkoot.core.register.tree import require_no_cycles

# What change_thing takes, by its own names.
CHANGEABLE: Final = frozenset(
    {
        "kind",
        "name",
        "geometry",
        "attributes",
        "provenance",
        "tags",
        "external_id",
        "within",
        "owner",
        "valid_from",
    }
)


@service("register.edit")
def ensure_source(
    actor: Actor,
    *,
    code: str,
    name: Text | Mapping[str, str] | str,
    licence: str,
    url: str = "",
    attribution: str = "",
    simulated: bool = False,
) -> Source:
    """Return the source of this code, made or brought to these values.

    Parameters: `licence` is an SPDX identifier, `attribution` what must be shown with its data, `simulated`
    whether its values were made up for a demonstration. Raises InvalidError for a value its column cannot hold.
    """
    values = {
        "name": text_of("name", name),
        "licence": licence,
        "url": url,
        "attribution": attribution,
        "simulated": simulated,
    }
    found = Source.objects.filter(code=code).first()
    if found is not None and all(getattr(found, field) == value for field, value in values.items()):
        return found
    made = found or Source(code=code)
    for field, value in values.items():
        setattr(made, field, value)
    try:
        made.full_clean(validate_unique=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidError(field, " ".join(messages)) from error
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        words = _("Somebody else has just made the source {code}. Ask for it again.").format(code=code)
        raise ConflictError(words) from error
    audit.note(code)
    revision.bump()
    return made


@service("register.edit", subject="owner")
def add_thing(
    actor: Actor,
    *,
    kind: str,
    name: Text | Mapping[str, str] | str,
    source: Source,
    geometry: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    provenance: Mapping[str, str] | None = None,
    tags: Mapping[str, Any] | None = None,
    external_id: str = "",
    within: Thing | None = None,
    owner: Organisation | None = None,
    valid_from: datetime | None = None,
    mend: bool = False,
) -> Thing:
    """Add a thing to the register and return it.

    Parameters: `geometry` is GeoJSON in WGS 84; `attributes` follow the schema of the kind; `provenance` names
    the origin of each attribute that is not from `source` (another source's code or "assumed:<rule>"); `within`
    is the thing it stands in; `mend` asks to mend a polygon that crosses itself. Raises InvalidError with each
    field that is wrong, ConflictError where the source has the external identifier already.
    """
    draft = BulkThing(
        kind=kind,
        name=text_of("name", name),
        external_id=external_id,
        geometry=_wkb(geometry, mend),
        attributes=attributes or {},
        provenance=provenance or {},
        tags=tags or {},
        within_id=within.pk if within is not None else None,
        owner_id=owner.pk if owner is not None else None,
        valid_from=valid_from,
    )
    require_valid([draft])
    require_others([draft])
    [key] = rows.insert(source.pk, [draft], timezone.now())
    thing = _current(key)
    audit.note(thing, kind=kind)
    revision.bump()
    return thing


@service("register.edit", subject="thing")
def change_thing(actor: Actor, /, thing: Thing, *, mend: bool = False, **changes: Any) -> Thing:
    """Change what the register says of a thing and return it as it is now; the past stays in its history.

    Parameters: `thing` as the caller read it; the names and forms of `add_thing`, of which each given value replaces
    the one before as a whole. Nothing is written where nothing differs. Raises InvalidError as `add_thing` does, and
    for a name it does not take; ConflictError where somebody wrote the thing after the caller read it.
    """
    if unknown := sorted(changes.keys() - CHANGEABLE):
        fix = _("Change one of: {known}.").format(known=", ".join(sorted(CHANGEABLE)))
        raise InvalidError(unknown[0], _("This cannot be changed."), fix)
    if "owner" in changes:
        require(actor, "register.edit", changes["owner"])  # nobody gives to, or takes for, an organisation not theirs
    now = _as_read(actor, thing)
    draft = _changed_draft(now, changes, mend)
    return _rewrite(now, draft, now.valid_to, fields=sorted(changes))


@service("register.edit", subject="thing")
def close_thing(actor: Actor, thing: Thing, *, on: datetime | None = None) -> Thing:
    """Say that a thing is no longer there from the moment `on` (now, by default); it and its history stay.

    Raises ConflictError where it is closed already or somebody wrote it after the caller read it, InvalidError where
    `on` is before its beginning.
    """
    now = _as_read(actor, thing)
    if now.valid_to is not None:
        raise ConflictError(_("{thing} is closed already.").format(thing=now))
    end = on or timezone.now()
    if now.valid_from is not None and end < now.valid_from:
        fix = _("Give {day} or later.").format(day=f"{now.valid_from:%Y-%m-%d}")
        raise InvalidError("on", _("This is before the thing began."), fix)
    return _rewrite(now, _draft(now), end, fields=["valid_to"])


@service("register.edit", subject="thing")
def undo_change(actor: Actor, thing: Thing) -> Thing:
    """Let the register say again what it said of a thing before its last change; to undo that, undo once more.

    Raises ConflictError where it never said anything else, or somebody wrote the thing after the caller read it.
    """
    now = _as_read(actor, thing)
    before = now.versions.order_by("-recorded_from", "-pk").first()
    if before is None:
        raise ConflictError(_("{thing} has not been changed.").format(thing=now))
    state = before.state
    draft = _draft_of_state(state)
    if draft.owner_id != now.owner_id:  # as where one changes it: nobody gives to an organisation not theirs
        require(actor, "register.edit", Organisation.objects.get(pk=draft.owner_id) if draft.owner_id else None)
    return _rewrite(now, draft, _moment(state["valid_to"]), fields=["undo"])


@service("register.edit", subject="subject")
def relate(actor: Actor, subject: Thing, type: str, object: Thing, *, source: Source) -> Relation:
    """Say that `subject` relates to `object` by a declared type; return the relation, the present one if it holds.

    Raises InvalidError where the type is not declared or both are one thing.
    """
    require_declared([type])
    _held(actor, subject)
    if subject.pk == object.pk:
        raise InvalidError("object", _("A thing does not relate to itself."), _("Name another thing."))
    relation, made = Relation.objects.get_or_create(
        subject=subject,
        type=type,
        object=object,
        valid_to=None,
        defaults={"source": source, "valid_from": timezone.now()},
    )
    audit.note(subject, type=type, object=str(object.uid))
    if made:
        revision.bump()
    return relation


@service("register.edit", subject="relation")
def end_relation(actor: Actor, relation: Relation) -> Relation:
    """Say that a relation no longer holds, from now on. Raises ConflictError where it has ended already."""
    _held(actor, relation.subject)
    ended = Relation.objects.filter(pk=relation.pk, valid_to__isnull=True).update(valid_to=timezone.now())
    if not ended:
        raise ConflictError(_("The relation has ended already."))
    relation.refresh_from_db()
    audit.note(relation.subject, type=relation.type, object=str(relation.object.uid))
    revision.bump()
    return relation


def text_of(field: str, value: Text | Mapping[str, str] | str) -> Text:
    """Return a Text of what was given. Raises InvalidError for an unknown language or what is no text."""
    if isinstance(value, Mapping):
        if unknown := [str(code) for code in value if code not in LANGUAGES]:
            raise InvalidError(f"{field}.{unknown[0][:20]}", _("The language is not known."), _("Use fi, sv or en."))
        if wrong := [code for code, text in value.items() if not isinstance(text, str)]:
            raise InvalidError(f"{field}.{wrong[0]}", _("This is no text."), _("Give a text."))
    elif not isinstance(value, Text | str):
        raise InvalidError(field, _("This is no text."), _("Give a text, or texts by language."))
    return Text.of(value)


def _wkb(geometry: Mapping[str, Any] | None, mend: bool) -> bytes | None:
    if geometry is None:
        return None
    wkb = geometries.from_geojson(geometry)
    return geometries.mend(wkb) if mend else wkb


def _current(key: int) -> Thing:
    """Return the thing as the database has it now."""
    return Thing.objects.select_related(*history.RELATED).get(pk=key)


def _held(actor: Actor, thing: Thing) -> Thing:
    """Return the thing as the database has it now, held until the transaction ends; the actor may edit it as it is.

    Raises NotFoundError, and NotAllowedError where it is now of an owner whose things the actor may not edit.
    """
    if not Thing.objects.select_for_update().filter(pk=thing.pk).values_list("pk"):
        raise NotFoundError(_("The register no longer has {thing}.").format(thing=thing))
    held = _current(thing.pk)  # read once it is held: joined to the lock, its neighbours would be those of before
    require(actor, "register.edit", held)
    return held


def _as_read(actor: Actor, thing: Thing) -> Thing:
    """Hold the thing as `_held` does. Raises ConflictError where somebody wrote it after the caller read it."""
    held = _held(actor, thing)
    if held.recorded_at != thing.recorded_at:
        words = _("Somebody has changed {thing} meanwhile. Look at how it stands now, and edit it again.")
        raise ConflictError(words.format(thing=held))
    return held


def _draft(thing: Thing) -> BulkThing:
    return BulkThing(
        kind=thing.kind,
        name=thing.name,
        external_id=thing.external_id,
        geometry=bytes(thing.geometry) if thing.geometry is not None else None,
        attributes=thing.attributes,
        provenance=thing.provenance,
        tags=thing.tags,
        within_id=thing.within_id,
        owner_id=thing.owner_id,
        valid_from=thing.valid_from,
        digest=bytes(thing.source_digest),
    )


def _changed_draft(thing: Thing, changes: Mapping[str, Any], mend: bool) -> BulkThing:
    values: dict[str, Any] = dict(changes)
    if "name" in values:
        values["name"] = text_of("name", values["name"])
    if "geometry" in values:
        values["geometry"] = _wkb(values["geometry"], mend)
    for reference in ("within", "owner"):
        if reference in values:
            other = values.pop(reference)
            values[f"{reference}_id"] = other.pk if other is not None else None
    return replace(_draft(thing), **values)


def _draft_of_state(state: Mapping[str, Any]) -> BulkThing:
    """Return the draft that a kept state tells of; whoever it named must still exist."""
    within = owner = None
    if state["within"] is not None:
        within = Thing.objects.values_list("pk", flat=True).get(uid=UUID(state["within"]))
    if state["owner"] is not None:
        owner = Organisation.objects.values_list("pk", flat=True).get(code=state["owner"])
    return BulkThing(
        kind=state["kind"],
        name=Text.of(state["name"]),
        external_id=state["external_id"],
        geometry=_wkb(state["geometry"], mend=False),
        attributes=state["attributes"],
        provenance=state["provenance"],
        tags=state["tags"],
        within_id=within,
        owner_id=owner,
        valid_from=_moment(state["valid_from"]),
    )


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text is not None else None


def _rewrite(thing: Thing, draft: BulkThing, valid_to: datetime | None, *, fields: list[str]) -> Thing:
    """Keep what is said of the locked `thing` as a version and say `draft` instead, if that differs."""
    if draft == _draft(thing) and valid_to == thing.valid_to:
        return thing
    require_valid([draft])
    require_others([draft])
    require_no_cycles([(thing.pk, draft.within_id)])
    at = history.next_moment([thing])
    history.keep([thing], at)
    rows.update([thing.pk], [draft], at, valid_to)
    audit.note(thing, kind=draft.kind, fields=fields)
    revision.bump()
    return _current(thing.pk)
