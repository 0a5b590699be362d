"""Times as SensorThings writes them: ISO 8601 moments and intervals, as whole microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
EARLIEST: Final = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
LATEST: Final = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND - 1
LONGEST: Final = 80  # characters of two moments with fractions and offsets


def moment(text: Any) -> int:
    """Return a moment; one without an offset is in UTC. Raises ValueError, saying what is wrong."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError("is no time. Write it like 2026-01-31T12:00:00Z.")
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time. Write it like 2026-01-31T12:00:00Z.") from None
    if not FIRST_YEAR <= when.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return ((when if when.tzinfo is not None else when.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND


def interval(text: Any) -> tuple[int, int]:
    """Return the beginning and the end of "begin/end". Raises ValueError, saying what is wrong."""
    if not isinstance(text, str) or text.count("/") != 1:
        raise ValueError("is no interval. Write it like 2026-01-31T12:00:00Z/2026-01-31T13:00:00Z.")
    begin, end = map(moment, text.split("/"))
    if end < begin:
        raise ValueError(f"{text!r} ends before it begins.")
    return begin, end


def iso(microseconds: int) -> str:
    """Return a moment as ISO 8601 in UTC, with as many digits of the second as it has."""
    when = EPOCH + timedelta(microseconds=microseconds)
    if when.microsecond == 0:
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")
    digits = "milliseconds" if when.microsecond % 1000 == 0 else "microseconds"
    return when.isoformat(timespec=digits).replace("+00:00", "Z")
