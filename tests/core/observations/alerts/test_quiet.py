"""Quiet time: nights, weekends, holidays, and when a message goes that waits for its end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from talkoot.core.observations.alerts.quiet import Quiet, easter, holidays, is_quiet, sending_time

HELSINKI = ZoneInfo("Europe/Helsinki")
NIGHT = Quiet(time(22), time(7))


@pytest.mark.parametrize(
    ("year", "day"),
    [(1954, (4, 18)), (2000, (4, 23)), (2018, (4, 1)), (2024, (3, 31)), (2026, (4, 5)), (2038, (4, 25))],
)
def test_easter(year: int, day: tuple[int, int]) -> None:
    assert easter(year) == date(year, *day)


def test_the_holidays_of_a_year() -> None:
    expected = "0101 0106 0403 0404 0405 0406 0501 0514 0524 0619 0620 1031 1206 1224 1225 1226"
    assert " ".join(sorted(f"{day:%m%d}" for day in holidays(2026))) == expected


@pytest.mark.parametrize(
    ("quiet", "now", "sent"),
    [
        (NIGHT, "2026-03-02 21:59", "2026-03-02 21:59"),
        (NIGHT, "2026-03-02 22:00", "2026-03-03 07:00"),
        (NIGHT, "2026-03-03 06:59", "2026-03-03 07:00"),
        (Quiet(time(12), time(13)), "2026-03-02 12:30", "2026-03-02 13:00"),
        (Quiet(weekends=True), "2026-03-07 10:00", "2026-03-09 00:00"),
        (Quiet(time(22), time(7), weekends=True), "2026-03-06 23:00", "2026-03-09 07:00"),
        (Quiet(holidays=True, weekends=True), "2026-04-02 23:00", "2026-04-02 23:00"),
        (Quiet(holidays=True, weekends=True), "2026-04-03 09:00", "2026-04-07 00:00"),
        (Quiet(holidays=True), "2026-08-14 09:00", "2026-08-15 00:00"),
        (Quiet(), "2026-12-25 03:00", "2026-12-25 03:00"),
        # The night when clocks go forward: seven o'clock is an hour earlier in UTC.
        (NIGHT, "2026-03-28 23:30", "2026-03-29 07:00"),
    ],
)
def test_a_message_waits_for_the_end_of_quiet(quiet: Quiet, now: str, sent: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=HELSINKI)
    found = sending_time(quiet, at.astimezone(UTC), HELSINKI, {date(2026, 8, 14)})
    assert found == datetime.fromisoformat(sent).replace(tzinfo=HELSINKI)
    assert not is_quiet(quiet, found.astimezone(HELSINKI), {date(2026, 8, 14)})
