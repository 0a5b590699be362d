"""Expressions of $filter and $orderby, read: OData 4.01 as OGC 18-088, clause 9.3.3.5, takes it over."""

from __future__ import annotations

from typing import Final

from talkoot.core.observations.sta.query.ast import (
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Literal,
    Logical,
    Membership,
    Negative,
    Not,
    Path,
)
from talkoot.core.observations.sta.query.checking import (
    checked_arithmetic,
    checked_call,
    checked_comparison,
    checked_membership,
    require,
    type_of,
)
from talkoot.core.observations.sta.query.cursor import MAX_NAVIGATION, MAX_NESTING, Cursor
from talkoot.core.observations.sta.query.functions import FUNCTIONS
from talkoot.core.observations.sta.query.lexer import Source, Token, shown
from talkoot.core.observations.sta.query.literals import read
from talkoot.core.observations.sta.query.schema import ENTITIES, ID, ID_NAMES, EntityType

# How firmly an operator binds; of the same firmness the first comes first.
BINDING: Final = {
    "or": 1,
    "and": 2,
    "eq": 3,
    "ne": 3,
    "gt": 4,
    "ge": 4,
    "lt": 4,
    "le": 4,
    "in": 4,
    "add": 5,
    "sub": 5,
    "mul": 6,
    "div": 6,
    "mod": 6,
}
EQUALITY: Final = 3
VALUES: Final = ("text", "number", "duration", "geography", "interval", "datetime", "date", "time")
CONSTANTS: Final = {"true": True, "false": False, "null": None}
CLOSE_FIX: Final = "Close every bracket that was opened."


def parse_filter(text: str, entity: str, option: str = "$filter") -> Expression:
    """Return the condition that `text` writes on rows of the entity type `entity` (such as "Thing").

    Raises InvalidError, with the option and the position of the fault, for what is no condition on them.
    """
    cursor = Cursor(Source(option, text))
    condition = read_condition(cursor, entity)
    cursor.end()
    return condition


def read_condition(cursor: Cursor, entity: str) -> Expression:
    """Read a condition from `cursor`."""
    condition = read_expression(cursor, entity)
    require(cursor.source, condition, entity, ("boolean",), "a filter")
    return condition


def read_expression(cursor: Cursor, entity: str, binding: int = 1) -> Expression:
    """Read an expression whose operators bind at least so firmly."""
    return _climb(cursor, entity, _read_operand(cursor, entity), binding)


def _climb(cursor: Cursor, entity: str, left: Expression, binding: int) -> Expression:
    """Read on from an operand to the end of what operators of such firmness join to it."""
    while (firmness := _binding(cursor.token)) >= binding:
        operator = cursor.take()
        if operator.text in ("or", "and"):
            left = _read_logical(cursor, entity, operator, left, firmness)
        elif operator.text == "in":
            left = _read_membership(cursor, entity, operator, left)
        else:
            right = read_expression(cursor, entity, firmness + 1)
            left = _operation(cursor, entity, operator, left, right)
        if left.depth > MAX_NESTING:
            cursor.refuse_depth(operator.at)
    return left


def _binding(token: Token) -> int:
    return BINDING.get(token.text, 0) if token.kind == "word" else 0


def _operation(cursor: Cursor, entity: str, operator: Token, left: Expression, right: Expression) -> Expression:
    if operator.text in ("add", "sub", "mul", "div", "mod"):
        reckoned = Arithmetic(operator.text, left, right, at=operator.at)  # type: ignore[arg-type]
        return checked_arithmetic(cursor.source, reckoned, entity)
    compared = Comparison(operator.text, left, right, at=operator.at)  # type: ignore[arg-type]
    return checked_comparison(cursor.source, compared, entity)


def _read_logical(cursor: Cursor, entity: str, operator: Token, first: Expression, firmness: int) -> Expression:
    """Read all further terms that the same word joins."""
    terms = [first]
    while True:
        terms.append(read_expression(cursor, entity, firmness + 1))
        if not cursor.accept(operator.text):
            break
    flat: list[Expression] = []
    for term in terms:
        require(cursor.source, term, entity, ("boolean",), operator.text)
        flat.extend(term.terms if isinstance(term, Logical) and term.word == operator.text else (term,))
    return Logical("or" if operator.text == "or" else "and", tuple(flat), at=operator.at)


def _read_membership(cursor: Cursor, entity: str, operator: Token, operand: Expression) -> Expression:
    cursor.expect("(", "Write the values in brackets: id in (1,2,3).")
    values = []
    while True:
        value = _read_operand(cursor, entity)
        if not isinstance(value, Literal):
            cursor.refuse(value.at, "in takes only values.", "Compare with properties by eq, joined by or.")
        values.append(value)
        if not cursor.accept(","):
            break
    cursor.expect(")", CLOSE_FIX)
    return checked_membership(cursor.source, Membership(operand, tuple(values), at=operator.at), entity)


