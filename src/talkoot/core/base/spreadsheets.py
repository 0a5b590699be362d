"""Cells of CSV files that people open in spreadsheets: no text of ours may run there as a formula."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
GUARD: Final = "'"
NUMBERS: Final = (int, float, Decimal)


def guarded(value: Any) -> Any:
    """Return a value as it is written into a cell: numbers as they are, None as "", anything else as text.

    A text that a spreadsheet would take for a formula gets an apostrophe before it. So does one that begins with
    apostrophes and then like a formula, so that `unguarded` gives back exactly what was there.
    """
    if value is None:
        return ""
    if isinstance(value, NUMBERS):
        return value
    text = str(value)
    return f"{GUARD}{text}" if text.lstrip(GUARD)[:1] in FORMULA else text


def unguarded(cell: str) -> str:
    """Return a cell's text without the apostrophe that `guarded` set before it."""
    if cell[:1] == GUARD and cell.lstrip(GUARD)[:1] in FORMULA:
        return cell[1:]
    return cell
