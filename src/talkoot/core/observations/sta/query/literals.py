"""Values as a query writes them, read and written. Times: ISO 8601; geometries: well-known text."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import shapely

from talkoot.core.observations.sta.query.ast import Duration, Geography, Instant, Interval, Value
from talkoot.core.observations.sta.query.lexer import DURATION, MAX_NUMBER, Source, Token, shown
from talkoot.core.register.geometries import TYPES

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MAX_INTEGER: Final = (1 << 63) - 1
MAX_DURATION: Final = 400_000_000_000_000_000  # microseconds: more than from the year 1 to 9999
WKT_DEPTH: Final = 4
DATETIME_FIX: Final = "Write a moment as 2026-01-31T12:00:00+02:00 (in an address + is %2B) or with Z."
_UNITS: Final = {"D": 86_400_000_000, "H": 3_600_000_000, "M": 60_000_000, "S": 1_000_000}


def read(source: Source, token: Token) -> Value:
    """Return the value that `token` writes. Raises InvalidError where there is no such number, day or geometry."""
    match token.kind:
        case "text":
            return token.text[1:-1].replace("''", "'")
        case "number":
            return _number(source, token)
        case "duration":
            return _duration(source, token, token.text[9:-1])
        case "geography":
            return _geography(source, token)
        case "interval":
            return _interval(source, token)
        case "datetime":
            return _instant(source, token, token.text)
        case "date":
            return _calendar(source, token, date)
        case _:
            return _calendar(source, token, time)


def instant_of(text: str) -> Instant | None:
    """Return the moment that an ISO 8601 text names (UTC where it names no offset), or None where it names none."""
    try:
        moment = datetime.fromisoformat(re.sub(r" (?=\d\d:?\d\d$)", "+", text))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    offset = moment.utcoffset() or timedelta()
    return Instant((moment.replace(tzinfo=UTC) - EPOCH - offset) // MICROSECOND, offset // timedelta(minutes=1))


def write(value: Value) -> str:
    """Return `value` as a query writes it: `read` gives it again."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case Instant():
            return _written(value)
        case Interval():
            return f"{_written(value.start)}/{_written(value.end)}"
        case Duration():
            return f"duration'{_written_duration(value.us)}'"
        case Geography():
            return f"geography'{value.wkt}'"
        case date() | time():
            return value.isoformat()
        case _:
            return repr(value)


def _number(source: Source, token: Token) -> int | float:
    if len(token.text) > MAX_NUMBER:
        source.refuse(token.at, f"the number has more than {MAX_NUMBER} digits.", "Write fewer.")
    if token.text.isdigit() and int(token.text) <= MAX_INTEGER:
        return int(token.text)
    number = float(token.text)
    if not math.isfinite(number):
        source.refuse(token.at, "the number is too large.", "Write one below 1.8e308.")
    return number


def _instant(source: Source, token: Token, text: str) -> Instant:
    moment = instant_of(text)
    if moment is None:
        source.refuse(token.at, f"there is no moment “{shown(text)}”.", DATETIME_FIX)
    return moment


def _interval(source: Source, token: Token) -> Interval:
    first, second = token.text.split("/")
    start = _instant(source, token, first)
    if "P" in second:
        end = Instant(start.us + _duration(source, token, second).us, start.offset)
    else:
        end = _instant(source, token, second)
    if end.us < start.us:
        source.refuse(token.at, "the interval ends before it begins.", "Write the earlier moment first.")
    if not _is_in_calendar(end):
        source.refuse(token.at, "the interval ends after the year 9999.", "Write an earlier end.")
    return Interval(start, end)


def _duration(source: Source, token: Token, text: str) -> Duration:
    if not re.fullmatch(DURATION, text):
        source.refuse(token.at, "this is no duration.", "Write days and smaller units, such as duration'P1DT12H'.")
    total = 0
    for amount, unit in re.findall(r"(\d+(?:\.\d+)?)([DHMS])", text):
        whole, _, fraction = amount.partition(".")
        if len(whole) > 15:
            total = MAX_DURATION + 1
            break
        total += int(whole) * _UNITS[unit] + int((fraction + "000000")[:6])
    if total > MAX_DURATION:
        source.refuse(token.at, "the duration is longer than the calendar.", "Write a shorter one.")
    return Duration(-total if text.startswith("-") else total)


def _geography(source: Source, token: Token) -> Geography:
    text = token.text.split("'")[1]
    text = re.sub(r"^\s*SRID\s*=\s*4326\s*;", "", text, flags=re.IGNORECASE)
    fix = "Write well-known text, longitude first: geography'POINT (24.94 60.17)'."
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    if deepest > WKT_DEPTH:
        source.refuse(token.at, "the geometry is nested too deep.", fix)
    try:
        shape = shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        source.refuse(token.at, "this is no geometry in well-known text.", fix)
    shape = shapely.force_2d(shape)
    if shape.geom_type not in TYPES:
        source.refuse(token.at, f"a {shape.geom_type} cannot be compared with.", f"Write a {', '.join(TYPES)}.")
    if shape.is_empty or not bool(_all_finite(shape)):
        source.refuse(token.at, "the geometry is empty or not finite.", fix)
    if not shape.is_valid:
        source.refuse(token.at, f"the geometry is broken: {shapely.is_valid_reason(shape)}.", "Mend it.")
    return Geography(shapely.to_wkt(shape, rounding_precision=-1))


def _all_finite(shape: shapely.Geometry) -> bool:
    return all(math.isfinite(number) for number in shapely.get_coordinates(shape).ravel().tolist())


def _calendar(source: Source, token: Token, kind: type[date] | type[time]) -> date | time:
    try:
        return kind.fromisoformat(token.text)
    except ValueError:
        source.refuse(token.at, f"there is no “{token.text}” in the calendar.", "Write 2026-01-31, or 23:59:59.")


def _is_in_calendar(moment: Instant) -> bool:
    try:
        EPOCH + timedelta(microseconds=moment.us, minutes=max(moment.offset, 0))
    except OverflowError:
        return False
    return True


def _written(moment: Instant) -> str:
    # The clock's own reading is in the calendar, even where the same moment in UTC is not.
    clock = EPOCH.replace(tzinfo=None) + timedelta(microseconds=moment.us, minutes=moment.offset)
    sign, minutes = "-" if moment.offset < 0 else "+", abs(moment.offset)
    return clock.isoformat() + (f"{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "Z")


def _written_duration(us: int) -> str:
    seconds, fraction = divmod(abs(us), 1_000_000)
    return f"{'-' if us < 0 else ''}PT{seconds}.{fraction:06}S"