def _read_operand(cursor: Cursor, entity: str) -> Expression:
    token = cursor.token
    if cursor.accept("("):
        with cursor.nested():
            inner = read_expression(cursor, entity)
        cursor.expect(")", CLOSE_FIX)
        return inner
    if cursor.accept("-"):
        return _read_negative(cursor, entity, token)
    if token.kind in VALUES:
        cursor.count_term()
        return Literal(read(cursor.source, cursor.take()), at=token.at)
    if token.kind != "word":
        cursor.unexpected("a property, a value or a function", "Complete the expression, or leave it out.")
    return _read_word(cursor, entity)


def _read_word(cursor: Cursor, entity: str) -> Expression:
    token = cursor.take()
    if token.text == "not":
        return _read_not(cursor, entity, token)
    if token.text in FUNCTIONS and cursor.token.text == "(" and cursor.token.kind == "mark":
        return _read_call(cursor, entity, token)
    cursor.count_term()
    if token.text in CONSTANTS:
        return Literal(CONSTANTS[token.text], at=token.at)
    return read_path(cursor, entity, token)


def _read_not(cursor: Cursor, entity: str, token: Token) -> Expression:
    """Read what `not` turns: the operand right behind it or, where this is no condition, the comparison it begins."""
    with cursor.nested():
        operand = _read_operand(cursor, entity)
        if type_of(operand, entity) != "boolean" and _binding(cursor.token) >= EQUALITY:
            operand = _climb(cursor, entity, operand, EQUALITY)
    require(cursor.source, operand, entity, ("boolean",), "not")
    return Not(operand, at=token.at)


def _read_negative(cursor: Cursor, entity: str, token: Token) -> Expression:
    with cursor.nested():
        operand = _read_operand(cursor, entity)
    require(cursor.source, operand, entity, ("number", "duration"), "a minus sign")
    value = operand.value if isinstance(operand, Literal) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Literal(-value, at=token.at)
    return Negative(operand, at=token.at)


def _read_call(cursor: Cursor, entity: str, name: Token) -> Expression:
    cursor.count_term()
    cursor.expect("(", CLOSE_FIX)
    arguments: list[Expression] = []
    with cursor.nested():
        while not (cursor.token.text == ")" and not arguments):
            arguments.append(read_expression(cursor, entity))
            if not cursor.accept(","):
                break
    cursor.expect(")", CLOSE_FIX)
    call = Call(name.text, tuple(arguments), at=name.at)
    if call.depth > MAX_NESTING:
        cursor.refuse_depth(name.at)
    return checked_call(cursor.source, call, entity)


def read_path(cursor: Cursor, entity: str, first: Token) -> Path:
    """Read the way to a property that begins with the name `first`, from the entity type `entity`."""
    at, navigation, kind, name = first.at, [], ENTITIES[entity], first
    while (way := kind.navigations.get(name.text)) is not None:
        navigation.append(way.name)
        if len(navigation) > MAX_NAVIGATION:
            cursor.refuse(name.at, f"the way is deeper than {MAX_NAVIGATION} steps.", "Begin nearer to the property.")
        kind = ENTITIES[way.target]
        if not cursor.accept("/"):
            cursor.refuse(name.at, f"{way.name} is no value.", f"Go on to a property: {way.name}/{ID}.")
        name = cursor.word("the name of a property", f"{kind.name} has {_names(kind)}.")
    if name.text in ID_NAMES:
        return Path(tuple(navigation), ID, at=at)
    if name.text not in kind.properties:
        cursor.refuse(name.at, f"{kind.name} has no property “{shown(name.text)}”.", f"It has {_names(kind)}.")
    return Path(tuple(navigation), name.text, _read_keys(cursor, kind, name), at=at)


def _read_keys(cursor: Cursor, kind: EntityType, name: Token) -> tuple[str, ...]:
    """Read the way into a JSON value: /key, /0 and [0]."""
    keys: list[str] = []
    while bracket := cursor.accept("/", "["):
        key = cursor.take()
        if key.kind != "word" and not (key.kind == "number" and key.text.isdigit()):
            cursor.refuse(key.at, "a key is expected here.", "Write properties/key, or properties/list/0.")
        keys.append(key.text)
        if bracket.text == "[":
            cursor.expect("]", CLOSE_FIX)
    if keys and kind.properties[name.text] not in ("json", "geometry"):
        cursor.refuse(name.at, f"there is nothing below {name.text}.", "Leave out what follows it.")
    if len(keys) > MAX_NESTING:
        cursor.refuse_depth(name.at)
    return tuple(keys)


def _names(kind: EntityType) -> str:
    return ", ".join((*kind.properties, *kind.navigations))
