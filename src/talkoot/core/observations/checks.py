"""What an entity must meet before any database takes it: lengths, well-formed texts, values that are JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db import models

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.base.fields import JSONField, TextField
from talkoot.core.base.text import LANGUAGES
from talkoot.core.register.checks import MAX_NAME, text_problem, value_problems

MAX_DESCRIPTION: Final = 10_000


def require_storable(entity: models.Model) -> None:
    """Raise InvalidError with every column of `entity` whose value no database would take, or nobody could read."""
    if found := list(_problems(entity)):
        raise InvalidError(found)


def set_values(entity: models.Model, changes: Mapping[str, Any], changeable: frozenset[str]) -> list[str]:
    """Set the changes on `entity` and return the names of those that differ from before, sorted.

    Raises InvalidError for a name that cannot be changed, and as `require_storable` does.
    """
    if unknown := sorted(changes.keys() - changeable):
        raise InvalidError(unknown[0], "This cannot be changed.", f"Change one of: {', '.join(sorted(changeable))}.")
    differing = sorted(name for name, value in changes.items() if getattr(entity, name) != value)
    for name in differing:
        setattr(entity, name, changes[name])
    require_storable(entity)
    return differing


def _problems(entity: models.Model) -> Iterator[Problem]:
    for field in entity._meta.concrete_fields:
        value = getattr(entity, field.attname)
        if isinstance(field, TextField):
            yield from _text_problems(field.name, value)
        elif isinstance(field, JSONField):
            wanted = value if isinstance(value, Mapping) else {field.name: value}
            yield from value_problems(field.name, wanted)
        elif isinstance(field, models.CharField) and field.max_length is not None:
            yield from _line_problems(field.name, value, field.max_length)


def _text_problems(name: str, value: Any) -> Iterator[Problem]:
    limit = MAX_NAME if name == "name" else MAX_DESCRIPTION
    for language in LANGUAGES:
        if problem := text_problem(f"{name}.{language}", getattr(value, language), limit):
            yield problem
    if name == "name" and not value:
        yield Problem("name", "The name is missing.", "Give a text.")


def _line_problems(name: str, value: Any, limit: int) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(name, "This is no text.", "Give a text.")
    elif problem := text_problem(name, value, limit):
        yield problem
