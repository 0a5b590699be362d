"""Query options, read: $filter, $orderby, $select, $expand with options of its own, $top, $skip, $count, $resultFormat.

Source: OGC 18-088, clause 9.3. Options of $expand stand in brackets behind the property, separated by semicolons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote_plus

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.query.ast import Expand, Expression, Options, Order, Path
from talkoot.core.observations.sta.query.cursor import MAX_EXPAND_DEPTH, Cursor
from talkoot.core.observations.sta.query.lexer import Source, Token, shown
from talkoot.core.observations.sta.query.literals import MAX_INTEGER
from talkoot.core.observations.sta.query.parse import read_condition, read_expression
from talkoot.core.observations.sta.query.schema import ENTITIES, ID, ID_NAMES

MAX_PAIRS: Final = 100
RESULT_FORMATS: Final = ("dataArray",)
SELF_LINK: Final = "@iot.selfLink"
FIELDS: Final = {
    "$filter": "filter",
    "$orderby": "orderby",
    "$select": "select",
    "$expand": "expand",
    "$top": "top",
    "$skip": "skip",
    "$count": "count",
    "$resultFormat": "result_format",
}
KNOWN: Final = ", ".join(FIELDS)


def parse_query_string(query: str, entity: str) -> Options:
    """Return the options that an address has behind its question mark, still percent-encoded, as `parse_options`."""
    pairs = (piece.partition("=") for piece in query.split("&") if piece)
    return parse_options(((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs), entity)


def parse_options(pairs: Iterable[tuple[str, str]], entity: str) -> Options:
    """Return the query options of a request for rows of the entity type `entity` (such as "Observation").

    Parameters: `pairs` of names and values, decoded. Names without a $ are not the standard's and are left alone.
    Raises InvalidError for an option that is unknown, given twice or wrong, with the position of the fault in it.
    """
    found: dict[str, Any] = {}
    for number, (name, value) in enumerate(pairs):
        if number >= MAX_PAIRS:
            raise InvalidError("query", f"There are more than {MAX_PAIRS} query options.", "Ask in several requests.")
        if not name.startswith("$"):
            continue
        cursor = Cursor(Source(name, value))
        _read_option(cursor, entity, cursor.token, name, found, depth=0)
        cursor.end()
    return Options(**found)


def _read_option(cursor: Cursor, entity: str, token: Token, name: str, found: dict[str, Any], depth: int) -> None:
    """Read the value of the option `name` and put it into `found` by its field."""
    field = FIELDS.get(name)
    if field is None:
        cursor.refuse(token.at, f"there is no query option “{shown(name)}”.", f"There are {KNOWN}.")
    if field in found:
        cursor.refuse(token.at, f"{name} is given twice.", "Give it once.")
    found[field] = _read_value(cursor, entity, field, depth)


def _read_value(cursor: Cursor, entity: str, field: str, depth: int) -> Any:
    match field:
        case "filter":
            return read_condition(cursor, entity)
        case "orderby":
            return _read_orderby(cursor, entity)
        case "select":
            return _read_select(cursor, entity)
        case "expand":
            return _read_expand(cursor, entity, depth)
        case "count":
            return _read_choice(cursor, ("true", "false")) == "true"
        case "result_format":
            return _read_choice(cursor, RESULT_FORMATS)
        case _:
            return _read_whole_number(cursor)


def _read_whole_number(cursor: Cursor) -> int:
    token = cursor.take()
    if token.kind != "number" or not token.text.isdigit() or int(token.text) > MAX_INTEGER:
        cursor.refuse(token.at, f"“{shown(token.text)}” is no whole number of rows.", "Give 0 or more, such as 100.")
    return int(token.text)


def _read_choice(cursor: Cursor, choices: tuple[str, ...]) -> str:
    token = cursor.take()
    if token.text not in choices:
        cursor.refuse(token.at, f"“{shown(token.text)}” is not possible here.", f"Write {' or '.join(choices)}.")
    return token.text


def _read_orderby(cursor: Cursor, entity: str) -> tuple[Order, ...]:
    terms = []
    while True:
        by = read_expression(cursor, entity)
        _require_single(cursor, by, entity)
        direction = cursor.accept("asc", "desc", "ASC", "DESC")
        terms.append(Order(by, direction is not None and direction.text.lower() == "desc"))
        if not cursor.accept(","):
            return tuple(terms)


def _require_single(cursor: Cursor, by: Expression, entity: str) -> None:
    """Raise InvalidError where `by` would have several values on one row."""
    for node in by.walk():
        kind = ENTITIES[entity]
        for name in node.navigation if isinstance(node, Path) else ():
            if kind.navigations[name].many:
                cursor.refuse(node.at, f"there are several {name} to order by.", "Order by what there is one of.")
            kind = ENTITIES[kind.navigations[name].target]


def _read_select(cursor: Cursor, entity: str) -> tuple[tuple[str, ...], ...]:
    chosen: list[tuple[str, ...]] = []
    while True:
        chosen.extend(_read_selected(cursor, entity))
        if not cursor.accept(","):
            return tuple(dict.fromkeys(chosen))


def _read_selected(cursor: Cursor, entity: str) -> list[tuple[str, ...]]:
    """Read one name of $select with the keys below it; `*` stands for every property."""
    kind = ENTITIES[entity]
    if cursor.accept("*"):
        return [(name,) for name in kind.properties]
    known = (*kind.properties, SELF_LINK, *kind.navigations)
    fix = f"{kind.name} has {', '.join(known)}."
    token = cursor.word("the name of a property", fix)
    cursor.count_term()
    name = ID if token.text in ID_NAMES else token.text
    if name not in known:
        cursor.refuse(token.at, f"{kind.name} has no property “{shown(token.text)}”.", fix)
    keys: list[str] = []
    while kind.properties.get(name) in ("json", "geometry") and cursor.accept("/"):
        keys.append(cursor.word("a key", "Write properties/key.").text)
    return [(name, *keys)]


def _read_expand(cursor: Cursor, entity: str, depth: int) -> tuple[Expand, ...]:
    found: dict[str, Expand] = {}
    while True:
        at = cursor.token.at
        item = _read_expanded(cursor, entity, depth + 1)
        found[item.name] = _merged(cursor, at, found[item.name], item) if item.name in found else item
        if not cursor.accept(","):
            return tuple(found.values())


def _read_expanded(cursor: Cursor, entity: str, depth: int) -> Expand:
    """Read a navigation property with what follows it: a further one behind a slash, or options in brackets."""
    kind = ENTITIES[entity]
    fix = f"{kind.name} has {', '.join(kind.navigations)}."
    token = cursor.word("the name of a navigation property", fix)
    way = kind.navigations.get(token.text)
    if way is None:
        cursor.refuse(token.at, f"{kind.name} has no “{shown(token.text)}” to expand.", fix)
    if depth > MAX_EXPAND_DEPTH:
        cursor.refuse(token.at, f"$expand is deeper than {MAX_EXPAND_DEPTH} levels.", "Ask for what is below apart.")
    cursor.count_expand()
    if cursor.accept("/"):
        return Expand(way.name, Options(expand=(_read_expanded(cursor, way.target, depth + 1),)))
    return Expand(way.name, _read_inner_options(cursor, way.target, depth))


def _read_inner_options(cursor: Cursor, entity: str, depth: int) -> Options:
    found: dict[str, Any] = {}
    if not cursor.accept("("):
        return Options()
    fix = "Write options as ($top=1;$orderby=name), separated by semicolons."
    while cursor.token.text != ")":
        name = cursor.word("a query option", fix)
        cursor.expect("=", fix)
        _read_option(cursor, entity, name, name.text, found, depth)
        if not cursor.accept(";"):
            break
    cursor.expect(")", fix)
    return Options(**found)


def _merged(cursor: Cursor, at: int, first: Expand, second: Expand) -> Expand:
    """Return both expansions of one property as one. Raises InvalidError where both say something different."""
    bare = Options()
    if replace(second.options, expand=()) not in (bare, replace(first.options, expand=())):
        if replace(first.options, expand=()) != bare:
            cursor.refuse(at, f"{first.name} is expanded twice with different options.", "Expand it once.")
        first, second = second, first
    inner = {item.name: item for item in first.options.expand}
    for item in second.options.expand:
        inner[item.name] = _merged(cursor, at, inner[item.name], item) if item.name in inner else item
    return Expand(first.name, replace(first.options, expand=tuple(inner.values())))
