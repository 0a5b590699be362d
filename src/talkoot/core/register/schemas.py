"""Things' attributes against the JSON Schema of their kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from talkoot.core.base.errors import Problem
from talkoot.core.base.programmes import kinds


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
        return [
            Problem("attributes", f"This is no JSON object: {error}.", "Give names with plain values, not too deep.")
        ]


def _as_problem(error: jsonschema_rs.ValidationError, kind: str) -> Problem:
    field = ".".join(["attributes", *map(str, error.instance_path)])
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    return Problem(field, f"{error.message[:300]}.", _fix(keyword, kind))


def _fix(keyword: str, kind: str) -> str:
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        known = ", ".join(sorted(kinds()[kind].schema.get("properties", {}))) or "none"
        return f"A {kind} has these attributes: {known}. Keep what else the source says in tags."
    return f"Give a value that the schema of {kind} allows, or leave the attribute out."
