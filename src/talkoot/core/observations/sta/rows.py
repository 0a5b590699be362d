"""One observation as its sender wrote it, checked against its datastream and made a row of the store.

Source: OGC 18-088, SensorThings API part 1: Sensing, version 1.1, clause 8.2.6 (Observation) and table 12 (types).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from talkoot.core.observations.sta.moments import interval, moment
from talkoot.core.observations.store.batch import BAD, ESTIMATED, GOOD, SUSPECT, UNSTATED

OM: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
FLAGS: Final = {"good": GOOD, "suspect": SUSPECT, "bad": BAD, "estimated": ESTIMATED}
FIELDS: Final = frozenset(
    {"phenomenonTime", "resultTime", "result", "resultQuality", "validTime", "parameters", "FeatureOfInterest/id"}
)
MOST_RARE_CHARACTERS: Final = 64 * 1024  # of all about one reading that is no number or time
LARGEST_WHOLE: Final = 1 << 53  # whole numbers up to here are exact


class RowError(ValueError):
    """What is wrong with one observation."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a datastream takes: the observation type of its result, or of each part of it."""

    types: tuple[str, ...]
    is_multi: bool = False

    @property
    def type(self) -> str:
        """The short name of the one result's type ("Measurement")."""
        return "Complex" if self.is_multi else self.types[0].removeprefix(OM) if self.types else "Observation"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the store, but for the stream's number."""

    t: int
    rt: int
    value: float
    flag: int
    more: str | None


def row_of(fields: Mapping[str, Any], shape: Shape, features: Container[int] = ()) -> Row:
    """Return the row of an observation's fields; a missing phenomenonTime is now.

    `features` are the features of interest that it may name. Raises RowError with the field and what is wrong.
    """
    if unknown := fields.keys() - FIELDS:
        raise RowError(f"{min(unknown)}: an observation has no such property.")
    if "result" not in fields:
        raise RowError("result: it is missing.")
    rare: dict[str, Any] = {}
    t = _phenomenon(fields.get("phenomenonTime"), rare)
    rt = _checked("resultTime", moment, fields["resultTime"]) if fields.get("resultTime") is not None else 0
    value = _result(fields["result"], shape, rare)
    flag = _quality(fields.get("resultQuality"), rare)
    if (valid := fields.get("validTime")) is not None:
        rare["valid"] = _checked("validTime", interval, valid)
    if (parameters := fields.get("parameters")) is not None:
        if not isinstance(parameters, dict | list):
            raise RowError("parameters: this is no object.")
        rare["parameters"] = parameters
    if (feature := fields.get("FeatureOfInterest/id")) is not None:
        if not _is_whole(feature) or feature not in features:
            raise RowError(f"FeatureOfInterest: {str(feature)[:40]} is unknown.")
        rare["feature"] = feature
    return Row(t, rt, value, flag, _text(rare))


def _phenomenon(given: Any, rare: dict[str, Any]) -> int:
    if given is None:
        return time.time_ns() // 1000
    if isinstance(given, str) and "/" in given:
        begin, rare["end"] = _checked("phenomenonTime", interval, given)
        return int(begin)
    return int(_checked("phenomenonTime", moment, given))


def _checked(name: str, read: Callable[[Any], Any], given: Any) -> Any:
    try:
        return read(given)
    except ValueError as error:
        raise RowError(f"{name}: {error}") from None


def _quality(given: Any, rare: dict[str, Any]) -> int:
    """Return the flag that the quality stands for; whatever was given is kept beside it."""
    if given is None:
        return UNSTATED
    rare["quality"] = given
    return FLAGS.get(given.lower(), UNSTATED) if isinstance(given, str) else UNSTATED


def _result(given: Any, shape: Shape, rare: dict[str, Any]) -> float:
    """Return the number of a result, or NaN with the result among what is rare."""
    _require_type("result", given, shape)
    if isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= LARGEST_WHOLE:
        return float(given)
    if isinstance(given, float):
        return given
    if given is not None:
        rare["result"] = given
    return math.nan


def _require_type(name: str, given: Any, shape: Shape) -> None:
    if shape.is_multi:
        if not isinstance(given, list) or len(given) != len(shape.types):
            raise RowError(f"{name}: a list of {len(shape.types)} values is expected, one for each observed property.")
        for position, (part, kind) in enumerate(zip(given, shape.types, strict=True)):
            _require_type(f"{name}[{position}]", part, Shape((kind,)))
        return
    if given is not None and (test := TYPES.get(shape.type)) is not None and not test[0](given):
        raise RowError(f"{name}: {test[1]} is expected, as the datastream is of {shape.type}.")


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= 1e308


def _is_whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and abs(given) <= LARGEST_WHOLE


# What else there is (Observation, and types of the sender's own) takes any result.
TYPES: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "Measurement": (_is_number, "a number"),
    "CountObservation": (_is_whole, "a whole number"),
    "TruthObservation": (lambda given: isinstance(given, bool), "true or false"),
    "CategoryObservation": (lambda given: isinstance(given, str), "a text"),
    "TemporalObservation": (lambda given: isinstance(given, str), "a time"),
}


def _text(rare: dict[str, Any]) -> str | None:
    if not rare:
        return None
    text = msgspec.json.encode(rare).decode()
    if len(text) > MOST_RARE_CHARACTERS:
        raise RowError(f"it is too long: {len(text)} characters beside its times; at most {MOST_RARE_CHARACTERS}.")
    if "\\u0000" in text:
        raise RowError("it holds the character U+0000, which no database keeps.")
    return text
