"""Values of OpenStreetMap tags: numbers, speeds and names out of free text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from talkoot.core.base.text import LANGUAGES, Text

Tags = Mapping[str, str]

_LENGTH: Final = re.compile(r"^\s*(-?\d+(?:[.,]\d+)?)\s*(m|cm|km|ft|')?\s*$", re.IGNORECASE)
_METRES: Final = {"": 1.0, "m": 1.0, "cm": 0.01, "km": 1000.0, "ft": 0.3048, "'": 0.3048}
_SPEED: Final = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?\s*$", re.IGNORECASE)
_KMH: Final = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
# Speed limits that hold where no sign says otherwise, by the tag's zone (km/h).
ZONE_SPEEDS: Final = {"urban": 50.0, "rural": 80.0, "trunk": 100.0, "motorway": 120.0, "living_street": 20.0}
_WORD_SPEEDS: Final = {"walk": 5.0, "none": 130.0}


def number(text: str | None) -> float | None:
    """Return the number that `text` is (a decimal comma is allowed), or None."""
    if text is None:
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def whole(text: str | None) -> int | None:
    """Return the whole number that `text` is or begins a list with ("2;3" gives 2), or None."""
    value = number((text or "").split(";")[0])
    return int(value) if value is not None else None


def metres(text: str | None) -> float | None:
    """Return a length tag in metres: "12", "12.5 m", "40 ft", "6'"; None where it is none of these."""
    if text is None or (match := _LENGTH.match(text)) is None:
        return None
    return round(float(match[1].replace(",", ".")) * _METRES[(match[2] or "").lower()], 3)


def speed(text: str | None) -> tuple[float, str] | None:
    """Return a speed limit in km/h and where it comes from: "" for a sign, "assumed:..." for a zone's rule.

    Reads "50", "30 mph", "walk", "none", "FI:urban" and "FI:zone:30"; None where it says no speed.
    """
    if text is None:
        return None
    first = text.split(";")[0].strip()
    if (match := _SPEED.match(first)) is not None:
        value = float(match[1]) * _KMH[(match[2] or "").lower()]
        return (round(value, 1), "") if 1 <= value <= 200 else None
    if first in _WORD_SPEEDS:
        return _WORD_SPEEDS[first], f"assumed:maxspeed={first}"
    zone = first.partition(":")[2]
    if zone in ZONE_SPEEDS:
        return ZONE_SPEEDS[zone], f"assumed:maxspeed={first}"
    value_in_zone = number(zone.removeprefix("zone:").removeprefix("zone"))
    if value_in_zone is not None and 1 <= value_in_zone <= 200:
        return value_in_zone, f"assumed:maxspeed={first}"
    return None


def name_of(tags: Tags) -> Text:
    """Return the name by language; a plain `name` is the main language's (Finnish) where that has none."""
    by_language = {language: tags.get(f"name:{language}", "") for language in LANGUAGES}
    if not by_language["fi"]:
        by_language["fi"] = tags.get("name", "")
    return Text(**by_language)


def texts(tags: Tags, keys: Mapping[str, tuple[str, ...]], length: int = 200) -> dict[str, str]:
    """Return attribute -> the first of its tag `keys` that is present, cut to `length` characters."""
    found = {}
    for attribute, names in keys.items():
        for name in names:
            if value := tags.get(name):
                found[attribute] = value[:length]
                break
    return found


def address_of(tags: Tags) -> str:
    """Return "Street 1, 00100 City" out of the address tags that are present, or ""."""
    street = " ".join(filter(None, (tags.get("addr:street"), tags.get("addr:housenumber"))))
    town = " ".join(filter(None, (tags.get("addr:postcode"), tags.get("addr:city"))))
    return ", ".join(filter(None, (street, town)))[:200] if street else ""
