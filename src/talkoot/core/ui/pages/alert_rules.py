"""The rules that raise alerts: made, tried on what was measured, changed and ended; the city's own days off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.programmes import permissions
from talkoot.core.base.services import ANYWHERE, may, require
from talkoot.core.observations import access
from talkoot.core.observations.alerts import notifying, scope, services
from talkoot.core.observations.alerts.evaluation import demand_of
from talkoot.core.observations.alerts.preview import Preview, preview
from talkoot.core.observations.models import AlertRule, Datastream, ObservedProperty, QuietDay
from talkoot.core.observations.queries import moment, unit_of
from talkoot.core.people.memberships import valid_now
from talkoot.core.people.models import Account
from talkoot.core.ui import streams
from talkoot.core.ui.alert_form import FIELDS, RuleForm, initial_of
from talkoot.core.ui.conditions import in_words
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of, whole_number
from talkoot.core.ui.tables import Cell, Column, Table
from talkoot.core.ui.things import title_of

SHOWN: Final = 10  # alerts of a preview
MOST_RULES: Final = 500
MOST_STREAMS: Final = 1000  # that a preview looks at
MakeForm = Callable[..., RuleForm]


def rules(request: HttpRequest) -> HttpResponse:
    """The rules that the visitor may change, what a new one could be about, and the city's days off."""
    actor = actor_of(request)
    require(actor, services.ALERT, ANYWHERE)
    context = {
        "table": _table(_own(actor)),
        "properties": _properties(actor),
        "may_set_days": may(actor, services.ALERT),
        "days": QuietDay.objects.filter(date__gte=timezone.localdate()),
    }
    return render(request, "ui/alert_rules.html", context)


def _own(actor: Actor) -> list[AlertRule]:
    found = AlertRule.objects.filter(ended_at__isnull=True).select_related("datastream__thing", "observed_property")
    found = found.annotate(open=Count("alerts", filter=Q(alerts__resolved_at__isnull=True)))
    return [rule for rule in found.order_by("-pk")[:MOST_RULES] if may(actor, services.ALERT, rule)]


def _table(found: list[AlertRule]) -> Table:
    columns = [
        Column("name", _("Rule")),
        Column("about", _("About")),
        Column("when", _("Alerts when")),
        Column("open", _("Open now"), numeric=True),
    ]
    rows = [
        (
            Cell(rule.name, _address(rule)),
            about_words(rule),
            in_words(demand_of(rule), unit_of(rule.datastream) if rule.datastream else ""),
            rule.open,  # type: ignore[attr-defined]
        )
        for rule in found
    ]
    empty = _("No rule yet. Open a measurement and choose “Set an alert”, or choose what is measured below.")
    return Table(_("Rules"), columns, rows, id="rules", empty=empty)


def _address(rule: AlertRule) -> str:
    return reverse("ui:alert-rule", kwargs={"uid": rule.uid})


def about_words(rule: AlertRule) -> str:
    """Return what a rule is about, in words."""
    if rule.datastream is not None:
        return f"{rule.datastream} ({title_of(rule.datastream.thing)})"
    return _("every measurement of {property}").format(property=rule.observed_property)


def _properties(actor: Actor) -> list[ObservedProperty]:
    seen = access.datastreams(actor).values("observed_properties")
    return sorted(ObservedProperty.objects.filter(pk__in=seen), key=lambda found: str(found).casefold())


def new(request: HttpRequest) -> HttpResponse:
    """The form of a new rule, about `datastream` or `property` of the address."""
    actor = actor_of(request)
    rule = _unsaved(request, actor)
    require(actor, services.ALERT, rule.owner)

    def save(values: dict[str, Any]) -> AlertRule:
        datastream, observed = rule.datastream, rule.observed_property
        return services.add_rule(actor, owner=rule.owner, datastream=datastream, observed_property=observed, **values)

    return _edit(request, rule, RuleForm, save)


def _unsaved(request: HttpRequest, actor: Actor) -> AlertRule:
    """Return the beginning of a rule. Raises NotFoundError for what the visitor does not see."""
    seen = access.datastreams(actor).filter(is_multi=False)
    if key := whole_number(request.GET.get("datastream", "")):
        datastream = seen.select_related("thing__owner").filter(pk=key).first()
        if datastream is not None:
            return AlertRule(datastream=datastream, owner=datastream.thing.owner)
    elif key := whole_number(request.GET.get("property", "")):
        observed = ObservedProperty.objects.filter(pk=key, pk__in=seen.values("observed_properties")).first()
        if observed is not None:
            return AlertRule(observed_property=observed, owner=access.own_organisation(actor, services.ALERT))
    raise NotFoundError(_("There is no such measurement, or it is not open to you."))


