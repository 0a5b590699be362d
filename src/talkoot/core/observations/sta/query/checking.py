"""Types: what an expression gives, and whether an operator or a function can take it.

What stands in a JSON value is known only when a row is seen; there it counts as what the other side is, or is null.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final

from talkoot.core.observations.sta.query.ast import (
    Arithmetic,
    Call,
    Comparison,
    Duration,
    Expression,
    Geography,
    Instant,
    Interval,
    Literal,
    Membership,
    Negative,
    Path,
    Value,
)
from talkoot.core.observations.sta.query.functions import FUNCTIONS
from talkoot.core.observations.sta.query.lexer import Source
from talkoot.core.observations.sta.query.literals import EPOCH, MICROSECOND, instant_of
from talkoot.core.observations.sta.query.schema import ENTITIES, Type

INTERSECTION_PATTERN: Final = re.compile(r"[TF*012]{9}")
# What is dynamic can be any of these.
DYNAMIC: Final = ("text", "number", "boolean", "null", "json")


def type_of(expression: Expression, entity: str) -> Type:
    """Return what `expression` gives on rows of the entity type `entity`."""
    match expression:
        case Literal():
            return _type_of_value(expression.value)
        case Path():
            return _type_of_path(expression, entity)
        case Call():
            return FUNCTIONS[expression.name].gives
        case Negative():
            return "duration" if type_of(expression.operand, entity) == "duration" else "number"
        case Arithmetic():
            return (
                _type_of_arithmetic(
                    expression.word, type_of(expression.left, entity), type_of(expression.right, entity)
                )
                or "number"
            )
        case _:
            return "boolean"


def entity_behind(navigation: tuple[str, ...], entity: str) -> str:
    """Return the entity type that the navigation properties lead to from `entity`."""
    for name in navigation:
        entity = ENTITIES[entity].navigations[name].target
    return entity


def _type_of_path(path: Path, entity: str) -> Type:
    return "json" if path.keys else ENTITIES[entity_behind(path.navigation, entity)].properties[path.name]


def _type_of_value(value: Value) -> Type:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "text"
        case Instant() | Interval():
            return "period"
        case Duration():
            return "duration"
        case Geography():
            return "geometry"
        case date():
            return "date"
        case time():
            return "time"
        case _:
            return "number"


def _type_of_arithmetic(word: str, left: Type, right: Type) -> Type | None:
    """Return what the operator gives of these types; None where it cannot be reckoned."""
    if {left, right} <= {"number", "json", "null"}:
        return "number"
    match (word, left, right):
        case ("add" | "sub", "period", "duration") | ("add", "duration", "period"):
            return "period"
        case ("add" | "sub", "duration", "duration") | ("sub", "period", "period"):
            return "duration"
        case ("mul" | "div", "duration", "number") | ("mul", "number", "duration"):
            return "duration"
    return None


def checked_arithmetic(source: Source, node: Arithmetic, entity: str) -> Arithmetic:
    """Return `node`. Raises InvalidError where its operands cannot be reckoned with."""
    left, right = type_of(node.left, entity), type_of(node.right, entity)
    if _type_of_arithmetic(node.word, left, right) is None:
        source.refuse(node.at, f"{node.word} does not take {left} and {right}.", "Give it two numbers.")
    return node


def checked_comparison(source: Source, node: Comparison, entity: str) -> Comparison:
    """Return `node`, days and quoted moments beside a time made moments.

    Raises InvalidError where the two sides cannot be compared.
    """
    left, right = type_of(node.left, entity), type_of(node.right, entity)
    node = replace(node, left=_as_moment(node.left, right), right=_as_moment(node.right, left))
    left, right = type_of(node.left, entity), type_of(node.right, entity)
    if not _are_comparable(node.word, left, right):
        source.refuse(node.at, f"{node.word} does not compare {left} and {right}.", _fix(left, right))
    return node


def checked_membership(source: Source, node: Membership, entity: str) -> Membership:
    """Return `node`, as `checked_comparison` does for each of its values."""
    values = []
    for value in node.values:
        single = checked_comparison(source, Comparison("eq", node.operand, value, at=value.at), entity)
        assert isinstance(single.right, Literal)
        values.append(single.right)
    return replace(node, values=tuple(values))


def checked_call(source: Source, node: Call, entity: str) -> Call:
    """Return `node`. Raises InvalidError where the function does not take such, or so many, arguments."""
    function = FUNCTIONS[node.name]
    least, most = len(function.takes) - function.optional, len(function.takes)
    if not least <= len(node.arguments) <= most:
        wanted = f"{least}" if least == most else f"{least} or {most}"
        source.refuse(node.at, f"{node.name} takes {wanted} values, not {len(node.arguments)}.", "Give so many.")
    for argument, allowed in zip(node.arguments, function.takes, strict=False):
        require(source, argument, entity, allowed, node.name)
    if node.name == "st_relate":
        _require_pattern(source, node.arguments[2])
    return node


def require(source: Source, expression: Expression, entity: str, allowed: Collection[str], what: str) -> None:
    """Raise InvalidError unless `expression` gives one of the types, or JSON or null that may prove to be one."""
    given = type_of(expression, entity)
    may_prove = given in ("json", "null") and any(kind in DYNAMIC for kind in allowed)
    if given not in allowed and not may_prove:
        source.refuse(expression.at, f"{what} takes {' or '.join(allowed)}, not {given}.", "Give it such a value.")


def _are_comparable(word: str, left: Type, right: Type) -> bool:
    if "null" in (left, right):
        return True
    if "geometry" in (left, right):
        return False
    if left == right:
        return True
    return "json" in (left, right) and left in DYNAMIC and right in DYNAMIC


def _as_moment(side: Expression, other: Type) -> Expression:
    """Return a day, or a text that names a moment, as this moment where the other side is a time."""
    if other != "period" or not isinstance(side, Literal):
        return side
    if isinstance(side.value, str) and (moment := instant_of(side.value)):
        return replace(side, value=moment)
    if isinstance(side.value, date):
        midnight = datetime(side.value.year, side.value.month, side.value.day, tzinfo=UTC)
        return replace(side, value=Instant((midnight - EPOCH) // MICROSECOND))
    return side


def _fix(left: Type, right: Type) -> str:
    if "geometry" in (left, right):
        return "Use st_equals, st_within, geo.distance and the like."
    if "period" in (left, right):
        return "Write a moment without quotation marks, as 2026-01-31T12:00:00Z."
    return "Write texts in quotation marks and numbers without."


def _require_pattern(source: Source, argument: Expression) -> None:
    matrix = argument.value if isinstance(argument, Literal) else None
    if not (isinstance(matrix, str) and INTERSECTION_PATTERN.fullmatch(matrix)):
        source.refuse(argument.at, "this is no intersection pattern.", "Write nine of T, F, *, 0, 1, 2: 'T*F**F***'.")
