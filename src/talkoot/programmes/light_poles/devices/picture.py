"""The drawing of a pole with its devices: where everything stands, in the units of an SVG 340 wide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from talkoot.core.ui.templatetags.ui import number
from talkoot.programmes.light_poles.devices.mounted import Mounted

WIDTH: Final = 340
LEAST_HEIGHT: Final = 320
SKY: Final = 30.0  # above the highest
EARTH: Final = 30.0  # below the ground's line
LABEL: Final = 38.0  # from one label to the next
POLE_X: Final = 74
LABEL_X: Final = 128
MOST_TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class Drawn:
    """A device in the drawing: the height of its mark, that of its label, and the label's two lines."""

    kind: str
    y: float
    label_y: float
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A height beside the pole."""

    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template draws, and the same in words."""

    width: int
    height: int
    pole_x: int
    label_x: int
    ground_y: float
    top_y: float
    devices: list[Drawn]
    ticks: list[Tick]
    words: str


def drawing(title: str, pole_height: float | None, devices: Sequence[Mounted]) -> Drawing:
    """Draw a pole (its height in metres, None where unknown) with devices, the highest first."""
    top = max([pole_height or 0.0, *(device.height for device in devices), 2.0])
    height = max(LEAST_HEIGHT, round(SKY + EARTH + LABEL * len(devices)))
    ground = height - EARTH
    metre = (ground - SKY) / top
    levels = [ground - device.height * metre for device in devices]
    drawn = [
        Drawn(device.kind, round(level, 1), round(label, 1), device.title, label_words(device))
        for device, level, label in zip(devices, levels, apart(levels, SKY - 8, ground), strict=True)
    ]
    step = max(1, math.ceil(top / MOST_TICKS))
    ticks = [Tick(round(ground - at * metre, 1), f"{at} m") for at in range(0, math.floor(top) + 1, step)]
    top_y = round(ground - (pole_height or top) * metre, 1)
    words = picture_words(title, pole_height, devices)
    return Drawing(WIDTH, height, POLE_X, LABEL_X, ground, top_y, drawn, ticks, words)


def apart(levels: Sequence[float], low: float, high: float) -> list[float]:
    """Return where labels stand, from top to bottom: near their levels, LABEL apart, between `low` and `high`."""
    places: list[float] = []
    for level in levels:
        places.append(max(level, places[-1] + LABEL if places else low))
    for at in range(len(places) - 1, -1, -1):
        below = places[at + 1] - LABEL if at + 1 < len(places) else high
        places[at] = min(places[at], below)
    return places


def label_words(device: Mounted) -> str:
    """Return the second line of a label: how high, and the first value that the device has."""
    parts = [height_words(device)]
    signal = next((signal for signal in device.signals if signal.value is not None), None)
    if signal is not None:
        parts.append(f"{number(signal.value)} {signal.unit}".strip())
    return " · ".join(parts)


def height_words(device: Mounted) -> str:
    """Return how high a device sits, and that it is assumed where it is."""
    metres = f"{number(device.height)} m"
    return _("about %(metres)s, assumed") % {"metres": metres} if device.assumed else metres


def picture_words(title: str, pole_height: float | None, devices: Sequence[Mounted]) -> str:
    """Return what the drawing shows in words."""
    pole = f"{title}, {number(pole_height)} m" if pole_height else title
    on_it = "; ".join(f"{device.title} ({height_words(device)})" for device in devices)
    return _("Drawing: %(pole)s. From top to bottom: %(devices)s.") % {"pole": pole, "devices": on_it}
