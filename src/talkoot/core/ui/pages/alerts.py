"""Alerts: which are open, what was, and taking care of one."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.services import ANYWHERE, may
from talkoot.core.observations import queries
from talkoot.core.observations.alerts import scope, services
from talkoot.core.observations.alerts.evaluation import demand_of
from talkoot.core.observations.models import Alert, AlertRule, ObservedProperty
from talkoot.core.ui import streams
from talkoot.core.ui.conditions import in_words
from talkoot.core.ui.incoming import actor_of, whole_number
from talkoot.core.ui.tables import Cell, Column, Table
from talkoot.core.ui.templatetags.ui import number
from talkoot.core.ui.things import address_of

PAGE: Final = 100
MOST_OPEN: Final = 500


def alerts(request: HttpRequest) -> HttpResponse:
    """The open alerts, then those that ended, of the measurements that the visitor may see."""
    actor = actor_of(request)
    found = _asked(request, actor)
    before = whole_number(request.GET.get("before", ""))
    ended = found.filter(resolved_at__isnull=False).order_by("-pk")
    shown = list((ended.filter(pk__lt=before) if before else ended)[: PAGE + 1])
    context = {
        "open": _table(list(found.filter(resolved_at__isnull=True).order_by("-raised_at")[:MOST_OPEN]), is_open=True),
        "ended": _table(shown[:PAGE], is_open=False),
        "next": shown[PAGE - 1].pk if len(shown) > PAGE else None,
        "words": request.GET.get("q", "")[:200],
        "property": request.GET.get("property", ""),
        "properties": _properties(actor),
        "may_alert": may(actor, services.ALERT, ANYWHERE),
        "is_watched": AlertRule.objects.filter(ended_at__isnull=True).exists(),
    }
    return render(request, "ui/alerts.html", context)


def _asked(request: HttpRequest, actor: Actor) -> QuerySet[Alert]:
    found = scope.alerts(actor).select_related("rule", "datastream__thing", "datastream__source", "datastream__sensor")
    if chosen := whole_number(request.GET.get("property", "")):
        found = found.filter(datastream__observed_properties=chosen)
    if words := request.GET.get("q", "")[:200].strip():
        found = found.filter(Q(rule__name__icontains=words) | Q(datastream__name__icontains=words))
    return found


def _properties(actor: Actor) -> list[ObservedProperty]:
    alerted = scope.alerts(actor).values("datastream__observed_properties")
    return sorted(ObservedProperty.objects.filter(pk__in=alerted), key=lambda found: str(found).casefold())


def _table(found: list[Alert], *, is_open: bool) -> Table:
    columns = [
        Column("rule", _("Alert")),
        Column("measurement", _("Measurement")),
        Column("thing", _("Where")),
        Column("value", _("Value"), numeric=True),
        Column("since", _("Since")),
        Column("until", _("Taken care of") if is_open else _("Until")),
    ]
    where = streams.places(alert.datastream for alert in found)
    rows = [
        (
            Cell(alert.rule.name, address(alert)),
            Cell(str(alert.datastream), streams.address(alert.datastream)),
            Cell(where[alert.datastream_id], address_of(alert.datastream.thing.uid)),
            value_words(alert),
            timezone.localtime(alert.raised_at),
            _care_words(alert) if is_open else timezone.localtime(alert.resolved_at),
        )
        for alert in found
    ]
    if is_open:
        return Table(_("Open now"), columns, rows, id="open", empty=_("No alert is open. All is as it should be."))
    return Table(_("Ended"), columns, rows, id="ended", empty=_("No alert has ended yet."))


def _care_words(alert: Alert) -> str:
    return _("yes") if alert.acknowledged_at else _("not yet")


def value_words(alert: Alert) -> str:
    """Return the value last read when an alert was raised, with its unit; "" where there was none."""
    if alert.value is None:
        return ""
    return f"{number(alert.value)} {queries.unit_of(alert.datastream)}".strip()


def address(alert: Alert) -> str:
    """Return the address of an alert's page."""
    return reverse("ui:alert", kwargs={"uid": alert.uid})


def alert(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One alert: since when, by which rule, who was told, and who takes care of it."""
    actor = actor_of(request)
    found = _visible(actor, uid)
    may_alert = may(actor, services.ALERT, found)
    context = {
        "alert": found,
        "datastream": (str(found.datastream), streams.address(found.datastream)),
        "thing": (streams.places([found.datastream])[found.datastream_id], address_of(found.datastream.thing.uid)),
        "when": in_words(demand_of(found.rule), queries.unit_of(found.datastream)),
        "value": value_words(found),
        "may_alert": may_alert,
        "failed": found.notices.filter(died_at__isnull=False) if may_alert else (),
    }
    return render(request, "ui/alert.html", context)


def _visible(actor: Actor, uid: UUID) -> Alert:
    """Return an alert that the visitor may see. Raises NotFoundError for any other, also on a private measurement."""
    found = scope.alerts(actor).select_related("rule", "datastream__thing", "acknowledged_by").filter(uid=uid).first()
    if found is None:
        raise NotFoundError(_("There is no such alert, or it is not open to you."))
    return found


@require_POST
def acknowledge(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Say that the signed-in person takes care of an alert."""
    actor = actor_of(request)
    found = _visible(actor, uid)
    try:
        services.acknowledge(actor, found, note=request.POST.get("note", ""))
    except (ConflictError, InvalidError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted: you take care of it."))
    return redirect("ui:alert", uid=uid)
