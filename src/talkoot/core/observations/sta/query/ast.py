"""What a query is once it is read: expressions, query options and resource paths, as trees that do not change.

Every node knows `at`, the position (from 0) in the option's text where it stood, for messages; it plays no part in
equality. `depth` is how deep the tree below an expression is, which the parser bounds: walking a tree by recursion
is safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import lru_cache
from typing import Any
from typing import Literal as OneOf

import shapely


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment: microseconds UTC since 1970, and the minutes by which its writer's clock was ahead of UTC."""

    us: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """From one moment to a later one."""

    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in microseconds."""

    us: int


@dataclass(frozen=True, slots=True)
class Geography:
    """A geometry in WGS 84 as well-known text, longitude first."""

    wkt: str

    @property
    def shape(self) -> Any:
        """The Shapely geometry."""
        return _shape(self.wkt)


@lru_cache(maxsize=64)
def _shape(wkt: str) -> Any:
    return shapely.from_wkt(wkt)


Value = str | int | float | bool | None | Instant | Interval | Duration | Geography | date | time


@dataclass(frozen=True, slots=True)
class Expression:
    """Base of all that a filter or an order is made of."""

    at: int = field(default=0, compare=False, kw_only=True)
    depth: int = field(default=1, compare=False, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((below.depth for below in self.operands()), default=0))

    def operands(self) -> tuple[Expression, ...]:
        """Return the expressions right below this one."""
        return ()

    def walk(self) -> Iterator[Expression]:
        """Give this expression and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.operands()))


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A value written in the query."""

    value: Value


@dataclass(frozen=True, slots=True)
class Path(Expression):
    """A property, from the entity in question through `navigation` properties to it: `Thing/properties/a/b`.

    `name` is the property's name ("id" for @iot.id too), `keys` the way into a JSON value below it.
    """

    navigation: tuple[str, ...]
    name: str
    keys: tuple[str, ...] = ()

    def below(self) -> Path:
        """Return the same property as seen from the entity that the first navigation leads to."""
        return replace(self, navigation=self.navigation[1:])


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function with its arguments."""

    name: str
    arguments: tuple[Expression, ...] = ()

    def operands(self) -> tuple[Expression, ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """What is not so."""

    operand: Expression

    def operands(self) -> tuple[Expression, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    """A number, or a duration, with its sign turned."""

    operand: Expression

    def operands(self) -> tuple[Expression, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Logical(Expression):
    """Conditions of which all (`and`) or any (`or`) must be so; never one directly in another of the same word."""

    word: OneOf["and", "or"]
    terms: tuple[Expression, ...]

    def operands(self) -> tuple[Expression, ...]:
        return self.terms


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """Two values compared."""

    word: OneOf["eq", "ne", "gt", "ge", "lt", "le"]
    left: Expression
    right: Expression

    def operands(self) -> tuple[Expression, ...]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Membership(Expression):
    """Whether a value is one of some literals: `id in (1,2,3)`."""

    operand: Expression
    values: tuple[Literal, ...]

    def operands(self) -> tuple[Expression, ...]:
        return self.operand, *self.values


@dataclass(frozen=True, slots=True)
class Selected(Expression):
    """Whether a reading is of one of the entities that a condition on them has found; no query writes it.

    `navigation` is what leads from an observation to them, `keys` are their primary keys.
    """

    navigation: str
    keys: frozenset[int]


@dataclass(frozen=True, slots=True)
class Arithmetic(Expression):
    """Two values reckoned with."""

    word: OneOf["add", "sub", "mul", "div", "mod"]
    left: Expression
    right: Expression

    def operands(self) -> tuple[Expression, ...]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Order:
    """One term of $orderby."""

    by: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Expand:
    """A navigation property whose entities are answered in place, as `options` say."""

    name: str
    options: Options


@dataclass(frozen=True, slots=True)
class Options:
    """The query options of a request or of one $expand.

    `select` holds names of properties ("id" for @iot.id) and of navigation properties, each with the keys below it:
    (("name",), ("properties", "a")). Empty: everything. None: the option was not given.
    """

    filter: Expression | None = None
    orderby: tuple[Order, ...] = ()
    select: tuple[tuple[str, ...], ...] = ()
    expand: tuple[Expand, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool | None = None
    result_format: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One entity set or entity of a resource path: `Datastreams`, `Datastreams(1)`, `Thing`."""

    name: str
    key: int | None = None


@dataclass(frozen=True, slots=True)
class ResourcePath:
    """What an address below the service's root names.

    `steps` lead from a set of the root to `entity` (the entity type's name); `many` tells whether to a set of them or
    to one. Then perhaps a property with the keys below it, and one of $value, $ref and $count.
    """

    steps: tuple[Step, ...]
    entity: str
    many: bool
    property: tuple[str, ...] = ()
    suffix: OneOf["", "$value", "$ref", "$count"] = ""
