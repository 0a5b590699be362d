"""Filters and orders of observations: what of them the store can answer, and the rest over columns of its readings."""

from __future__ import annotations

import operator
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.readings import store
from talkoot.core.observations.sta.query.arrays import TURNED, Evaluation, key_of, matching, microseconds_now
from talkoot.core.observations.sta.query.ast import (
    Comparison,
    Expression,
    Instant,
    Literal,
    Logical,
    Membership,
    Not,
    Order,
    Path,
    Selected,
    Value,
)
from talkoot.core.observations.sta.query.columns import Column, Mask, constant
from talkoot.core.observations.sta.query.reading_columns import ReadingColumns
from talkoot.core.observations.sta.query.schema import ENTITIES, ID
from talkoot.core.observations.sta.query.sql import below, condition, first_step
from talkoot.core.observations.sta.query.sql_values import Values
from talkoot.core.observations.store.batch import ID_BITS, MAX_TIME, MIN_TIME, Readings
from talkoot.core.observations.store.ranges import ALL, Range

OBSERVATION: Final = "Observation"
TIME: Final = Path((), "phenomenonTime")
RESULT: Final = Path((), "result")
KEY: Final = Path((), ID)
MAX_SCANNED: Final = 50_000_000  # readings that one condition looks through
MAX_SECONDS: Final = 20.0  # that it looks through them


@dataclass(frozen=True, slots=True)
class Reach:
    """Which readings can matter: of some streams (None: of all), with start <= t < end in microseconds.

    `values` is the range in which their numbers must be.
    """

    streams: frozenset[int] | None = None
    start: int = MIN_TIME
    end: int = MAX_TIME
    values: Range = ALL

    def __and__(self, other: Reach) -> Reach:
        streams = self.streams if other.streams is None else other.streams
        if self.streams is not None and other.streams is not None:
            streams = self.streams & other.streams
        return Reach(streams, max(self.start, other.start), min(self.end, other.end), self.values & other.values)

    def __or__(self, other: Reach) -> Reach:
        either = None if self.streams is None or other.streams is None else self.streams | other.streams
        return Reach(either, min(self.start, other.start), max(self.end, other.end), self.values | other.values)


class ReadingFilter:
    """A filter of observations as one actor may ask it.

    `reach` tells which readings the store has to give, and `rest` is what remains to be asked of these: None where
    all of them match.
    """

    def __init__(self, node: Expression, actor: Actor) -> None:
        """Parameters: `node`, the filter as read. Raises InvalidError for what cannot be asked of observations."""
        self._values = Values(actor)
        self._now = microseconds_now()
        found = _selected(node, actor)
        self.reach = reach_of(found)
        self.rest = _rest(found)

    def matches(self, readings: Readings) -> Mask:
        """Return which of the readings match."""
        if self.rest is None:
            return np.ones(len(readings), np.bool_)
        columns = ReadingColumns(readings, self._values)
        found, _ = matching(self.rest, columns.column, len(readings), now=self._now)
        return found


def order_of(readings: Readings, orders: Sequence[Order], actor: Actor) -> NDArray[np.int64]:
    """Return the positions of readings in the order asked for, and by identifier where that leaves it open."""
    evaluation = Evaluation(ReadingColumns(readings, Values(actor)).column)
    keys: list[NDArray[np.int64]] = [readings.ids]
    for order in reversed(orders):
        for column in reversed(_sortable(evaluation.of(order.by))):
            ranks = np.broadcast_to(_ranks(column), (len(readings),))
            keys.append(-ranks if order.descending else ranks)
    return np.lexsort(keys)


def keys_with(entity: str, node: Expression, actor: Actor) -> list[int]:
    """Return the primary keys of the entities that have an observation which fulfils `node`.

    Parameters: `entity`, a type that leads to observations. Raises InvalidError where too many readings would have
    to be looked at.
    """
    wanted = ReadingFilter(node, actor)
    visible = _visible_streams(actor)
    streams = sorted(visible if wanted.reach.streams is None else visible & wanted.reach.streams)
    found: set[int] = set()
    if streams:
        reach = wanted.reach
        for block in bounded(store().scan(streams, reach.start, reach.end, values=reach.values)):
            found.update(_owners(entity, block.take(wanted.matches(block)), actor))
    return sorted(found)


def bounded(blocks: Iterable[Readings]) -> Iterator[Readings]:
    """Give the blocks on. Raises InvalidError where they become too many, or to look through them takes too long."""
    looked_at, begun = 0, time.monotonic()
    for block in blocks:
        looked_at += len(block)
        if looked_at > MAX_SCANNED or time.monotonic() - begun > MAX_SECONDS:
            raise InvalidError(
                "$filter",
                f"This looks at too many observations: {looked_at} and more.",
                "Narrow it by phenomenonTime or to a datastream.",
            )
        yield block


