"""The functions of the query language: what they take and what they give.

Source: OGC 18-088, clauses 9.3.3.5.2 (built-in query functions) and its tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from talkoot.core.observations.sta.query.schema import Type

TEXT: Final = ("text",)
NUMBER: Final = ("number",)
MOMENT: Final = ("period",)
DAY: Final = ("period", "date")
CLOCK: Final = ("period", "time")
SHAPE: Final = ("geometry",)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the types that each argument may have, what it gives, and how many arguments can be left out."""

    takes: tuple[tuple[str, ...], ...]
    gives: Type
    optional: int = 0


FUNCTIONS: Final[dict[str, Function]] = {
    "substringof": Function((TEXT, TEXT), "boolean"),
    "contains": Function((TEXT, TEXT), "boolean"),
    "endswith": Function((TEXT, TEXT), "boolean"),
    "startswith": Function((TEXT, TEXT), "boolean"),
    "length": Function((TEXT,), "number"),
    "indexof": Function((TEXT, TEXT), "number"),
    "substring": Function((TEXT, NUMBER, NUMBER), "text", optional=1),
    "tolower": Function((TEXT,), "text"),
    "toupper": Function((TEXT,), "text"),
    "trim": Function((TEXT,), "text"),
    "concat": Function((TEXT, TEXT), "text"),
    "year": Function((DAY,), "number"),
    "month": Function((DAY,), "number"),
    "day": Function((DAY,), "number"),
    "hour": Function((CLOCK,), "number"),
    "minute": Function((CLOCK,), "number"),
    "second": Function((CLOCK,), "number"),
    "fractionalseconds": Function((CLOCK,), "number"),
    "date": Function((MOMENT,), "date"),
    "time": Function((MOMENT,), "time"),
    "totaloffsetminutes": Function((MOMENT,), "number"),
    "now": Function((), "period"),
    "mindatetime": Function((), "period"),
    "maxdatetime": Function((), "period"),
    "round": Function((NUMBER,), "number"),
    "floor": Function((NUMBER,), "number"),
    "ceiling": Function((NUMBER,), "number"),
    "geo.distance": Function((SHAPE, SHAPE), "number"),
    "geo.length": Function((SHAPE,), "number"),
    "geo.intersects": Function((SHAPE, SHAPE), "boolean"),
    "st_equals": Function((SHAPE, SHAPE), "boolean"),
    "st_disjoint": Function((SHAPE, SHAPE), "boolean"),
    "st_touches": Function((SHAPE, SHAPE), "boolean"),
    "st_within": Function((SHAPE, SHAPE), "boolean"),
    "st_overlaps": Function((SHAPE, SHAPE), "boolean"),
    "st_crosses": Function((SHAPE, SHAPE), "boolean"),
    "st_intersects": Function((SHAPE, SHAPE), "boolean"),
    "st_contains": Function((SHAPE, SHAPE), "boolean"),
    "st_relate": Function((SHAPE, SHAPE, TEXT), "boolean"),
}
