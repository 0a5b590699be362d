"""Expressions as conditions and orders of Django's querysets, on SQLite and PostgreSQL alike.

A condition on what a navigation property leads to holds where it holds for any of the targets; conditions that `and`
joins and that begin with the same navigation property hold for one and the same target. `not` is of the whole: no
target is so. Only targets that the actor may see count. What the database cannot compute is evaluated over its rows
(`row_by_row`); geometries are so, in the plane of longitude and latitude: geo.distance and geo.length are in degrees,
the unit of the coordinate reference system, as OData 4.01, URL Conventions, 5.1.1.11, demands.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any, Final, NoReturn

from django.db.models import F, OrderBy, Q, TextField

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.query.arrays import folded, microseconds_now
from talkoot.core.observations.sta.query.ast import Expression, Logical, Not, Order, Path
from talkoot.core.observations.sta.query.checking import type_of
from talkoot.core.observations.sta.query.row_by_row import matching_keys, narrowed
from talkoot.core.observations.sta.query.schema import ENTITIES
from talkoot.core.observations.sta.query.simplifying import joined, simplified, tests_in
from talkoot.core.observations.sta.query.sql_comparisons import Comparisons, verdict, verdict_of
from talkoot.core.observations.sta.query.sql_functions import Among, ByCodePoint
from talkoot.core.observations.sta.query.sql_values import Values, has_many

OBSERVATION: Final = "Observation"
MANY: Final = 20  # tests that it is quicker to make over rows read once than to have each read the row anew


def condition(entity: str, node: Expression, actor: Actor) -> Q:
    """Return `node` as a condition on the rows of an entity type (such as "Thing"; not of observations).

    It needs no distinct(): each row is selected once. Parameters: `actor`, who asks: private datastreams of others do
    not count. Raises InvalidError for what cannot be asked of them.
    """
    now = microseconds_now()
    values = Values(actor)
    return _Conditions(values, Comparisons(values, now), now).of(entity, simplified(node), certain=False)


def ordering(entity: str, orders: Sequence[Order], actor: Actor) -> list[OrderBy]:
    """Return the expressions that order rows of an entity type; null comes before any value, as OData demands.

    Raises InvalidError for an order by anything but a property.
    """
    values = Values(actor)
    return [term for order in orders for term in _order(entity, order, values)]


def _order(entity: str, order: Order, values: Values) -> list[OrderBy]:
    path = order.by
    kind = type_of(path, entity)
    kinds = ("number", "text") if kind == "json" else (kind,)
    found: list[Any] = [values.scalar(entity, path, each) for each in kinds] if isinstance(path, Path) else [None]
    if None in found:
        raise InvalidError(
            "$orderby", f"At character {path.at + 1}: rows cannot be ordered by this.", "Order by a plain property."
        )
    return [
        OrderBy(
            ByCodePoint(expression, output_field=TextField()) if each == "text" else expression,
            descending=order.descending,
            nulls_first=None if order.descending else True,
            nulls_last=True if order.descending else None,
        )
        for each, expression in zip(kinds, found, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Conditions:
    """Makes conditions for one request."""

    values: Values
    comparisons: Comparisons
    now: int

    def of(self, entity: str, node: Expression, certain: bool) -> Q:
        """Return `node` as a condition on rows of `entity`."""
        if (given := folded(node, now=self.now)) is not None:
            return verdict_of(given)
        if not has_many(node, entity):
            plain = self._plain(entity, node, certain) if tests_in(node) <= MANY else None
            if plain is not None:
                return plain
            if not isinstance(node, Logical) or tests_in(node) > MANY:
                return self._by_rows(entity, [node], Q(), certain)
        match node:
            case Logical(word="and"):
                return self._all(entity, node.terms, certain)
            case Logical():
                return self._any(entity, node.terms, certain)
            case Not():
                return ~self.of(entity, node.operand, certain=True)
        name = first_step(node)
        if name is None:
            _refuse(node, "this compares several targets with each other.", "Compare a property with a value.")
        return self._any_target(entity, name, node)

    def _plain(self, entity: str, node: Expression, certain: bool) -> Q | None:
        """Return a condition that the database computes on the row itself; None where it cannot."""
        if (given := folded(node, now=self.now)) is not None:
            return verdict_of(given)
        match node:
            case Logical():
                terms = [self._plain(entity, term, certain) for term in node.terms]
                join = operator.and_ if node.word == "and" else operator.or_
                known = [term for term in terms if term is not None]
                return reduce(join, known) if len(known) == len(terms) else None
            case Not():
                inner = self._plain(entity, node.operand, certain=True)
                return None if inner is None else ~inner
        return self.comparisons.of(entity, node, certain)

    def _all(self, entity: str, terms: Iterable[Expression], certain: bool) -> Q:
        """Return the condition that all terms make, those that begin with one navigation property of one target."""
        own, targets, others = _sorted_out(entity, terms)
        found = [self.of(entity, term, certain) for term in others]
        found.extend(self._any_target(entity, name, joined("and", group)) for name, group in targets.items())
        left: list[Expression] = []
        many = sum(map(tests_in, own)) > MANY
        for term in own:
            if not many and (plain := self._plain(entity, term, certain)) is not None:
                found.append(plain)
            elif isinstance(term, Logical) and not many:
                found.append(self.of(entity, term, certain))
            else:
                left.append(term)
        narrow = reduce(operator.and_, found, Q())
        return narrow & self._by_rows(entity, left, narrow, certain) if left else narrow

    def _any(self, entity: str, terms: Iterable[Expression], certain: bool) -> Q:
        """Return the condition that any of the terms makes."""
        own, targets, others = _sorted_out(entity, terms)
        if not targets and not others:  # none of them all together is for the database
            found = [self.of(entity, term, certain) for term in own]
        else:
            found = [self.of(entity, joined("or", own), certain)] if own else []
            found.extend(self.of(entity, term, certain) for term in others)
            found.extend(self._any_target(entity, name, joined("or", group)) for name, group in targets.items())
        return reduce(operator.or_, found)

    def _any_target(self, entity: str, name: str, node: Expression) -> Q:
        """Return the condition that one target of a navigation property fulfils `node`."""
        target = ENTITIES[entity].navigations[name].target
        inner = simplified(below(node))
        if target == OBSERVATION:
            return self._any_reading(entity, inner)
        return self.values.leading(entity, name, self.of(target, inner, certain=False))

    def _any_reading(self, entity: str, inner: Expression) -> Q:
        from talkoot.core.observations.sta.query.reading_filter import keys_with

        return Q(Among(F("pk"), keys_with(entity, inner, self.values.actor)))

    def _by_rows(self, entity: str, terms: Sequence[Expression], narrow: Q, certain: bool) -> Q:
        """Return the condition that terms make which are evaluated over the rows that meet `narrow`.

        A `certain` one is null where the terms are; only for others can rows be left out before.
        """
        paths = dict.fromkeys(part for term in terms for part in term.walk() if isinstance(part, Path))
        asked = {
            path: (self.values.origin(entity, path), self.values.read(entity, path), type_of(path, entity))
            for path in paths
        }
        rows = self.values.rows(entity)
        if not certain:
            shapes = {path: prop for path, (prop, _, _) in asked.items() if not path.navigation}
            rows = narrowed(rows.filter(narrow), terms, shapes)
        whole = terms[0] if len(terms) == 1 else Logical("and", tuple(terms))
        found, unknown = matching_keys(rows, whole, asked, self.now)
        selected = Q(Among(F("pk"), found))
        return selected | (Q(Among(F("pk"), unknown)) & verdict(None)) if certain and unknown else selected


def _sorted_out(
    entity: str, terms: Iterable[Expression]
) -> tuple[list[Expression], dict[str, list[Expression]], list[Expression]]:
    """Return the terms on the row itself, those on one target by its navigation property, and all others."""
    own: list[Expression] = []
    targets: dict[str, list[Expression]] = {}
    others: list[Expression] = []
    for term in terms:
        name = first_step(term) if has_many(term, entity) else None
        if not has_many(term, entity):
            own.append(term)
        elif name is None or any(isinstance(part, Not) for part in term.walk()):
            others.append(term)
        else:
            targets.setdefault(name, []).append(term)
    return own, targets, others


def first_step(node: Expression) -> str | None:
    """Return the navigation property that every property in the expression begins with, if there is one."""
    steps = {part.navigation[:1] for part in node.walk() if isinstance(part, Path)}
    return next(iter(steps))[0] if len(steps) == 1 and () not in steps else None


def below(node: Expression) -> Expression:
    """Return the expression as seen from the target of the navigation property it begins with."""
    if isinstance(node, Path):
        return node.below()
    changes: dict[str, Any] = {}
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Expression):
            changes[each.name] = below(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Expression):
            changes[each.name] = tuple(map(below, value))
    return replace(node, **changes) if changes else node


def _refuse(node: Expression, message: str, fix: str) -> NoReturn:
    raise InvalidError("$filter", f"At character {node.at + 1}: {message}", fix)
