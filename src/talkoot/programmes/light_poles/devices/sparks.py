"""Small lines that show how a value went over a day: a gap where nothing was measured, and the same in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from talkoot.core.ui.templatetags.ui import number

WIDTH: Final = 96.0
HEIGHT: Final = 24.0
MARGIN: Final = 2.5


@dataclass(frozen=True, slots=True)
class Spark:
    """A line in a box of 96 by 24: the points of each unbroken piece as SVG has them, and what it shows in words."""

    pieces: list[str]
    words: str


def spark(values: Sequence[float], unit: str) -> Spark | None:
    """Return the line of values at equal distances in time (NaN: nothing was measured); None for none at all."""
    known = [value for value in values if value == value]
    if not known:
        return None
    low, high = min(known), max(known)
    told = {"low": number(float(low)), "high": number(float(high)), "unit": unit}
    words = _("The last 24 hours: from %(low)s to %(high)s %(unit)s") % told
    return Spark([_points(piece, len(values), low, high) for piece in _unbroken(values)], words.strip())


def _unbroken(values: Sequence[float]) -> Iterator[list[tuple[int, float]]]:
    piece: list[tuple[int, float]] = []
    for at, value in enumerate(values):
        if value == value:
            piece.append((at, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _points(piece: list[tuple[int, float]], count: int, low: float, high: float) -> str:
    """Return the points of a piece; a single value becomes a short level line."""
    width = WIDTH / count
    span = (high - low) or 1.0
    level = [(at, HEIGHT - MARGIN - (value - low) / span * (HEIGHT - 2 * MARGIN)) for at, value in piece]
    if len(level) == 1:
        [(at, y)] = level
        return f"{at * width:.1f},{y:.1f} {(at + 1) * width:.1f},{y:.1f}"
    return " ".join(f"{(at + 0.5) * width:.1f},{y:.1f}" for at, y in level)