def _owners(entity: str, readings: Readings, actor: Actor) -> set[int]:
    """Return the primary keys of the entities of a type that readings lead to."""
    column = ReadingColumns(readings, Values(actor)).column(key_of(entity))
    return set(column.values[~column.null].astype(np.int64).tolist())


def _visible_streams(actor: Actor) -> frozenset[int]:
    values = Values(actor)
    rows = (values.rows(entity) for entity in ("Datastream", "MultiDatastream"))
    return frozenset(key for found in rows for key in found.values_list("pk", flat=True))


def _selected(node: Expression, actor: Actor) -> Expression:
    """Return the filter with every condition on one entity alone resolved to the keys that the database finds."""
    match node:
        case Logical():
            return replace(node, terms=tuple(_selected(term, actor) for term in node.terms))
        case Not():
            return replace(node, operand=_selected(node.operand, actor))
    name = first_step(node)
    if name is None:
        return node
    target = ENTITIES[OBSERVATION].navigations[name].target
    rows = Values(actor).rows(target).filter(condition(target, below(node), actor))
    return Selected(name, frozenset(rows.values_list("pk", flat=True)), at=node.at)


def reach_of(node: Expression) -> Reach:
    """Return a reach outside of which no reading fulfils `node`."""
    match node:
        case Logical():
            return reduce(operator.and_ if node.word == "and" else operator.or_, map(reach_of, node.terms))
        case Selected() if node.navigation != "FeatureOfInterest":
            return Reach(node.keys)
        case Membership(operand=operand) if operand == KEY:
            return Reach(frozenset(stream for value in node.values for stream in _stream_of(value)))
        case Comparison(left=left, right=Literal() as right) if left == KEY and node.word == "eq":
            return Reach(frozenset(_stream_of(right)))
        case Comparison(left=left, right=Literal() as right) if left == TIME:
            return _reach_in_time(node.word, right)
        case Comparison(left=Literal() as left, right=right) if right == TIME:
            return _reach_in_time(TURNED[node.word], left)
        case Comparison(left=left, right=Literal() as right) if left == RESULT:
            return Reach(values=_range(node.word, right.value))
        case Comparison(left=Literal() as left, right=right) if right == RESULT:
            return Reach(values=_range(TURNED[node.word], left.value))
    return Reach()


def _stream_of(value: Literal) -> tuple[int, ...]:
    """Return the stream of an observation's identifier, if it is one."""
    number = value.value
    return (number >> ID_BITS,) if isinstance(number, int) and number > 0 else ()


def _reach_in_time(word: str, value: Literal) -> Reach:
    """Return where readings begin whose time compares so with `value`; their ends are for the rest to see to."""
    given = constant(value.value)
    if given.kind != "period":
        return Reach()
    start, end = int(given.values[0]), int(given.until[0])
    match word:
        case "gt":
            return Reach(start=end + 1)
        case "ge":
            return Reach(start=start)
        case "lt":
            return Reach(end=start)
        case "le":
            return Reach(end=start + 1)
        case "eq":
            return Reach(start=start, end=start + 1)
    return Reach()


def _range(word: str, value: Value) -> Range:
    """Return the range of the numbers that compare so with `value`; all of them where that is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ALL
    match word:
        case "gt" | "ge":
            return Range(low=float(value))
        case "lt" | "le":
            return Range(high=float(value))
        case "eq":
            return Range(float(value), float(value))
    return ALL


def _rest(node: Expression) -> Expression | None:
    """Return what of the filter does not already follow from its reach."""
    terms = node.terms if isinstance(node, Logical) and node.word == "and" else (node,)
    left = tuple(term for term in terms if not _follows(term))
    if len(left) > 1:
        return Logical("and", left)
    return left[0] if left else None


def _follows(term: Expression) -> bool:
    match term:
        case Selected():
            return term.navigation != "FeatureOfInterest"
        case Comparison(left=left, right=Literal(value=Instant()), word="gt" | "ge"):
            return left == TIME
    return False


def _sortable(column: Column) -> list[Column]:
    """Return the columns by which values are ordered: of JSON, first its numbers, then its texts."""
    if column.kind == "geometry":
        raise InvalidError("$orderby", "Observations cannot be ordered by a geometry.", "Order by a plain property.")
    return [column.as_kind("number"), column.as_kind("text")] if column.kind == "json" else [column]


def _ranks(column: Column) -> NDArray[np.int64]:
    """Return a number for each value that orders as they do; null comes first."""
    _, ranks = np.unique(column.values, return_inverse=True)
    return np.where(column.null, 0, ranks + 1)
