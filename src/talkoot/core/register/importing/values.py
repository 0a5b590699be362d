"""Values as offices write them: numbers with a decimal comma, yes in three languages, amounts in other units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.utils.translation import gettext as _

from talkoot.core.base import units
from talkoot.core.register.importing.mapping import AttributeFields

YES: Final = frozenset(("1", "true", "t", "yes", "y", "kyllä", "k", "on", "ja", "j", "sant"))
NO: Final = frozenset(("0", "false", "f", "no", "n", "ei", "e", "nej", "falskt"))
EMPTY: Final = frozenset(("", "-", "null", "none", "nan", "n/a"))
SPACES: Final = str.maketrans("", "", " \u00a0\u202f\t")
# Units that offices write without knowing their UCUM codes.
_EVERYDAY: Final = {"ft": "[ft_i]", "mph": "[mi_i]/h", "kmh": "km/h"}


def is_empty(value: Any) -> bool:
    """Tell whether a cell says nothing."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value.strip().lower() in EMPTY)


def to_number(value: Any, decimal: str = "") -> float | None:
    """Return a number, or None for what is none.

    Of "1.234,5" and "1,234.5" the last sign is the decimal one; a lone comma is a decimal comma unless `decimal`
    says "."; spaces part thousands.
    """
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    text = value.translate(SPACES)
    sign = decimal or ("," if text.rfind(",") > text.rfind(".") else ".")
    thousands = "." if sign == "," else ","
    try:
        number = float(text.replace(thousands, "").replace(sign, "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def to_text(value: Any) -> str:
    """Return a value as text; a whole number from a spreadsheet's float without its ".0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def to_attribute(value: Any, fields: AttributeFields, schema: Mapping[str, Any], decimal: str) -> Any:
    """Return a cell's value as the attribute's schema has it, converted to its unit.

    Raises ValueError with what is wrong and how to mend it.
    """
    if fields.values:
        text = to_text(value)
        if text not in fields.values:
            known = ", ".join(map(repr, list(fields.values)[:20]))
            raise ValueError(
                _("{text!r} is not among the mapping's values ({known}). Add it there.").format(text=text, known=known)
            )
        return fields.values[text]
    wanted = schema.get("type")
    if wanted in ("number", "integer"):
        return _amount(value, fields, schema, decimal)
    if wanted == "boolean":
        return _truth(value)
    if wanted == "string" or "enum" in schema:
        return to_text(value)
    return value


def _amount(value: Any, fields: AttributeFields, schema: Mapping[str, Any], decimal: str) -> float | int:
    number = to_number(value, decimal)
    if number is None:
        text = to_text(value)[:80]
        raise ValueError(_("{text!r} is no number. Write digits with one decimal sign.").format(text=text))
    number *= fields.scale
    if fields.unit:
        number *= factor(fields.unit, str(schema["x-unit"]))
    number = round(number, 9)
    return int(number) if schema["type"] == "integer" and number.is_integer() else number


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = to_text(value).lower()
    if text in YES or text in NO:
        return text in YES
    raise ValueError(_("{text!r} is neither yes nor no. Write 1 or 0.").format(text=text))


@cache
def factor(unit: str, to: str) -> float:
    """Return by what an amount in `unit` is multiplied to be in `to`; both are UCUM codes, or "ft", "mph", "kmh".

    Raises InvalidError where the code is not known or the units measure different things.
    """
    return float(units.convert(1.0, _EVERYDAY.get(unit, unit), to))
