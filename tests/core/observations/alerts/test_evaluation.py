"""Rules evaluated on a real store: once, in pieces, late, after a kill."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkoot.core.base.models import AuditEntry
from talkoot.core.observations import readings
from talkoot.core.observations.alerts import recording, watching
from talkoot.core.observations.alerts.engine import Above, Demand, Stale, begin
from talkoot.core.observations.alerts.services import change_rule, end_rule
from talkoot.core.observations.models import Alert, AlertRule, Watch
from talkoot.core.observations.queries import microseconds
from talkoot.core.register.services import close_thing
from tests.alerting import NOON, MakeRule, Station, told

pytestmark = pytest.mark.django_db(databases="__all__")


def test_raised_once_and_resolved_by_itself(station: Station, hot: MakeRule) -> None:
    rule = hot()
    station.send([(0, 20), (1, 31)])
    station.evaluate(2)
    assert told(rule) == [(1, None)]
    for minute in (2, 3):
        station.send([(minute, 32)])
        station.evaluate(minute + 0.5)
    assert told(rule) == [(1, None)]
    station.send([(4, 27)])
    station.evaluate(5)
    assert told(rule) == [(1, 4)]
    assert Alert.objects.get().value == 31
    assert AuditEntry.objects.filter(verb="core.observations.alerts.evaluate").count() == 2


def test_what_has_not_changed_is_not_looked_at(station: Station, hot: MakeRule) -> None:
    hot()
    station.send([(0, 20)])
    assert station.evaluate(1) == 1
    assert station.evaluate(2) == 0
    station.send([(2, 20)])
    assert station.evaluate(3) == 1


def test_a_rule_begins_with_the_latest_reading(station: Station, hot: MakeRule) -> None:
    station.send([(0, 31), (1, 20), (2, 33)])
    rule = hot()
    station.evaluate(5)
    assert told(rule) == [(2, None)]


def test_a_rule_on_all_of_a_property(station: Station, hot: MakeRule) -> None:
    what = station.streams[0].observed_properties.get()
    rule = hot(datastream=None, observed_property=what)
    station.send([(0, 31)])
    station.send([(0, 35)], stream=1)
    station.send([(0, 35)], stream=2)
    station.evaluate(1)
    assert [alert.datastream for alert in rule.alerts.order_by("datastream")] == station.streams[:2]


def test_silence_raises_and_the_next_reading_resolves(station: Station, hot: MakeRule) -> None:
    rule = hot(demand=Demand((Stale(600.0),)))
    station.send([(0, 20)])
    station.evaluate(10)
    assert told(rule) == []
    station.evaluate(11)
    assert told(rule) == [(10, None)]
    station.evaluate(12)
    station.send([(13, 20)])
    station.evaluate(14)
    assert told(rule) == [(10, 13)]


def test_silence_of_what_never_spoke(station: Station, hot: MakeRule) -> None:
    rule = hot(demand=Demand((Stale(600.0),)))
    station.evaluate(0)
    station.evaluate(9)
    assert told(rule) == []
    station.evaluate(11)
    assert told(rule) == [(10, None)]


def test_a_late_reading_takes_back_what_was_wrong(station: Station, hot: MakeRule) -> None:
    rule = hot(demand=Demand((Above(30.0, 28.0),), duration=600.0))
    station.send([(0, 20)])
    station.evaluate(0.5)
    station.send([(1, 31)])
    station.evaluate(12)
    assert told(rule) == [(11, None)]
    station.send([(13, 31)])
    station.send([(5, 20)])
    station.evaluate(14)
    assert told(rule) == []
    assert [raised for raised, _ in told(rule, withdrawn=True)] == [11]
    station.evaluate(24)
    assert told(rule) == [(23, None)]


def test_a_corrected_latest_reading_counts(station: Station, hot: MakeRule) -> None:
    rule = hot()
    station.send([(0, 20), (1, 20)])
    station.evaluate(2)
    station.send([(1, 40)])
    station.evaluate(3)
    assert told(rule) == [(1, None)]


def test_a_reading_of_the_future_waits_for_its_time(station: Station, hot: MakeRule) -> None:
    rule = hot()
    station.send([(0, 20), (30, 99)])
    station.evaluate(1)
    assert told(rule) == []
    station.evaluate(31)
    assert told(rule) == [(30, None)]


def test_many_are_read_at_once_and_give_what_each_gives_alone(station: Station) -> None:
    station.send([(0, 20), (1, 31), (2, 32)], 0)
    station.send([(1, 20), (3, 31)], 1)
    keys = [stream.pk for stream in station.streams]
    states = dict(zip(keys, (0, 1, -60), strict=True))  # minutes; the third is far behind
    progress = {
        key: watching.Progress([begin(Demand((Above(30.0, 28.0),)), microseconds(NOON + timedelta(minutes=at)))], [0])
        for key, at in states.items()
    }
    until = microseconds(NOON + timedelta(minutes=3))
    with readings.store().sight() as sight:
        seen: dict[int, list[int]] = {keys[0]: [3], keys[1]: [2], keys[2]: []}
        news = watching.news_of(sight, progress, seen, until)
        assert {key: found.values for key, found in news.items()} == {keys[0]: [31, 32], keys[1]: []}
        for key, found in news.items():
            assert found == watching._after(sight, key, progress[key].states[-1], until)
        assert watching.news_of(sight, progress, seen | {keys[0]: [watching.MOST_ROWS]}, until) == {}


ROWS = st.lists(
    st.tuples(st.integers(1, 55), st.sampled_from([20.0, 29.0, 31.0])),
    min_size=1,
    max_size=12,
    unique_by=lambda r: r[0],
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(station: Station, hot: MakeRule, rows: list, random) -> None:  # type: ignore[no-untyped-def, type-arg]
    demand = Demand((Above(30.0, 28.0), Stale(900.0)), duration=120.0)
    in_order, late = hot(demand=demand), hot(1, demand=demand)
    station.send([(0, 20)], 0)
    station.send([(0, 20)], 1)
    station.evaluate(0.5)
    mixed = list(rows)
    random.shuffle(mixed)
    for at, row in enumerate(mixed):
        station.send([row], 1)
        if at % 3 == 2:
            station.evaluate(57)
    station.send(sorted(rows), 0)
    station.evaluate(57)
    assert told(late) == told(in_order)
    end_rule_and_forget(station, in_order, late)


def end_rule_and_forget(station: Station, *rules: AlertRule) -> None:
    """Take rules and readings away, so that the next example begins with nothing."""
    for rule in rules:
        rule.delete()
    station.forget()


def test_long_gaps_are_read_in_pieces(station: Station, hot: MakeRule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkoot.core.observations.alerts.watching.MOST_ROWS", 10)
    rule = hot()
    station.send([(0, 20)])
    station.evaluate(0.5)
    station.send([(n + 1, 31 if n == 20 else 20) for n in range(35)])
    for _ in range(4):
        station.evaluate(60)
    assert told(rule) == [(21, 22)]
    assert station.evaluate(60) == 0


def test_two_evaluators_never_raise_the_same_twice(station: Station, hot: MakeRule) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(rule=rule, datastream=station.streams[0], raised_at=NOON)


def test_ended_between_the_look_and_the_writing(
    station: Station, hot: MakeRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = hot()
    station.send([(1, 31)])
    keep = recording.keep_progress

    def killed(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(recording, "keep_progress", killed)
        with pytest.raises(SystemExit):
            station.evaluate(2)
    assert not Watch.objects.exists()
    station.evaluate(2)
    station.evaluate(2)
    assert told(rule) == [(1, None)]


def test_another_demand_begins_anew(station: Station, hot: MakeRule, system: object) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    rule = change_rule(system, rule, demand=Demand((Above(25.0, 25.0),)))  # type: ignore[arg-type]
    assert Alert.objects.get().resolved_at is not None
    station.evaluate(3)
    assert rule.alerts.filter(resolved_at__isnull=True).count() == 1
    end_rule(system, rule)  # type: ignore[arg-type]
    assert not rule.alerts.filter(resolved_at__isnull=True).exists()
    assert station.evaluate(4) == 0


def test_a_closed_thing_s_alerts_end(station: Station, hot: MakeRule, system: object) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    close_thing(system, station.streams[0].thing, on=NOON - timedelta(days=1))  # type: ignore[arg-type]
    station.evaluate(3)
    assert not rule.alerts.filter(resolved_at__isnull=True).exists()
