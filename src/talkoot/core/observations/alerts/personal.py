"""Personal data of the alerts: who is told of them, and who took care of them."""

from __future__ import annotations

from typing import Any

from talkoot.core.observations.alerts.models import Alert, AlertRule, Notice


def export(account_uid: str) -> list[dict[str, Any]]:
    """Return the rules whose alerts an account is told of and the alerts that it acknowledged, JSON-ready."""
    rules = AlertRule.objects.filter(people__uid=account_uid).order_by("id")
    alerts = Alert.objects.filter(acknowledged_by__uid=account_uid).select_related("rule").order_by("id")
    told: list[dict[str, Any]] = [{"rule": str(rule.uid), "name": rule.name} for rule in rules]
    return told + [
        {"alert": str(alert.uid), "rule": alert.rule.name, "acknowledged_at": str(alert.acknowledged_at)}
        for alert in alerts
    ]


def erase(account_uid: str) -> int:
    """Take the account off the rules, its messages and the alerts it acknowledged; return how many records."""
    links, _ = AlertRule.people.through.objects.filter(account__uid=account_uid).delete()
    notices, _ = Notice.objects.filter(account__uid=account_uid).delete()
    return links + notices + Alert.objects.filter(acknowledged_by__uid=account_uid).update(acknowledged_by=None)
