"""Conditions in a form that costs less: what is asked of one property many times is asked of it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal as OneOf

from talkoot.core.observations.sta.query.ast import (
    Call,
    Comparison,
    Expression,
    Literal,
    Logical,
    Membership,
    Not,
    Path,
)


def simplified(node: Expression) -> Expression:
    """Return a condition that selects the same: equalities of a property joined by `or` as one membership, all that
    `and` joins and `not` turns as one `not`.
    """
    match node:
        case Not():
            return replace(node, operand=simplified(node.operand))
        case Logical(word="or"):
            return joined("or", _memberships([simplified(term) for term in node.terms]), at=node.at)
        case Logical():
            return joined("and", _one_not([simplified(term) for term in node.terms]), at=node.at)
    return node


def joined(word: OneOf["and", "or"], terms: Sequence[Expression], *, at: int = 0) -> Expression:
    """Return terms joined by a word, none of them directly in another of the same word; a single one as it is."""
    flat: list[Expression] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Logical) and term.word == word else (term,))
    return flat[0] if len(flat) == 1 else Logical(word, tuple(flat), at=at)


def tests_in(node: Expression) -> int:
    """Return how many comparisons and tests of texts there are in a condition."""
    return sum(isinstance(part, Comparison | Membership | Call) for part in node.walk())


def _memberships(terms: Sequence[Expression]) -> list[Expression]:
    kept: list[Expression] = []
    wanted: dict[Path, list[Literal]] = {}
    for term in terms:
        match term:
            case Comparison(word="eq", left=Path() as path, right=Literal() as value):
                wanted.setdefault(path, []).append(value)
            case Membership(operand=Path() as path):
                wanted.setdefault(path, []).extend(term.values)
            case _:
                kept.append(term)
    for path, values in wanted.items():
        single = Comparison("eq", path, values[0], at=path.at)
        kept.append(single if len(values) == 1 else Membership(path, tuple(values), at=path.at))
    return kept


def _one_not(terms: Sequence[Expression]) -> list[Expression]:
    """Return the terms of an `and`, what they deny taken together: none of it is so."""
    denied = [term.operand for term in terms if isinstance(term, Not)]
    if len(denied) < 2:
        return list(terms)
    kept = [term for term in terms if not isinstance(term, Not)]
    return [*kept, Not(simplified(joined("or", denied)))]
