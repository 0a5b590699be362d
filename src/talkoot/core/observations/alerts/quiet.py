"""Quiet time: hours of the night, weekends and holidays, during which messages wait. Plain functions.

Public holidays are those that Finland's Annual Holidays Act (162/2005, section 4) does not count as working days:
the church's holidays, Independence Day, the eves of Christmas and Midsummer, Easter Saturday and the First of May.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

LONGEST: Final = 60  # days of quiet in a row after which a message goes all the same
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Quiet:
    """When messages wait: daily from `start` to `end` (past midnight if that is earlier), weekends, holidays."""

    start: time | None = None
    end: time | None = None
    weekends: bool = False
    holidays: bool = False


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    Source: J. Meeus, Astronomical Algorithms (1991), chapter 8.
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Return Finland's public holidays of a year."""
    sunday = easter(year)
    by_easter = [sunday + timedelta(days) for days in (-2, -1, 0, 1, 39, 49)]
    midsummer = _saturday_from(date(year, 6, 20))
    fixed = [(1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26)]
    return frozenset(
        [
            *by_easter,
            midsummer - timedelta(1),
            midsummer,
            _saturday_from(date(year, 10, 31)),
            *(date(year, month, day) for month, day in fixed),
        ]
    )


def _saturday_from(day: date) -> date:
    return day + timedelta((SATURDAY - day.weekday()) % 7)


def is_quiet(quiet: Quiet, when: datetime, own_days: Collection[date] = ()) -> bool:
    """Tell whether messages wait at a local time; `own_days` are holidays of the city's own."""
    day, clock = when.date(), when.time()
    if quiet.weekends and day.weekday() >= SATURDAY:
        return True
    if quiet.holidays and (day in holidays(day.year) or day in own_days):
        return True
    if quiet.start is None or quiet.end is None:
        return False
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def sending_time(quiet: Quiet, now: datetime, zone: ZoneInfo, own_days: Collection[date] = ()) -> datetime:
    """Return the first moment from `now` on that is not quiet on the clocks of `zone`.

    Quiet begins and ends at midnights and at the rule's own times, so only those need a look. What would wait
    longer than LONGEST days is sent then.
    """
    local = now.astimezone(zone)
    if not is_quiet(quiet, local, own_days):
        return now
    clocks = sorted({time(0), *([quiet.end] if quiet.end is not None else [])})
    for days in range(LONGEST):
        day = local.date() + timedelta(days)
        for clock in clocks:
            at = datetime.combine(day, clock, zone)
            if at > local and not is_quiet(quiet, at, own_days):
                return at
    return now + timedelta(days=LONGEST)
