"""Comparisons and the tests of texts, as far as the database computes them by itself.

A comparison that is null in SQL is false in OData. Below a `not` this matters, and there it is made false (`certain`);
elsewhere it stays null, which selects the same rows and lets the database use its indexes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.db.models import BooleanField, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce, Right, StrIndex
from django.db.models.lookups import Exact, IsNull

from talkoot.core.observations.sta.query.array_functions import MAX_DATETIME, MIN_DATETIME
from talkoot.core.observations.sta.query.arrays import SCALARS, TURNED, folded
from talkoot.core.observations.sta.query.ast import Call, Comparison, Expression, Membership, Path
from talkoot.core.observations.sta.query.checking import type_of
from talkoot.core.observations.sta.query.columns import Column, constant
from talkoot.core.observations.sta.query.literals import EPOCH, MAX_INTEGER
from talkoot.core.observations.sta.query.schema import ID
from talkoot.core.observations.sta.query.sql_functions import Among, ByCodePoint
from talkoot.core.observations.sta.query.sql_values import Values

LOOKUPS: Final = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte", "in": "in"}
PART_FIRST: Final = "substringof"  # takes the part before the text, unlike contains


def verdict(value: bool | None) -> Q:
    """Return a condition that always holds, never holds, or is null."""
    if value is None:
        return Q(Cast(Value(None), BooleanField()))
    return Q(Value(value, output_field=BooleanField()))


def verdict_of(column: Column) -> Q:
    """Return the condition that the one value of a column makes."""
    truth = column.as_kind("boolean")
    return verdict(None if truth.null[0] else bool(truth.values[0]))


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Makes conditions of single comparisons and tests; None where the database has no means to."""

    values: Values
    now: int

    def of(self, entity: str, node: Expression, certain: bool) -> Q | None:
        """Return the condition of `node` on rows of `entity`; a `certain` one is null only where OData's is."""
        match node:
            case Path():
                truth = self.values.scalar(entity, node, "boolean")
                return None if truth is None else Q(Exact(truth, True))
            case Comparison():
                return self._comparison(entity, node, certain)
            case Membership():
                return self._membership(entity, node, certain)
            case Call():
                return self._test(entity, node)
        return None

    def _comparison(self, entity: str, node: Comparison, certain: bool) -> Q | None:
        if node.word == "ne":
            same = self._compared(entity, "eq", node.left, node.right, certain=True)
            return None if same is None else ~same
        return self._compared(entity, node.word, node.left, node.right, certain)

    def _compared(self, entity: str, word: str, left: Expression, right: Expression, certain: bool) -> Q | None:
        if isinstance(right, Path) and not isinstance(left, Path):
            word, left, right = TURNED[word], right, left
        if not isinstance(left, Path):
            return None
        if isinstance(right, Path):
            return self._two_paths(entity, word, left, right, certain)
        given = folded(right, now=self.now)
        if given is None:
            return None
        if given.null[0]:
            return self._null(entity, word, left)
        if given.kind == "period":
            return self._time(entity, word, left, given, certain)
        if given.kind not in SCALARS:
            return None
        return self._with_value(entity, word, left, given.kind, given.values[0], certain)

    def _null(self, entity: str, word: str, path: Path) -> Q | None:
        present = self.values.present(entity, path)
        if word != "eq":
            return verdict(False)
        return None if present is None else Q(IsNull(present, True))

    def _with_value(self, entity: str, word: str, path: Path, kind: str, value: Any, certain: bool) -> Q | None:
        expression = self.values.scalar(entity, path, kind)
        if expression is None:
            return None
        if path.name == ID and kind == "number":
            return _whole_number(expression, word, float(value), certain)
        return _lookup(expression, word, value.item() if hasattr(value, "item") else value, kind, certain)

    def _time(self, entity: str, word: str, path: Path, given: Column, certain: bool) -> Q | None:
        """Compare a moment of the database with a moment or an interval, as `arrays` does."""
        expression = self.values.scalar(entity, path, "period")
        if expression is None:
            return None
        start, end = int(given.values[0]), int(given.until[0])
        if word == "eq" and start != end:
            return verdict(False)
        bound = end if word in ("gt", "ge") else start
        return _lookup(expression, word, _datetime(bound), "period", certain)

    def _two_paths(self, entity: str, word: str, left: Path, right: Path, certain: bool) -> Q | None:
        """Compare two properties; of two JSON values, whatever both are."""
        kinds = {type_of(left, entity), type_of(right, entity)} - {"json"}
        found = verdict(False)
        for kind in kinds or SCALARS:
            first, second = (self.values.scalar(entity, path, kind) for path in (left, right))
            if first is None or second is None:
                return None
            found |= _lookup(first, word, second, kind, certain)
        if word == "eq":
            absent = [self.values.present(entity, path) for path in (left, right)]
            found |= Q(IsNull(absent[0], True), IsNull(absent[1], True))
        return found

    def _membership(self, entity: str, node: Membership, certain: bool) -> Q | None:
        if isinstance(node.operand, Path) and node.operand.name == ID:
            expression = self.values.scalar(entity, node.operand, "number")
            wanted = [value.value for value in node.values if isinstance(value.value, int | float)]
            return Q(Among(expression, [int(value) for value in wanted if float(value).is_integer()]))
        found = verdict(False)
        members: dict[str, list[Any]] = {}
        for value in node.values:
            given = constant(value.value)
            if given.kind in SCALARS and isinstance(node.operand, Path):
                members.setdefault(given.kind, []).append(value.value)
                continue
            single = self._compared(entity, "eq", node.operand, value, certain)
            if single is None:
                return None
            found |= single
        for kind, wanted in members.items():
            expression = self.values.scalar(entity, cast("Path", node.operand), kind)
            if expression is None:
                return None
            found |= _lookup(expression, "in", wanted, kind, certain)
        return found

    def _test(self, entity: str, node: Call) -> Q | None:
        """Test a property for a part that is given."""
        test = _TESTS.get(node.name)
        if test is None:
            return None
        text, part = reversed(node.arguments) if node.name == PART_FIRST else node.arguments
        given = folded(part, now=self.now)
        if not isinstance(text, Path) or given is None:
            return None
        if given.null[0] or given.kind != "text":
            return verdict(None)
        expression = self.values.scalar(entity, text, "text")
        return None if expression is None else test(expression, str(given.values[0]))


