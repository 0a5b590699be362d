"""Things' attributes against the JSON Schema of their kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import jsonschema_rs
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import Problem
from talkoot.core.base.programmes import kinds

# What is wrong, by the keyword of the schema that says so.
WORDS: Final = {
    "minimum": gettext_noop("{value} is less than the minimum of {limit}."),
    "maximum": gettext_noop("{value} is more than the maximum of {limit}."),
    "maxLength": gettext_noop("{value} is longer than {limit} characters."),
    "enum": gettext_noop("{value} is not one of: {options}."),
    "type": gettext_noop("{value} is not {wanted}."),
    "additionalProperties": gettext_noop("The attribute {unexpected} is not known."),
}
TYPES: Final = {
    "number": gettext_noop("a number"),
    "integer": gettext_noop("a whole number"),
    "string": gettext_noop("a text"),
    "boolean": gettext_noop("true or false"),
    "array": gettext_noop("a list"),
    "object": gettext_noop("an object"),
}
SHOWN: Final = 100


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(kinds()[kind].schema))


def attribute_problems(kind: str, attributes: Mapping[str, Any]) -> list[Problem]:
    """Return what the schema of the declared `kind` finds wrong with `attributes`, a field for each."""
    validator = _validator(kind)
    try:
        if validator.is_valid(attributes):
            return []
        return [_as_problem(error, kind) for error in validator.iter_errors(attributes)]
    except ValueError as error:
        words = _("This is no JSON: {error}.").format(error=error)
        return [Problem("attributes", words, _("Give names with plain values, not too deep."))]


def _as_problem(error: jsonschema_rs.ValidationError, kind: str) -> Problem:
    field = ".".join(["attributes", *map(str, error.instance_path)])
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    return Problem(field, _message(error), _fix(keyword, kind))


def _message(error: jsonschema_rs.ValidationError) -> str:
    """Return what is wrong in the reader's language; of keywords that no kind of ours uses, in the library's words."""
    words = WORDS.get(error.kind.name)
    if words is None:
        return f"{error.message[:300]}."
    facts = error.kind.as_dict()
    return _(words).format(
        value=_shown(error.instance),
        limit=facts.get("limit"),
        options=", ".join(map(_shown, facts.get("options", ()))),
        unexpected=", ".join(map(_shown, facts.get("unexpected", ()))),
        wanted=", ".join(_(TYPES[name]) if name in TYPES else name for name in facts.get("types", ())),
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _fix(keyword: str, kind: str) -> str:
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        known = ", ".join(sorted(kinds()[kind].schema.get("properties", {}))) or "–"
        words = _("A {kind} has these attributes: {known}. Keep what else the source says in tags.")
        return words.format(kind=kind, known=known)
    return _("Give a value that the schema of {kind} allows, or leave the attribute out.").format(kind=kind)
