"""Parameters of procedures against their JSON Schema (2020-12), with defaults filled in."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, Final

from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError, Problem

MAX_BYTES: Final = 256 * 1024
MAX_PROBLEMS: Final = 20


def checked(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` with the schema's defaults filled in.

    Raises InvalidError with one problem per field: unknown, missing, of a wrong type, out of range, not a number.
    """
    if not isinstance(given, Mapping):
        raise InvalidError("parameters", _("Not an object."), _("Give names with values."))
    _bounded(given)
    problems = list(_not_finite(given))
    if problems:
        raise InvalidError(problems[:MAX_PROBLEMS])
    filled = _with_defaults(schema, copy.deepcopy(dict(given)))
    problems = list(_unknown(schema, filled)) + list(_broken(schema, filled))
    if problems:
        raise InvalidError(problems[:MAX_PROBLEMS])
    return filled


def _bounded(given: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(given))
    except RecursionError:
        size = MAX_BYTES + 1
    except (TypeError, ValueError) as error:
        raise InvalidError("parameters", _("Not JSON."), _("Use numbers, texts, lists and objects.")) from error
    if size > MAX_BYTES:
        raise InvalidError("parameters", _("Too long."), _("Keep them below %d bytes.") % MAX_BYTES)


def _not_finite(value: Any, field: str = "") -> Iterator[Problem]:
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem(field, _("Not a finite number."), _("Give a number."))
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _not_finite(part, f"{field}.{name}" if field else str(name))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _not_finite(part, f"{field}.{number}")


def _with_defaults(schema: Mapping[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    for name, part in schema.get("properties", {}).items():
        if name not in value and "default" in part:
            value[name] = copy.deepcopy(part["default"])
        if isinstance(value.get(name), dict):
            value[name] = _with_defaults(part, value[name])
    return value


def _unknown(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Problem]:
    """Refuse what the schema does not name, unless it says that it takes more: a misspelt name must not pass."""
    if "additionalProperties" in schema or "patternProperties" in schema:
        return
    known = schema.get("properties", {})
    for name in value:
        if name not in known:
            names = ", ".join(known) or _("none")
            yield Problem(str(name)[:100], _("Unknown."), _("Known are: %s.") % names)


def _broken(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Problem]:
    import jsonschema_rs

    for error in jsonschema_rs.Draft202012Validator(dict(schema)).iter_errors(value):
        path = [str(step) for step in error.instance_path]
        details: Any = error.kind
        if details.name == "required":
            yield Problem(".".join([*path, details.property]), _("Missing."), _("Give a value."))
        else:
            limit: Any = reduce(_step, error.schema_path, schema)
            words = _in_words(str(error.schema_path[-1]), _listed(limit), error.message[:300])
            yield Problem(".".join(path), *words)


def _step(part: Any, name: str | int) -> Any:
    return part[name]


def _in_words(keyword: str, limit: str, message: str) -> tuple[str, str]:
    """Return what is wrong and how to mend it, for the keywords that people meet."""
    known = {
        "type": (_("Of the wrong type."), _("Give: %s.") % limit),
        "enum": (_("Not one of the choices."), _("Choose from: %s.") % limit),
        "const": (_("Not the only value allowed."), _("Give: %s.") % limit),
        "minimum": (_("Too small."), _("Give at least %s.") % limit),
        "exclusiveMinimum": (_("Too small."), _("Give more than %s.") % limit),
        "maximum": (_("Too large."), _("Give at most %s.") % limit),
        "exclusiveMaximum": (_("Too large."), _("Give less than %s.") % limit),
        "multipleOf": (_("Between two steps."), _("Give a multiple of %s.") % limit),
        "minLength": (_("Too short."), _("Give at least %s characters.") % limit),
        "maxLength": (_("Too long."), _("Give at most %s characters.") % limit),
        "minItems": (_("Too few."), _("Give at least %s.") % limit),
        "maxItems": (_("Too many."), _("Give at most %s.") % limit),
        "uniqueItems": (_("The same twice."), _("Give each once.")),
    }
    return known.get(keyword, (_("Not allowed."), message))


def _listed(limit: Any) -> str:
    return ", ".join(map(str, limit)) if isinstance(limit, list | tuple) else str(limit)
