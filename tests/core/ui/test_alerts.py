"""The pages of alerts: what is open, taking care of it, rules made, tried, changed and ended."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from talkoot.core.observations import readings
from talkoot.core.observations.models import Alert, AlertRule, QuietDay
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.store.batch import Batch
from talkoot.core.ui.pages import alert_rules
from tests.alerting import MakeRule, Station
from tests.core.ui.conftest import MakeClient

pytestmark = pytest.mark.django_db(databases="__all__")
FORM = {
    "name": "Too hot",
    "condition-0-sort": "above",
    "condition-0-limit": "30",
    "condition-0-back": "28",
    "combine": "any",
}


def test_the_list_shows_open_alerts_then_ended_ones(visitor: Client, station: Station, hot: MakeRule) -> None:
    assert "All is as it should be" in visitor.get("/en/alerts/").content.decode()
    hot(0, name="First"), hot(1, name="Second"), hot(2, name="Secret")
    for stream in range(3):
        station.send([(0, 31)], stream)
    station.evaluate(1)
    station.send([(2, 20)], 1)
    station.evaluate(3)
    page = visitor.get("/en/alerts/").content.decode()
    opened, ended = page.split('id="ended"')
    assert "First" in opened and "Second" not in opened and "Second" in ended
    assert "31 °C" in opened
    assert "Secret" not in page
    assert "First" not in visitor.get("/en/alerts/?q=second").content.decode()
    alert = Alert.objects.get(rule__name="First")
    assert visitor.get(f"/en/alerts/{alert.uid}/").status_code == 200
    secret = Alert.objects.get(rule__name="Secret")
    assert visitor.get(f"/en/alerts/{secret.uid}/").status_code == 404


def test_who_looks_after_alerts_sees_how_many_and_takes_care(
    signed_in: MakeClient,
    station: Station,
    hot: MakeRule,
) -> None:
    hot()
    station.send([(0, 31)])
    station.evaluate(1)
    operator = signed_in("operator")
    assert "1 alert<" in operator.get("/en/").content.decode()
    alert = Alert.objects.get()
    answer = operator.post(f"/en/alerts/{alert.uid}/acknowledge/", {"note": "On my way"}, follow=True)
    assert "On my way" in answer.content.decode()
    alert.refresh_from_db()
    assert alert.acknowledged_by is not None
    again = operator.post(f"/en/alerts/{alert.uid}/acknowledge/", {}, follow=True)
    assert "taken care of it already" in again.content.decode()


def test_a_rule_is_made_tried_changed_and_ended(signed_in: MakeClient, station: Station) -> None:
    now = microseconds(timezone.now())
    hours = [now - n * 3_600_000_000 for n in range(10, 0, -1)]
    values = [20, 31, 29, 27, 32, 20, 33, 20, 20, 20]
    readings.write(Batch.of([station.streams[0].pk] * 10, hours, values))
    manager = signed_in("manager")
    address = f"/en/alerts/rules/new/?datastream={station.streams[0].pk}"
    page = manager.get(address).content.decode()
    assert "(°C)" in page
    tried = manager.post(address, FORM | {"preview": "1"}).content.decode()
    assert "would have alerted 3 times" in tried
    assert not AlertRule.objects.exists()
    assert manager.post(address, FORM).status_code == 302
    rule = AlertRule.objects.get()
    assert "Too hot" in manager.get("/en/alerts/rules/").content.decode()
    changed = f"/en/alerts/rules/{rule.uid}/"
    assert 'value="28"' in manager.get(changed).content.decode()
    assert manager.post(changed, FORM | {"condition-0-limit": "40", "condition-0-back": ""}).status_code == 302
    rule.refresh_from_db()
    assert rule.demand["conditions"] == [{"kind": "above", "raise_at": 40.0, "clear_at": 40.0}]
    assert manager.post(f"{changed}end/").status_code == 302
    assert manager.get(changed).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"condition-0-limit": ""}, "at least one condition"),
        ({"condition-0-back": "31"}, "end above where it begins"),
        ({"name": ""}, "Give the rule a name"),
        ({"condition-0-limit": "nan"}, "Enter a number"),
        ({"quiet_from": "22:00"}, "a beginning and an end"),
        ({"webhook": "http://127.0.0.1/hook"}, "leads inside a network"),
        ({"webhook": "gopher://x"}, "must begin with"),
        ({"people": "999"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    signed_in: MakeClient,
    station: Station,
    fields: dict[str, str],
    words: str,
) -> None:
    answer = signed_in("operator").post(f"/en/alerts/rules/new/?datastream={station.streams[0].pk}", FORM | fields)
    assert answer.status_code == 422
    assert re.search(words, answer.content.decode())
    assert not AlertRule.objects.exists()


def test_several_conditions_of_a_kind_are_added_combined_and_taken_away(
    signed_in: MakeClient, station: Station
) -> None:
    operator = signed_in("operator")
    address = f"/en/alerts/rules/new/?datastream={station.streams[0].pk}"
    more = operator.post(address, FORM | {"add": "1", "name": ""})
    assert more.status_code == 200
    page = more.content.decode()
    assert "Condition 2" in page and "Condition 3" not in page and "Give the rule a name" not in page
    several = FORM | {
        "condition-1-sort": "above",
        "condition-1-limit": "20",
        "condition-2-sort": "stale",
        "condition-2-minutes": "15",
        "condition-3-sort": "rate",
        "condition-3-limit": "",
        "combine": "all",
        "duration_minutes": "5",
    }
    assert operator.post(address, several).status_code == 302
    rule = AlertRule.objects.get()
    assert [condition["kind"] for condition in rule.demand["conditions"]] == ["above", "above", "stale"]
    words = "at or above 30 °C and at or above 20 °C and no reading for 15 minutes, for 5 minutes"
    assert words in operator.get("/en/alerts/rules/").content.decode()
    changed = f"/en/alerts/rules/{rule.uid}/"
    assert 'name="condition-2-minutes" value="15"' in operator.get(changed).content.decode()
    wrong = operator.post(changed, several | {"condition-1-back": "25"}).content.decode()
    assert re.search(r'href="#id_condition-1-back">Condition 2', wrong)
    full = several | {f"condition-{place}-sort": "above" for place in range(9)}
    assert "Condition 6" not in operator.post(address, full | {"add": "1"}).content.decode()


def test_a_trial_says_what_it_left_out(
    signed_in: MakeClient, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_rules, "MOST_STREAMS", 1)
    what = station.streams[0].observed_properties.get()
    address = f"/en/alerts/rules/new/?property={what.pk}"
    page = signed_in("operator").post(address, FORM | {"preview": "1"}).content.decode()
    assert "on the first 1 measurements only; 1 was left out" in page


def test_a_rule_on_everything_of_a_sort(signed_in: MakeClient, station: Station) -> None:
    operator = signed_in("operator")
    what = station.streams[0].observed_properties.get()
    assert operator.get(f"/en/alerts/rules/new/?property={what.pk}").status_code == 200
    assert operator.post(f"/en/alerts/rules/new/?property={what.pk}", FORM).status_code == 302
    assert AlertRule.objects.get().observed_property == what


def test_days_off(signed_in: MakeClient) -> None:
    operator = signed_in("operator")
    operator.post("/en/alerts/rules/days/", {"date": "2126-08-14", "name": "City's day"})
    assert "City&#x27;s day" in operator.get("/en/alerts/rules/").content.decode()
    operator.post("/en/alerts/rules/days/", {"date": "2126-08-14", "delete": "1"})
    assert not QuietDay.objects.exists()
    assert "This is no date" in operator.post("/en/alerts/rules/days/", {"date": "x"}, follow=True).content.decode()


@pytest.mark.parametrize("role", ["", "planner", "register_editor", "auditor"])
def test_others_may_neither_see_rules_nor_make_them(
    signed_in: MakeClient,
    station: Station,
    hot: MakeRule,
    role: str,
) -> None:
    rule = hot()
    station.send([(0, 31)])
    station.evaluate(1)
    client = signed_in(role)
    new = f"/en/alerts/rules/new/?datastream={station.streams[0].pk}"
    assert {client.get(page).status_code for page in ("/en/alerts/rules/", new, f"/en/alerts/rules/{rule.uid}/")} == {
        403
    }
    posts = (new, f"/en/alerts/rules/{rule.uid}/end/", f"/en/alerts/{Alert.objects.get().uid}/acknowledge/")
    assert {client.post(page, FORM).status_code for page in posts} == {403}
    client.post("/en/alerts/rules/days/", {"date": "2126-08-14", "name": "x"})
    assert not QuietDay.objects.exists()
    assert "I take care of it" not in client.get(f"/en/alerts/{Alert.objects.get().uid}/").content.decode()


def test_pages_are_written_in_three_languages(signed_in: MakeClient, hot: MakeRule) -> None:
    rule = hot()
    operator = signed_in("operator")
    for language, words in (("fi", "Hälytyksen säännöt|Hälytykset"), ("sv", "Larm")):
        for page in ("alerts/", "alerts/rules/", f"alerts/rules/{rule.uid}/"):
            assert re.search(words, operator.get(f"/{language}/{page}").content.decode())
