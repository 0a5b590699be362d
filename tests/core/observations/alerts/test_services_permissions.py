"""Who may set alerts and look after them: where the rule is, and not elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import InvalidError, NotAllowedError
from talkoot.core.base.text import Text
from talkoot.core.observations.alerts import scope, services
from talkoot.core.observations.models import Alert, AlertRule, QuietDay
from talkoot.core.people.models import Account, Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from talkoot.core.register.services import change_thing
from tests.alerting import HOT, MakeRule, Station

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def city() -> Organisation:
    return ensure_organisation(operator(), code="city", name=Text(en="City"), is_city=True)


@pytest.fixture
def school() -> Organisation:
    return ensure_organisation(operator(), code="school", name=Text(en="School"))


def somebody(role: str, organisation: Organisation) -> Actor:
    """Return one who holds a role in an organisation."""
    account = create_account(operator(), email=f"{role or 'resident'}-{organisation.code}@example.org")
    if role:
        grant_role(operator(), account, organisation, role)
    return Actor(account=Account.objects.get(pk=account.pk))


def attempts(actor: Actor, rule: AlertRule, alert: Alert) -> list[Callable[[], object]]:
    """Return every verb, for an actor, on a rule and an alert."""
    about = {"owner": rule.owner, "name": "x", "demand": HOT, "datastream": rule.datastream}
    return [
        lambda: services.add_rule(actor, **about),  # type: ignore[arg-type]
        lambda: services.change_rule(actor, rule, name="y"),
        lambda: services.acknowledge(actor, alert),
        lambda: services.end_rule(actor, rule),
    ]


@pytest.mark.parametrize("role", ["", "planner", "register_editor", "auditor"])
def test_other_roles_may_nothing(station: Station, hot: MakeRule, city: Organisation, role: str) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    actor = somebody(role, city)
    refused = [
        *attempts(actor, rule, Alert.objects.get()),
        lambda: services.add_quiet_day(actor, day=date(2026, 8, 14), name="x"),
        lambda: services.delete_quiet_day(actor, day=date(2026, 8, 14)),
    ]
    for verb in refused:
        with pytest.raises(NotAllowedError):
            verb()
    assert AlertRule.objects.get().name == "Hot" and not QuietDay.objects.exists()


@pytest.mark.parametrize("role", ["operator", "manager"])
def test_the_city_s_may_all(station: Station, hot: MakeRule, city: Organisation, role: str) -> None:
    rule = hot()
    station.send([(1, 31)])
    station.evaluate(2)
    for verb in attempts(somebody(role, city), rule, Alert.objects.get()):
        verb()
    assert AlertRule.objects.count() == 2


def test_an_organisation_s_may_where_its_things_are(
    station: Station, hot: MakeRule, city: Organisation, school: Organisation
) -> None:
    city_rule = hot()
    change_thing(operator(), station.streams[2].thing, owner=school)
    station.send([(1, 31)])
    station.evaluate(2)
    actor = somebody("operator", school)
    for verb in attempts(actor, city_rule, Alert.objects.get()):
        with pytest.raises(NotAllowedError):
            verb()
    with pytest.raises(NotAllowedError):
        services.add_quiet_day(actor, day=date(2026, 8, 14), name="x")
    with pytest.raises(InvalidError):  # its own rule, but on what is not its own
        services.add_rule(actor, owner=school, name="x", demand=HOT, datastream=station.streams[0])
    own = services.add_rule(actor, owner=school, name="Own", demand=HOT, datastream=station.streams[2])
    station.send([(1, 31)], 2)
    station.evaluate(3)
    services.acknowledge(actor, own.alerts.get())


def test_a_rule_on_a_property_reaches_only_what_its_owner_has(station: Station, school: Organisation) -> None:
    what = station.streams[0].observed_properties.get()
    actor = somebody("operator", school)
    rule = services.add_rule(actor, owner=school, name="All", demand=HOT, observed_property=what)
    assert not scope.streams_of(rule).exists()
    change_thing(operator(), station.streams[0].thing, owner=school)
    assert list(scope.streams_of(rule).order_by("pk")) == station.streams[:2]


def test_alerts_on_private_datastreams_are_seen_by_those_who_may(
    station: Station, hot: MakeRule, city: Organisation
) -> None:
    hot(2)
    station.send([(1, 31)], 2)
    station.evaluate(2)
    assert not scope.alerts(Actor()).exists()
    assert not scope.alerts(somebody("planner", city)).exists()
    assert scope.alerts(somebody("operator", city)).exists()
