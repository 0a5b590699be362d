"""The chart of a plan: how much of the outdoor space a number of poles covers. Drawn as SVG, it also prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from talkoot.programmes.light_poles.words import percent

WIDTH: Final = 640
HEIGHT: Final = 280
LEFT: Final = 52
RIGHT: Final = 16
TOP: Final = 16
BOTTOM: Final = 44
STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it stands and what it says."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart's parts in the coordinates of its drawing, 640 wide and 280 high."""

    line: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    plan_x: float
    plan_y: float
    wanted_y: float
    rows: list[tuple[int, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def coverage_chart(curve: Sequence[Sequence[float]], poles: int, share: float, wanted: float) -> Chart:
    """Return the chart of a greedy choice's curve with the plan and the share asked for marked in it.

    `curve` pairs numbers of poles with the share they cover, `poles` and `share` are the plan's own.
    """
    most = max(poles, int(curve[-1][0]))

    def x(count: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * count / most, 1)

    def y(part: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - part), 1)

    points = [(0.0, 0.0), *((float(count), float(part)) for count, part in curve)]
    step = _step(most)
    return Chart(
        line=" ".join(f"{x(count)},{y(part)}" for count, part in points),
        x_ticks=[Tick(x(count), str(count)) for count in range(0, most + 1, step)],
        y_ticks=[Tick(y(part / 4), f"{25 * part} %") for part in range(5)],
        plan_x=x(poles),
        plan_y=y(share),
        wanted_y=y(wanted),
        rows=_rows(curve),
    )


def _step(most: int) -> int:
    """Return a round step that gives at most ten marks."""
    scale = 1
    while True:
        for step in STEPS:
            if most <= 10 * step * scale:
                return step * scale
        scale *= 10


def _rows(curve: Sequence[Sequence[float]]) -> list[tuple[int, str]]:
    """Return a few points of the curve, for those who read it as a table."""
    every = max(1, len(curve) // 10)
    chosen = [*curve[every - 1 :: every]]
    if chosen[-1] != curve[-1]:
        chosen.append(curve[-1])
    return [(int(count), percent(part)) for count, part in chosen]
