"""Which datastreams a rule is about, and who is told of them."""

from __future__ import annotations

from django.db.models import QuerySet

from talkoot.core.base.actors import Actor
from talkoot.core.observations import access
from talkoot.core.observations.models import Alert, AlertRule, Datastream
from talkoot.core.people.models import Account


def streams_of(rule: AlertRule) -> QuerySet[Datastream]:
    """Return the datastreams that a rule is about: of one property, on open things, the owner's where it has one."""
    found = Datastream.objects.filter(access.open_streams(), is_multi=False)
    if rule.owner_id is not None:
        found = found.filter(thing__owner=rule.owner_id)
    if rule.datastream_id is not None:
        return found.filter(pk=rule.datastream_id)
    return found.filter(observed_properties=rule.observed_property_id)


def alerts(actor: Actor) -> QuerySet[Alert]:
    """Return the alerts that `actor` may see: those on datastreams that it may see."""
    seen = access.datastreams(actor).values("pk")
    return Alert.objects.filter(datastream__in=seen, is_withdrawn=False)


def open_alerts(actor: Actor) -> QuerySet[Alert]:
    """Return the alerts that `actor` may see and that last."""
    return alerts(actor).filter(resolved_at__isnull=True)


def may_be_told(account: Account, alert: Alert) -> bool:
    """Tell whether an account may see the datastream of an alert, at this moment."""
    return account.is_active and access.datastreams(Actor(account=account)).filter(pk=alert.datastream_id).exists()
