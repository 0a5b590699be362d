"""Expressions evaluated over columns: many rows at once, in NumPy.

Null is as in OData 4.01, URL Conventions, 5.1.1: comparing with null gives false (`ne`: true), two nulls are equal;
reckoning with null gives null, and so does a division by zero; `and`, `or` and `not` are three-valued. Periods are
compared as wholes: one is before another that begins after its end; `le` and `ge` hold where neither its beginning nor
its end is on the other side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from talkoot.core.observations.sta.query.array_functions import ARRAY_FUNCTIONS, MAX_DATETIME, MIN_DATETIME, relate
from talkoot.core.observations.sta.query.ast import (
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Instant,
    Literal,
    Logical,
    Membership,
    Negative,
    Not,
    Path,
    Selected,
)
from talkoot.core.observations.sta.query.columns import Column, Mask, constant, nulls
from talkoot.core.observations.sta.query.functions import FUNCTIONS
from talkoot.core.observations.sta.query.literals import MAX_DURATION
from talkoot.core.observations.sta.query.schema import Type

# What a comparison becomes when its sides change places.
TURNED: Final = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
Resolve = Callable[[Path], Column]
SCALARS: Final[tuple[Type, ...]] = ("number", "text", "boolean")  # what JSON holds that can be compared


def microseconds_now() -> int:
    """Return the present moment in microseconds since 1970."""
    return time.time_ns() // 1000


def key_of(navigation: str) -> Path:
    """Return what stands for the primary key of what a reading leads to, visible or not; no query writes it."""
    return Path((), f"@{navigation}")


def matching(condition: Expression, resolve: Resolve, length: int, *, now: int | None = None) -> tuple[Mask, Mask]:
    """Return which of `length` rows fulfil `condition`, and for which of them it is null.

    Parameters: `resolve` gives the column of a property; `now`, what now() is, in microseconds since 1970.
    """
    found = Evaluation(resolve, microseconds_now() if now is None else now).truth(condition)
    return np.broadcast_to(found.values & ~found.null, (length,)), np.broadcast_to(found.null, (length,))


@dataclass(slots=True)
class Evaluation:
    """One evaluation of expressions over the columns that `resolve` gives, at the moment `now`."""

    resolve: Resolve
    now: int = field(default_factory=microseconds_now)

    def truth(self, node: Expression) -> Column:
        """Return a condition's column of booleans."""
        return self.of(node).as_kind("boolean")

    def of(self, node: Expression) -> Column:
        """Return an expression's column."""
        match node:
            case Literal():
                return constant(node.value)
            case Path():
                return self.resolve(node)
            case Call():
                return self._call(node)
            case Not():
                inner = self.truth(node.operand)
                return Column("boolean", ~inner.values, inner.null)
            case Logical():
                return self._logical(node)
            case Comparison():
                return compared(node.word, self.of(node.left), self.of(node.right))
            case Membership():
                return self._membership(node)
            case Selected():
                return self._selected(node)
            case Negative():
                inner = self.of(node.operand)
                inner = inner if inner.kind == "duration" else inner.as_kind("number")
                return Column(inner.kind, -inner.values, inner.null)
            case Arithmetic():
                return _reckoned(node.word, self.of(node.left), self.of(node.right))
        raise TypeError(f"{type(node).__name__} is no expression.")

    def _logical(self, node: Logical) -> Column:
        columns = [self.truth(term) for term in node.terms]
        decided = node.word == "or"  # the value that decides alone
        decides = np.zeros(1, np.bool_)
        null = np.zeros(1, np.bool_)
        for column in columns:
            decides = decides | (~column.null & (column.values == decided))
            null = null | column.null
        decides, null = np.broadcast_arrays(decides, null)
        return Column("boolean", decides if decided else ~decides, null & ~decides)

    def _membership(self, node: Membership) -> Column:
        operand = self.of(node.operand)
        found = np.zeros(1, np.bool_)
        for value in node.values:
            found = found | compared("eq", operand, constant(value.value)).values
        return _certain(found)

    def _selected(self, node: Selected) -> Column:
        keys = self.resolve(key_of(node.navigation))
        return _certain(~keys.null & np.isin(keys.values, np.fromiter(node.keys, np.float64, len(node.keys))))

    def _call(self, node: Call) -> Column:
        match node.name:
            case "now":
                return constant(Instant(self.now))
            case "mindatetime":
                return constant(Instant(MIN_DATETIME))
            case "maxdatetime":
                return constant(Instant(MAX_DATETIME))
            case "totaloffsetminutes" if isinstance(node.arguments[0], Literal):
                value = node.arguments[0].value
                return constant(value.offset if isinstance(value, Instant) else 0)
        columns = [self._argument(node, position) for position in range(len(node.arguments))]
        if node.name == "st_relate":
            return relate(columns[0], columns[1], columns[2].values[0])
        return ARRAY_FUNCTIONS[node.name](*columns)

    def _argument(self, node: Call, position: int) -> Column:
        allowed = FUNCTIONS[node.name].takes[position]
        column = self.of(node.arguments[position])
        if column.kind in allowed:
            return column
        wanted: Any = allowed[0]
        return column.as_kind(wanted)