def rule(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A rule: changed by its form, tried, ended."""
    actor = actor_of(request)
    found = _changeable(actor, uid)
    demand = demand_of(found)
    make = partial(RuleForm, initial=initial_of(found, demand), conditions=demand.conditions)
    return _edit(request, found, make, lambda values: services.change_rule(actor, found, **values))


def _changeable(actor: Actor, uid: UUID) -> AlertRule:
    found = get_object_or_404(
        AlertRule.objects.select_related("datastream__thing", "observed_property", "owner"), uid=uid, ended_at=None
    )
    require(actor, services.ALERT, found)
    return found


def _edit(request: HttpRequest, rule: AlertRule, make: MakeForm, save: Any) -> HttpResponse:
    """Show the form, with a condition more if so asked, try what it says, or save it."""
    actor = actor_of(request)
    streams = access.datastreams(actor).filter(pk__in=scope.streams_of(rule).values("pk"))
    data = request.POST if request.method == "POST" else None
    form = make(_accounts(actor, rule), _unit(streams), data)
    tried: Preview | None = None
    adding = data is not None and "add" in data
    if adding:
        form.hold_errors_back()
    elif data is not None and form.is_valid():
        try:
            if "preview" not in data:
                save(form.values())
                messages.success(request, _("Saved. The rule is watching."))
                return redirect("ui:alert-rules")
            tried = preview(
                form.demand(), list(streams.order_by("pk").values_list("pk", flat=True)[:MOST_STREAMS]), timezone.now()
            )
        except InvalidError as error:
            add_problems(form, error, FIELDS)
        except ConflictError as error:
            form.add_error(None, str(error))
    context = {
        "rule": rule,
        "form": form,
        "about": about_words(rule),
        "tried": tried,
        "tried_table": _tried_table(tried) if tried else None,
        "hours": round(tried.hours, 1) if tried else 0,
        "left_out": max(0, streams.count() - MOST_STREAMS) if tried else 0,
        "most_streams": MOST_STREAMS,
        "adding": adding,
        "secret": notifying.secret_of(rule) if rule.pk and rule.webhook else "",
    }
    return render(request, "ui/alert_rule.html", context, status=422 if form.errors else 200)


def _unit(streams: QuerySet[Datastream]) -> str:
    found = streams.order_by("pk").first()
    return unit_of(found) if found else ""


def _accounts(actor: Actor, rule: AlertRule) -> QuerySet[Account]:
    """Return who may be told: those who look after alerts where the rule is, oneself, and who is told already."""
    where = Q(organisation=rule.owner_id) if rule.owner_id else Q(organisation__is_city=True)
    keepers = valid_now().filter(where, role__in=permissions()[services.ALERT].roles).values("account")
    chosen = Q(pk__in=keepers) | Q(pk=actor.account.pk if actor.account else None)
    if rule.pk:
        chosen |= Q(pk__in=rule.people.values("pk"))
    return Account.objects.filter(chosen, is_active=True).order_by("email")


def _tried_table(tried: Preview) -> Table:
    names = Datastream.objects.select_related("thing").in_bulk([stream for stream, _episode in tried.alerts[-SHOWN:]])
    where = streams.places(names.values())
    columns = [Column("what", _("Measurement")), Column("since", _("Since")), Column("until", _("Until"))]
    rows = [
        (
            Cell(f"{names[stream]} ({where[stream]})", streams.address(names[stream])),
            timezone.localtime(moment(episode.raised)),
            timezone.localtime(moment(episode.resolved)) if episode.resolved is not None else _("still"),
        )
        for stream, episode in reversed(tried.alerts[-SHOWN:])
    ]
    return Table(_("The latest of them"), columns, rows, id="tried", empty=_("It would not have alerted."))


@require_POST
def end(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let a rule watch no longer."""
    actor = actor_of(request)
    services.end_rule(actor, _changeable(actor, uid))
    messages.success(request, _("The rule has ended. Its alerts stay in the list."))
    return redirect("ui:alert-rules")


@require_POST
def days(request: HttpRequest) -> HttpResponse:
    """Add or take back a day off of the city's own."""
    try:
        day = date.fromisoformat(request.POST.get("date", ""))
        if "delete" in request.POST:
            services.delete_quiet_day(actor_of(request), day=day)
        else:
            services.add_quiet_day(actor_of(request), day=day, name=request.POST.get("name", ""))
    except ValueError:
        messages.error(request, _("This is no date. Write it like 2026-12-31."))
    except (ConflictError, InvalidError) as error:
        messages.error(request, str(error))
    return redirect("ui:alert-rules")
