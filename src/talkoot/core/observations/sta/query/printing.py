"""Trees written as queries again: for the links of answers, which carry the options on. Reading gives the same tree."""

from __future__ import annotations

from urllib.parse import quote

from talkoot.core.observations.sta.query.ast import (
    Arithmetic,
    Call,
    Comparison,
    Expand,
    Expression,
    Literal,
    Logical,
    Membership,
    Negative,
    Not,
    Options,
    Order,
    Path,
)
from talkoot.core.observations.sta.query.literals import write
from talkoot.core.observations.sta.query.schema import ID


def print_expression(node: Expression) -> str:
    """Return an expression as text, in which every operation below the outermost stands in brackets."""
    match node:
        case Literal():
            return write(node.value)
        case Path():
            return "/".join((*node.navigation, node.name, *node.keys))
        case Call():
            return f"{node.name}({','.join(map(print_expression, node.arguments))})"
        case Not():
            return f"not {_in_brackets(node.operand)}"
        case Negative():
            return f"-{_in_brackets(node.operand)}"
        case Logical():
            return f" {node.word} ".join(map(_in_brackets, node.terms))
        case Membership():
            values = ",".join(print_expression(value) for value in node.values)
            return f"{_in_brackets(node.operand)} in ({values})"
        case Comparison() | Arithmetic():
            return f"{_in_brackets(node.left)} {node.word} {_in_brackets(node.right)}"
    raise TypeError(f"{type(node).__name__} is no expression.")


def _in_brackets(node: Expression) -> str:
    text = print_expression(node)
    return text if isinstance(node, Literal | Path | Call) else f"({text})"


def print_options(options: Options) -> list[tuple[str, str]]:
    """Return the options as pairs of names and values, not yet encoded for an address."""
    found = []
    if options.filter is not None:
        found.append(("$filter", print_expression(options.filter)))
    if options.orderby:
        found.append(("$orderby", ",".join(map(_print_order, options.orderby))))
    if options.select:
        found.append(("$select", ",".join(map(_print_selected, options.select))))
    if options.expand:
        found.append(("$expand", ",".join(map(_print_expand, options.expand))))
    if options.top is not None:
        found.append(("$top", str(options.top)))
    if options.skip is not None:
        found.append(("$skip", str(options.skip)))
    if options.count is not None:
        found.append(("$count", "true" if options.count else "false"))
    if options.result_format is not None:
        found.append(("$resultFormat", options.result_format))
    return found


def print_query_string(options: Options) -> str:
    """Return the options as an address has them behind its question mark."""
    return "&".join(f"{name}={quote(value, safe=',;()/:@$=')}" for name, value in print_options(options))


def _print_order(order: Order) -> str:
    return f"{print_expression(order.by)} {'desc' if order.descending else 'asc'}"


def _print_selected(keys: tuple[str, ...]) -> str:
    return "/".join(("@iot.id" if keys[0] == ID else keys[0], *keys[1:]))


def _print_expand(expand: Expand) -> str:
    inner = ";".join(f"{name}={value}" for name, value in print_options(expand.options))
    return f"{expand.name}({inner})" if inner else expand.name
