"""When a rule raises an alert and when the alert ends: functions of the rule, a state and readings, nothing else.

A value holds until the next reading. Time alone can make a datastream stale and a condition old enough, so a state
is that of the last reading, and what time does after it is told separately (`settle`): the same readings lead to
the same state whenever and in whatever pieces they are looked at. Times are whole microseconds since 1970 (UTC).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND


class Above(msgspec.Struct, tag="above", tag_field="kind", frozen=True):
    """From `raise_at` on, until the value is down at `clear_at` (at most `raise_at`)."""

    raise_at: float
    clear_at: float


class Below(msgspec.Struct, tag="below", tag_field="kind", frozen=True):
    """Down from `raise_at`, until the value is up at `clear_at` (at least `raise_at`)."""

    raise_at: float
    clear_at: float


class Rate(msgspec.Struct, tag="rate", tag_field="kind", frozen=True):
    """A change by `raise_at` an hour or more, either way, until it is down at `clear_at` an hour.

    Measured between readings at least `over` seconds apart, so that noise is no change.
    """

    raise_at: float
    clear_at: float
    over: float


class Stale(msgspec.Struct, tag="stale", tag_field="kind", frozen=True):
    """No reading of any quality for longer than so many seconds."""

    seconds: float


Condition = Above | Below | Rate | Stale


class Demand(msgspec.Struct, frozen=True):
    """What a rule asks: all of its conditions or any of them, for `duration` seconds without a break."""

    conditions: tuple[Condition, ...]
    combine: Literal["all", "any"] = "any"
    duration: float = 0.0


class State(msgspec.Struct):
    """What of a datastream's past matters, as of its last reading at `t` (or the moment its watch began).

    `holds` and `anchors` have an entry for each condition: whether it holds, and the reading that a rate is measured
    from. `since` tells from when the conditions hold together, `raised` when the alert was raised; `value` is the last
    one read.
    """

    t: int
    holds: list[bool]
    anchors: list[tuple[int, float] | None]
    since: int | None = None
    raised: int | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An alert raised or ended at `t`; `value` is the last one read (NaN where there was none)."""

    t: int
    raised: bool
    value: float


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert from beginning to end; `resolved` is None while it lasts."""

    raised: int
    resolved: int | None
    value: float


def begin(rule: Demand, t: int) -> State:
    """Return the state of a datastream whose watch begins at `t`."""
    return State(t, [False] * len(rule.conditions), [None] * len(rule.conditions))


def advance(rule: Demand, state: State, times: Sequence[int], values: Sequence[float]) -> tuple[State, list[Change]]:
    """Return the state after these readings, and the alerts that they raised and ended.

    Readings come in the order of time, none before `state.t`. A value of NaN (a bad reading, or no number) shows
    only that the device lives. `state` stays as it is.
    """
    machine = _Machine(rule, state)
    for t, value in zip(times, values, strict=True):
        machine.read(t, value)
    return machine.state, machine.changes


def settle(rule: Demand, state: State, until: int) -> tuple[list[Change], int | None]:
    """Return what time alone does before `until`, and when it would next do something (None: never)."""
    machine = _Machine(rule, state)
    machine.pass_time(until)
    return machine.changes, machine.due()


def episodes(raised: int | None, changes: Iterable[Change]) -> list[Episode]:
    """Return the alerts of these changes; `raised` is when one was raised that lasts at their beginning."""
    found: list[Episode] = []
    value = math.nan
    for change in changes:
        if change.raised:
            raised, value = change.t, change.value
        elif raised is not None:
            if raised < change.t:
                found.append(Episode(raised, change.t, value))
            raised, value = None, math.nan
    if raised is not None:
        found.append(Episode(raised, None, value))
    return found


class _Machine:
    """A rule at work on one datastream."""

    def __init__(self, rule: Demand, state: State) -> None:
        self.state = State(state.t, list(state.holds), list(state.anchors), state.since, state.raised, state.value)
        self.changes: list[Change] = []
        self._conditions = list(enumerate(rule.conditions))
        self._together = all if rule.combine == "all" else any
        self._duration = round(rule.duration * SECOND)
        self._stale = [(i, round(c.seconds * SECOND)) for i, c in self._conditions if isinstance(c, Stale)]

    def read(self, t: int, value: float) -> None:
        """Take in a reading."""
        if self._stale or self.state.since is not None:
            self.pass_time(t)
        self.state.t = t
        for i, _ in self._stale:
            self.state.holds[i] = False
        if value == value:  # a number
            self.state.value = value
            for i, condition in self._conditions:
                self._measure(i, condition, t, value)
        self._decide(t)

    def _measure(self, i: int, condition: Condition, t: int, value: float) -> None:
        holds = self.state.holds
        match condition:
            case Above(raise_at, clear_at):
                holds[i] = value >= raise_at or (holds[i] and value > clear_at)
            case Below(raise_at, clear_at):
                holds[i] = value <= raise_at or (holds[i] and value < clear_at)
            case Rate(raise_at, clear_at, over):
                anchor = self.state.anchors[i]
                if anchor is not None and t - anchor[0] < over * SECOND:
                    return
                self.state.anchors[i] = (t, value)
                if anchor is not None:
                    rate = abs(value - anchor[1]) * HOUR / (t - anchor[0])
                    holds[i] = rate >= raise_at or (holds[i] and rate > clear_at)

    def pass_time(self, until: int) -> None:
        """Let time go on to `until`: what is due at that very moment still waits for a reading of that moment."""
        while (due := self.due()) is not None and due < until:
            for i, length in self._stale:
                if self.state.t + length <= due:
                    self.state.holds[i] = True
            self._decide(due)

    def due(self) -> int | None:
        """Return when time alone next changes something."""
        state = self.state
        times = [state.t + length for i, length in self._stale if not state.holds[i]]
        if state.since is not None and state.raised is None:
            times.append(state.since + self._duration)
        return min(times, default=None)

    def _decide(self, t: int) -> None:
        state = self.state
        if not self._together(state.holds):
            state.since = None
            if state.raised is not None:
                state.raised = None
                self.changes.append(Change(t, False, self._value()))
            return
        if state.since is None:
            state.since = t
        if state.raised is None and t - state.since >= self._duration:
            state.raised = t
            self.changes.append(Change(t, True, self._value()))

    def _value(self) -> float:
        return math.nan if self.state.value is None else self.state.value
