"""Topics: where readings are published to, and which topics a change is told on.

A topic is a resource path of SensorThings behind the version, "v1.1/Datastreams(7)/Observations".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

ROOT: Final = "v1.1"
READINGS: Final = f"{ROOT}/Observations"
# What the bridge hears of another broker: one level stands for Datastreams(7).
READING_FILTERS: Final = (READINGS, f"{ROOT}/+/Observations")
_STREAM: Final = re.compile(r"v1\.1/(?:Multi)?Datastreams\(([1-9][0-9]{0,9})\)(?:/(.*))?\Z", re.DOTALL)
_FROM_PATH: Final = 0  # the reading names its datastream itself


@lru_cache(maxsize=65_536)
def stream_of(topic: str) -> int | None:
    """Return the datastream whose readings are published to `topic`; 0 where each names its own; None for others."""
    if topic == READINGS:
        return _FROM_PATH
    found = _STREAM.match(topic)
    return int(found[1]) if found and found[2] == "Observations" else None


@lru_cache(maxsize=65_536)
def told_stream(topic: str) -> int | None:
    """Return the datastream that a topic tells of in any way, or None."""
    found = _STREAM.match(topic)
    return int(found[1]) if found else None


def readings_of(stream: int, *, multi: bool = False) -> str:
    """Return the topic of a datastream's readings."""
    return f"{ROOT}/{'MultiDatastreams' if multi else 'Datastreams'}({stream})/Observations"


def matches(topic: str, wanted: str) -> bool:
    """Tell whether a filter with wildcards takes a topic (MQTT 3.1.1, clause 4.7)."""
    if "#" not in wanted and "+" not in wanted:
        return topic == wanted
    levels, asked = topic.split("/"), wanted.split("/")
    for place, level in enumerate(asked):
        if level == "#":
            return True
        if place >= len(levels) or level not in ("+", levels[place]):
            return False
    return len(levels) == len(asked)
