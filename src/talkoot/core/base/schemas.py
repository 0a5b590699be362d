"""How a procedure says what it can be asked for: JSON Schema with names and help in three languages, units, bounds."""

from __future__ import annotations

from typing import Any

from talkoot.core.base.text import Text

Schema = dict[str, Any]


def described(name: Text, explanation: Text, schema: Schema) -> Schema:
    """Return the schema of a parameter with its name and what it is for."""
    return {
        **schema,
        "title": name.en,
        "description": explanation.en,
        "x-name": name.as_dict(),
        "x-help": explanation.as_dict(),
    }


def amount(name: Text, unit: str, default: float, bounds: tuple[float, float], explanation: Text) -> Schema:
    """Return the schema of a number in a unit (UCUM), between two bounds."""
    low, high = bounds
    schema = {"type": "number", "minimum": low, "maximum": high, "default": default, "x-unit": unit}
    return described(name, explanation, schema)


def whole(name: Text, unit: str, default: int, bounds: tuple[int, int], explanation: Text) -> Schema:
    """Return the schema of a whole number in a unit (UCUM), between two bounds."""
    return {**amount(name, unit, default, bounds, explanation), "type": "integer"}
