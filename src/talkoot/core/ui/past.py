"""What a thing was: its past states as a line of time, each with what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from talkoot.core.base.text import LANGUAGES
from talkoot.core.ui.things import attribute_schemas, label_of, unit_words, value_words

SHOWN: Final = 20
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that changed: what it is, what it was and what it became ("" where there was none)."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """A moment at which the register began to say something else. `first` marks the oldest one that is kept."""

    at: datetime
    changes: list[Change]
    first: bool


def events(spoken: Iterable[tuple[datetime, datetime | None, State]]) -> list[Event]:
    """Return the changes between states, the newest first. `spoken` yields (from, until, state), the newest first."""
    kept = [(since, state) for since, _until, state in spoken]
    found = [
        Event(since, changes_between(earlier[1], state), first=False) for (since, state), earlier in pairwise(kept)
    ]
    return [*found, Event(kept[-1][0], [], first=True)] if kept else []


def changes_between(before: State, after: State) -> list[Change]:
    """Return what differs between two states of a thing, in words."""
    kind = after["kind"]
    found = [
        Change(_name_label(code), before["name"].get(code, ""), after["name"].get(code, ""))
        for code in LANGUAGES
        if before["name"].get(code) != after["name"].get(code)
    ]
    old, new = before["attributes"], after["attributes"]
    found += [
        Change(label_of(kind, code), _written(kind, code, old.get(code)), _written(kind, code, new.get(code)))
        for code in dict.fromkeys([*old, *new])
        if old.get(code) != new.get(code)
    ]
    if before["geometry"] != after["geometry"]:
        found.append(Change(_("Place"), "", _("changed")))
    for field, label in (("owner", _("Owner")), ("within", _("Stands in")), ("kind", _("Kind"))):
        if before[field] != after[field]:
            found.append(Change(label, before[field] or "", after[field] or ""))
    if before["valid_to"] != after["valid_to"]:
        found.append(Change(_("Gone since"), (before["valid_to"] or "")[:10], (after["valid_to"] or "")[:10]))
    return found


def _name_label(language: str) -> str:
    return {"fi": _("Name in Finnish"), "sv": _("Name in Swedish"), "en": _("Name in English")}[language]


def _written(kind: str, code: str, value: Any) -> str:
    if value is None:
        return ""
    unit = unit_words(attribute_schemas(kind).get(code, {}).get("x-unit", ""))
    return f"{value_words(value, kind)} {unit}".strip()