def _contains(text: Any, part: str) -> Q:
    return _lookup(StrIndex(text, Value(part)), "gt", 0, "number", certain=False)


def _starts(text: Any, part: str) -> Q:
    return _lookup(StrIndex(text, Value(part)), "eq", 1, "number", certain=False)


def _ends(text: Any, part: str) -> Q:
    if not part:
        return _contains(text, part)
    return _lookup(Right(text, len(part), output_field=TextField()), "eq", part, "text", certain=False)


_TESTS: Final[dict[str, Callable[[Any, str], Q]]] = {
    "contains": _contains,
    PART_FIRST: _contains,
    "startswith": _starts,
    "endswith": _ends,
}


def _lookup(expression: Any, word: str, value: Any, kind: str, certain: bool) -> Q:
    """Return the condition that compares an expression with a value, another expression, or a list (`in`)."""
    if kind == "text" and word not in ("eq", "in"):
        expression = ByCodePoint(expression, output_field=TextField())
    name = LOOKUPS[word]
    compare = expression.output_field.get_lookup(name)(expression, value)
    if certain:
        compare = Coalesce(compare, Value(False), output_field=BooleanField())
    return Q(compare)


def _whole_number(expression: Any, word: str, value: float, certain: bool) -> Q:
    """Compare a whole number, as identifiers are, with any number."""
    if word == "eq" and not value.is_integer():
        return verdict(False)
    bound = math.floor(value) if word in ("gt", "le") else math.ceil(value)
    bound = min(max(bound, -MAX_INTEGER), MAX_INTEGER)
    return _lookup(expression, word, bound, "number", certain)


def _datetime(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=min(max(us, MIN_DATETIME), MAX_DATETIME))
