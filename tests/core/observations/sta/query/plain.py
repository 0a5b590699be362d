"""What a filter means, written down a second time and as plainly as possible: over one row, in Python.

A row is the entity as the service shows it, with what navigation properties lead to as lists of rows.
"""

from __future__ import annotations

import math
from typing import Any

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
)

Row = dict[str, Any]


def holds(node: Expression, row: Row) -> bool:
    """Tell whether the row fulfils the condition."""
    return value_of(node, row) is True


def value_of(node: Expression, row: Row) -> Any:
    """Return the value of an expression; None is null, and unknown where a condition is meant."""
    match node:
        case Literal():
            return node.value
        case Path():
            return _property(node, row)
        case Not():
            inner = _truth(node.operand, row)
            return None if inner is None else not inner
        case Logical():
            return _joined(node.word, [_truth(term, row) for term in node.terms])
        case Negative():
            number = _number(value_of(node.operand, row))
            return None if number is None else -number
        case Arithmetic():
            return _reckoned(node.word, *(_number(value_of(side, row)) for side in (node.left, node.right)))
        case Call():
            return _called(node.name, [value_of(argument, row) for argument in node.arguments])
    return _over_targets(node, row)


def _over_targets(node: Expression, row: Row) -> bool:
    """Compare values, of any of the targets where a path leads to several."""
    if isinstance(node, Comparison) and isinstance(node.left, Path) and node.left.navigation:
        name, below = node.left.navigation[0], Comparison(node.word, node.left.below(), node.right)
        found = row[name] if isinstance(row[name], list) else [row[name]]
        return any(_over_targets(below, target) for target in found)
    if isinstance(node, Membership):
        return any(_compared("eq", value_of(node.operand, row), each.value) for each in node.values)
    assert isinstance(node, Comparison)
    return _compared(node.word, value_of(node.left, row), value_of(node.right, row))


def _property(path: Path, row: Row) -> Any:
    value = row[path.name]
    for key in path.keys:
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _truth(node: Expression, row: Row) -> bool | None:
    value = value_of(node, row)
    return value if isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _joined(word: str, terms: list[bool | None]) -> bool | None:
    deciding = word == "or"
    if deciding in terms:
        return deciding
    return None if None in terms else not deciding


def _reckoned(word: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (word in ("div", "mod") and right == 0):
        return None
    match word:
        case "add":
            return left + right
        case "sub":
            return left - right
        case "mul":
            return left * right
        case "div":
            return left / right
    return math.fmod(left, right)


def _called(name: str, values: list[Any]) -> Any:
    wanted = [str] * len(values)
    if name in ("round", "floor", "ceiling"):
        wanted = [float]  # type: ignore[list-item]
        values = [_number(values[0])]
    if name == "substring":
        wanted[1:] = [float] * (len(values) - 1)  # type: ignore[list-item]
        values = [values[0], *map(_number, values[1:])]
    if not all(isinstance(value, kind) for value, kind in zip(values, wanted, strict=True)):
        return None
    return _FUNCTIONS[name](*values)


def _substring(text: str, start: float, length: float = math.inf) -> str:
    first = max(0, math.floor(start))
    return "".join(sign for place, sign in enumerate(text) if first <= place < first + math.floor(min(length, 1e6)))


def _rounded(number: float) -> float:
    whole = math.floor(abs(number) + 0.5)
    return float(whole if number >= 0 else -whole)


_FUNCTIONS: dict[str, Any] = {
    "contains": lambda text, part: part in text,
    "substringof": lambda part, text: part in text,
    "startswith": lambda text, part: text[: len(part)] == part,
    "endswith": lambda text, part: part == "" or text[-len(part) :] == part,
    "length": len,
    "indexof": lambda text, part: text.find(part),
    "substring": _substring,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(" \t\r\n"),
    "concat": lambda first, second: first + second,
    "round": _rounded,
    "floor": math.floor,
    "ceiling": math.ceil,
}


def _compared(word: str, left: Any, right: Any) -> bool:
    if word == "ne":
        return not _compared("eq", left, right)
    if isinstance(right, Instant):
        return _periods(word, left, right.us)
    if left is None or right is None:
        return word == "eq" and left is None and right is None
    alike = _kind(left) == _kind(right) != ""
    return (
        alike
        and {"eq": left == right, "gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[
            word
        ]
    )


def _periods(word: str, period: tuple[int, int], moment: int) -> bool:
    begin, end = period
    answers = {
        "eq": begin == end == moment,
        "gt": begin > moment,
        "ge": begin >= moment,
        "lt": end < moment,
        "le": end <= moment,
    }
    return answers[word]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else ""
