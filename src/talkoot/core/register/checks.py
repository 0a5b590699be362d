"""What a thing must meet to stand in the register: the same for one that is typed in and a million imported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.register import geometries
from talkoot.core.register.models import Source
from talkoot.core.register.schemas import attribute_problems

MAX_VALUES: Final = 1024 * 1024
MAX_NAME: Final = 300
MAX_EXTERNAL_ID: Final = 200
MAX_ORIGIN: Final = 200
ASSUMED: Final = "assumed:"
# What provenance may speak of beside attributes.
OWN_FIELDS: Final = frozenset({"name", "geometry"})
ORIGIN_FIX: Final = gettext_noop('Give a source\'s code or "assumed:<rule>".')
UNICODE_FIX: Final = gettext_noop("Give well-formed Unicode.")

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class BulkThing:
    """What a source says of a thing.

    `geometry` is two-dimensional WKB in WGS 84 (longitude, latitude in degrees). `provenance` names, for each
    attribute that the source itself does not say, another source's code or "assumed:<rule>". `within_id` and
    `owner_id` are primary keys of a thing and an organisation. `digest` is the source's own, of at most 16 bytes.
    """

    kind: str
    name: Text = field(default_factory=Text)
    external_id: str = ""
    geometry: bytes | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, Any] = field(default_factory=dict)
    within_id: int | None = None
    owner_id: int | None = None
    valid_from: datetime | None = None
    digest: bytes = b""


def check_many(things: Sequence[BulkThing]) -> list[list[Problem]]:
    """Return what forbids each thing to stand in the register, an empty list for each that may.

    A reader of files calls it to set aside, with their reasons, the rows that a write would refuse.
    """
    sources = frozenset(Source.objects.values_list("code", flat=True))
    shapes = geometries.read_wkb([thing.geometry for thing in things])
    allowed = [kinds()[thing.kind].geometry if thing.kind in kinds() else geometries.TYPES for thing in things]
    in_place = geometries.problems(shapes, [thing.geometry for thing in things], allowed)
    found = [_problems(thing, sources) for thing in things]
    for index, problem in in_place.items():
        found[index].append(problem)
    return found


def require_valid(things: Sequence[BulkThing]) -> None:
    """Raise InvalidError with every problem of every thing; in a batch each names the thing by its position."""
    found = check_many(things)
    if any(found):
        alone = len(things) == 1
        raise InvalidError(
            problem if alone else Problem(f"things[{index}].{problem.field}", problem.message, problem.fix)
            for index, problems in enumerate(found)
            for problem in problems
        )


def _problems(thing: BulkThing, sources: frozenset[str]) -> list[Problem]:
    if thing.kind not in kinds():
        known = ", ".join(sorted(kinds()))
        return [
            Problem(
                "kind",
                _("{kind!r} is no kind of thing.").format(kind=thing.kind[:60]),
                _("Use one of: {known}.").format(known=known),
            )
        ]
    found: list[Problem] = []
    for what in ("attributes", "provenance", "tags"):
        found.extend(value_problems(what, getattr(thing, what)))
    found.extend(_name_problems(thing))
    if not found:
        found.extend(attribute_problems(thing.kind, thing.attributes))
        found.extend(_provenance_problems(thing, sources))
    return found


def value_problems(what: str, values: Mapping[str, Any]) -> list[Problem]:
    """Return what keeps `values` from being stored as JSON by every database."""
    if not isinstance(values, Mapping):
        return [Problem(what, _("This is no object."), _("Give names with their values."))]
    if not values:
        return []
    try:
        text = _encode(values)
        size = len(msgspec.json.encode(values))  # as it will be written
    except UnicodeEncodeError:
        return [Problem(what, _("A text holds half of a character."), _(UNICODE_FIX))]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        words = _("This is no JSON: {error}.").format(error=error)
        return [Problem(what, words, _("Give texts, finite numbers, lists and objects."))]
    if size > MAX_VALUES:
        words = _("{size} bytes are more than the {limit} allowed.").format(size=size, limit=MAX_VALUES)
        return [Problem(what, words, _("Keep files elsewhere and link to them."))]
    if "\\u0000" in text and _holds_nul(values):
        return [Problem(what, _("A text holds the character NUL."), _("Remove it."))]
    return []


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(_holds_nul(item) for item in value)


def _name_problems(thing: BulkThing) -> list[Problem]:
    texts = [(f"name.{language}", getattr(thing.name, language), MAX_NAME) for language in LANGUAGES]
    texts.append(("external_id", thing.external_id, MAX_EXTERNAL_ID))
    return [problem for each in texts if (problem := text_problem(*each))]


def text_problem(what: str, text: str, limit: int) -> Problem | None:
    """Return what keeps `text`, of at most `limit` characters, from being stored by every database."""
    if len(text) > limit:
        words = _("{count} characters are more than the {limit} allowed.").format(count=len(text), limit=limit)
        return Problem(what, words, _("Shorten it."))
    if "\x00" in text:
        return Problem(what, _("A text holds the character NUL."), _("Remove it."))
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
        return Problem(what, _("A text holds half of a character."), _(UNICODE_FIX))
    return None


def _provenance_problems(thing: BulkThing, sources: frozenset[str]) -> list[Problem]:
    found = []
    for key, origin in thing.provenance.items():
        where = f"provenance.{key}"
        if key not in thing.attributes and key not in OWN_FIELDS:
            fix = _("Speak of attributes it has, name or geometry.")
            found.append(Problem(where, _("The thing has no such attribute."), fix))
        elif not isinstance(origin, str) or len(origin) > MAX_ORIGIN:
            found.append(Problem(where, _("This names no source."), _(ORIGIN_FIX)))
        elif origin not in sources and not (origin.startswith(ASSUMED) and len(origin) > len(ASSUMED)):
            found.append(Problem(where, _("{origin!r} is no source.").format(origin=origin), _(ORIGIN_FIX)))
    return found