def compared(word: str, left: Column, right: Column) -> Column:
    """Return whether the values of two columns compare so; there is no null in it."""
    if word == "ne":
        return _certain(~compared("eq", left, right).values)
    both_null = left.null & right.null
    if "null" in (left.kind, right.kind):
        return _certain(both_null if word == "eq" else np.zeros_like(both_null))
    if left.kind == right.kind == "json":
        found = np.asarray(np.zeros_like(both_null))
        for kind in SCALARS:
            found = found | _holds(word, left.as_kind(kind), right.as_kind(kind))
    else:
        kind = left.kind if left.kind != "json" else right.kind
        found = _holds(word, left.as_kind(kind), right.as_kind(kind))
    return _certain(found | both_null if word == "eq" else found)


def _holds(word: str, left: Column, right: Column) -> Mask:
    present = ~left.null & ~right.null
    if left.kind == "period":
        return np.asarray(present & _periods(word, left, right))
    operator = {"eq": np.equal, "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal}[word]
    return np.asarray(present & operator(left.values, right.values).astype(np.bool_))


def _periods(word: str, left: Column, right: Column) -> Any:
    match word:
        case "eq":
            return (left.values == right.values) & (left.until == right.until)
        case "lt":
            return left.until < right.values
        case "gt":
            return left.values > right.until
        case "le":
            return (left.values <= right.values) & (left.until <= right.until)
        case _:
            return (left.values >= right.values) & (left.until >= right.until)


def _certain(found: Mask) -> Column:
    return Column("boolean", found, np.zeros_like(found))


def _reckoned(word: str, left: Column, right: Column) -> Column:
    kinds = (left.kind, right.kind)
    if "period" in kinds or "duration" in kinds:
        return _reckoned_times(word, left, right)
    left, right = left.as_kind("number"), right.as_kind("number")
    null = left.null | right.null
    if word in ("div", "mod"):
        null = null | (right.values == 0)
    with np.errstate(all="ignore"):
        values = _NUMBERS[word](left.values, right.values)
    lost = ~np.isfinite(values)
    return Column("number", np.where(lost, 0.0, values), null | lost)


_NUMBERS: Final[dict[str, Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "mod": np.fmod,
}


def _reckoned_times(word: str, left: Column, right: Column) -> Column:
    """Return moments moved by durations, durations between moments, and durations reckoned with."""
    null = left.null | right.null
    if word in ("mul", "div"):
        with np.errstate(all="ignore"):
            values = _NUMBERS[word](left.values.astype(np.float64), right.values.astype(np.float64))
        lost = ~(np.abs(values) <= MAX_DURATION)
        return Column("duration", np.where(lost, 0.0, values).astype(np.int64), null | lost)
    kind: Type = "period" if (left.kind == "period") != (right.kind == "period") else "duration"
    sign = 1 if word == "add" else -1
    values = np.clip(left.values + sign * right.values, -MAX_DURATION, MAX_DURATION)
    if kind == "period":
        return Column(kind, values, null, np.clip(left.until + sign * right.until, -MAX_DURATION, MAX_DURATION))
    return Column(kind, values, null)


def folded(node: Expression, *, now: int) -> Column | None:
    """Return the one value of an expression that asks for no property, or None where it asks for one."""
    if any(isinstance(part, Path) for part in node.walk()):
        return None
    return Evaluation(lambda path: nulls("null", 1), now).of(node)
