"""The verbs of the alerts: what they refuse, and what they leave in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.models import AuditEntry
from talkoot.core.observations.alerts import services
from talkoot.core.observations.alerts.engine import Above, Below, Demand, Rate, Stale
from talkoot.core.observations.models import Alert, AlertRule
from talkoot.core.people.personal import export_data_of
from talkoot.core.people.services import create_account, erase_account_of
from tests.alerting import HOT, MakeRule, Station

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"demand": {}}, "demand"),
        ({"demand": {"conditions": [{"kind": "never"}]}}, "demand"),
        ({"demand": {"conditions": [{"kind": "above", "raise_at": "x", "clear_at": 1}]}}, "demand"),
        ({"demand": Demand(())}, "demand"),
        ({"demand": Demand(tuple([Stale(5.0)] * 6))}, "demand"),
        ({"demand": Demand((Above(1, 2),))}, "above_clear"),
        ({"demand": Demand((Below(2, 1),))}, "below_clear"),
        ({"demand": Demand((Above(float("inf"), 2),))}, "above"),
        ({"demand": Demand((Rate(0, 0, 600),))}, "rate"),
        ({"demand": Demand((Rate(1, 2, 600),))}, "rate"),
        ({"demand": Demand((Rate(2, 1, 0),))}, "rate"),
        ({"demand": Demand((Stale(0),))}, "stale"),
        ({"demand": Demand((Stale(1e12),))}, "stale"),
        ({"demand": Demand((Stale(5),), duration=-1)}, "duration"),
        ({"demand": Demand((Stale(5),), duration=float("nan"))}, "duration"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"webhook": "http://10.0.0.1/"}, "webhook"),
        ({"webhook": "https://" + "x" * 500}, "webhook"),
        ({"quiet_from": time(22)}, "quiet_to"),
        ({"quiet_from": time(22), "quiet_to": time(22)}, "quiet_to"),
        ({"datastream": None}, "datastream"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(hot: MakeRule, fields: Mapping[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        hot(**fields)
    assert field in {problem.field for problem in refused.value.problems}
    assert not AlertRule.objects.exists()


def test_the_database_refuses_a_rule_about_nothing_or_both(station: Station) -> None:
    both = {"datastream": station.streams[0], "observed_property": station.streams[0].observed_properties.get()}
    for about in ({}, both):
        with pytest.raises(IntegrityError), transaction.atomic():
            AlertRule.objects.create(name="x", demand={}, **about)


def test_every_verb_leaves_one_entry(station: Station, hot: MakeRule, system: Actor) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    AuditEntry.objects.all().delete()
    services.change_rule(system, rule, name="Hotter")
    services.acknowledge(system, Alert.objects.get(), note="Seen")
    services.add_quiet_day(system, day=date(2026, 8, 14), name="Day")
    services.delete_quiet_day(system, day=date(2026, 8, 14))
    services.end_rule(system, rule)
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert [verb.rpartition(".")[2] for verb in verbs] == [
        "change_rule", "acknowledge", "add_quiet_day", "delete_quiet_day", "end_rule",
    ]  # fmt: skip
    assert Alert.objects.get().resolved_at is not None


def test_a_name_changed_alone_ends_no_alert(station: Station, hot: MakeRule, system: Actor) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    services.change_rule(system, rule, name="Hotter", demand=HOT)
    assert Alert.objects.get().resolved_at is None


def test_what_was_done_is_not_done_again(station: Station, hot: MakeRule, system: Actor) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    alert = Alert.objects.get()
    services.acknowledge(system, alert)
    services.end_rule(system, rule)
    again = (
        lambda: services.acknowledge(system, alert),
        lambda: services.end_rule(system, rule),
        lambda: services.change_rule(system, rule, name="x"),
        lambda: services.delete_quiet_day(system, day=date(2026, 8, 14)),
    )
    for verb in again:
        with pytest.raises(ConflictError):
            verb()


def test_a_person_s_part_is_exported_and_erased(station: Station, hot: MakeRule, system: Actor) -> None:
    account = create_account(system, email="keeper@example.org")
    rule = hot(people=[account])
    station.send([(1, 31)])
    station.evaluate(2)
    Alert.objects.update(acknowledged_by=account)
    assert str(rule.uid) in str(export_data_of(system, account))
    erase_account_of(system, account)
    assert not rule.people.exists()
    assert Alert.objects.get().acknowledged_by is None
