"""The chart of a day: a bar for each hour, with the range that its value lies in. Drawn as SVG, it also prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from talkoot.programmes.traffic.words import amount

WIDTH: Final = 720
HEIGHT: Final = 240
DIGIT: Final = 8  # width of a digit
RIGHT: Final = 8
TOP: Final = 16
BOTTOM: Final = 36
MARKS: Final = 4
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Amount:
    """A value of an hour; `low` and `high` are None where its range is not known."""

    hour: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in the coordinates of the drawing; `low_y` and `high_y` are the ends of its range, None without one."""

    hour: int
    x: float
    y: float
    width: float
    height: float
    middle: float
    low_y: float | None
    high_y: float | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it stands and what it says."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class DayChart:
    """The chart's parts in the coordinates of its drawing, 720 wide and 240 high."""

    code: str
    title: str
    unit: str
    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    rows: list[tuple[str, str, str, str]]
    has_ranges: bool
    left: int
    width: int = WIDTH
    height: int = HEIGHT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def day_chart(code: str, title: str, unit: str, amounts: Sequence[Amount], chosen: str = "") -> DayChart:
    """Return the chart of amounts by the hour; `chosen` is the hour to mark."""
    most = max((each.high if each.high is not None else each.value for each in amounts), default=0.0)
    step = _step(most)
    top = step * max(1.0, -(-most // step))
    marks = [(step * at, amount(step * at)) for at in range(round(top / step) + 1)]
    left = 16 + DIGIT * max(len(words) for _, words in marks)
    slot = (WIDTH - left - RIGHT) / 24.0

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)

    def bar(each: Amount) -> Bar:
        x, at = left + slot * each.hour, y(each.value)
        return Bar(
            hour=each.hour,
            x=round(x + 0.14 * slot, 1),
            y=at,
            width=round(0.72 * slot, 1),
            height=round(HEIGHT - BOTTOM - at, 1),
            middle=round(x + 0.5 * slot, 1),
            low_y=y(each.low) if each.low is not None else None,
            high_y=y(each.high) if each.high is not None else None,
            is_chosen=str(each.hour) == chosen,
        )

    return DayChart(
        code=code,
        title=title,
        unit=unit,
        bars=[bar(each) for each in amounts],
        x_ticks=[Tick(round(left + slot * hour, 1), str(hour)) for hour in range(0, 25, 3)],
        y_ticks=[Tick(y(value), words) for value, words in marks],
        rows=[
            (
                f"{each.hour:02d}–{(each.hour + 1) % 24:02d}",
                amount(each.value),
                amount(each.low) if each.low is not None else "",
                amount(each.high) if each.high is not None else "",
            )
            for each in amounts
        ],
        has_ranges=any(each.low is not None for each in amounts),
        left=left,
    )


def _step(most: float) -> float:
    """Return a round step between the marks that gives at most four of them."""
    if most <= 0.0:
        return 1.0
    scale = 1.0
    while most / MARKS > 10.0 * scale:
        scale *= 10.0
    while most / MARKS <= scale and scale > 1e-12:
        scale /= 10.0
    return next(step * scale for step in STEPS if most <= MARKS * step * scale)
