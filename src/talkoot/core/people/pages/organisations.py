"""Organisations and who does what in them, for their managers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import ANYWHERE, may, require
from talkoot.core.base.text import Text
from talkoot.core.people import services
from talkoot.core.people.memberships import valid_now
from talkoot.core.people.models import Account, Membership, Organisation
from talkoot.core.people.pages.forms import GrantForm, OrganisationForm, show_problems
from talkoot.core.people.roles import roles

SHOWN = 500
PERMISSION = "people.manage_roles"


def _managed(actor: Actor) -> QuerySet[Organisation]:
    """Return the organisations whose roles the actor may give and end."""
    found = Organisation.objects.all()
    if may(actor, PERMISSION):
        return found
    own = {held.organisation_id for held in actor.account.held_roles if held.role == "manager"}
    return found.filter(pk__in=own)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def organisations(request: HttpRequest) -> HttpResponse:
    """List the organisations that one manages; the city's managers add new ones."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    require(actor, PERMISSION, ANYWHERE)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            if Organisation.objects.filter(code=values["code"]).exists():
                raise InvalidError("code", _("Another organisation has this code."))
            name = Text(fi=values["name_fi"], sv=values["name_sv"], en=values["name_en"])
            made = services.ensure_organisation(actor, code=values["code"], name=name, website=values["website"])
        except InvalidError as error:
            show_problems(form, error)
        else:
            messages.success(request, _("The organisation is added. Now say who does what in it."))
            return redirect("people:organisation", code=made.code)
    now = timezone.now()
    in_force = Q(memberships__valid_from__lte=now) & (
        Q(memberships__valid_to__isnull=True) | Q(memberships__valid_to__gt=now)
    )
    context = {
        "organisations": _managed(actor).annotate(people=Count("memberships__account", in_force, distinct=True))[
            :SHOWN
        ],
        "may_add": may(actor, "people.manage_organisations"),
        "form": form,
    }
    return render(request, "people/organisations.html", context, status=422 if form.errors else 200)


def _show(request: HttpRequest, organisation: Organisation, form: GrantForm) -> HttpResponse:
    memberships = organisation.memberships.select_related("account")
    in_force = valid_now().filter(organisation=organisation).select_related("account").order_by("role", "pk")
    context: dict[str, Any] = {
        "organisation": organisation,
        "form": form,
        "may_close": not organisation.is_city and may(request.actor, "people.manage_organisations"),  # type: ignore[attr-defined]
        "roles": roles(),
        "held": [(roles().get(membership.role), membership) for membership in in_force[:SHOWN]],
        "ended": [
            (roles().get(membership.role), membership)
            for membership in memberships.filter(valid_to__lte=timezone.now()).order_by("-valid_to")[:20]
        ],
    }
    return render(request, "people/organisation.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    """Show who holds which role in an organisation, and give one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(Organisation, code=code)
    require(actor, PERMISSION, found)
    form = GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = _account_of(form.cleaned_data["email"])
            services.grant_role(actor, account, found, form.cleaned_data["role"], valid_to=form.valid_to)
        except InvalidError as error:
            show_problems(form, error)
        else:
            messages.success(request, _("The role is given."))
            return redirect("people:organisation", code=code)
    return _show(request, found, form)


def _account_of(email: str) -> Account:
    account = Account.objects.filter(email=email.strip().lower(), is_active=True).first()
    if account is None:
        raise InvalidError("email", _("Nobody has an account with this address."), _("Ask them to sign up first."))
    return account


@login_required
@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Close an organisation, or open a closed one again: the same button there and back."""
    found = get_object_or_404(Organisation, code=code)
    change = services.close_organisation if found.closed_at is None else services.reopen_organisation
    change(request.actor, found)  # type: ignore[attr-defined]
    closed = found.closed_at is not None
    messages.success(request, _("The organisation is closed.") if closed else _("The organisation is open again."))
    return redirect("people:organisation", code=code)


@login_required
@require_POST
def end_role(request: HttpRequest, code: str, membership: int) -> HttpResponse:
    """End a role; the page that follows offers to give it again."""
    found = get_object_or_404(Membership.objects.select_related("account", "organisation"), pk=membership)
    if found.organisation.code != code:
        return redirect("people:organisation", code=code)
    services.end_role(request.actor, found.account, found.organisation, found.role)  # type: ignore[attr-defined]
    messages.success(request, _("The role is ended. You can give it again below."))
    return redirect("people:organisation", code=code)


@login_required
@require_POST
def give_again(request: HttpRequest, code: str, membership: int) -> HttpResponse:
    """Give an ended role again: the way back from having ended it."""
    found = get_object_or_404(Membership.objects.select_related("account", "organisation"), pk=membership)
    if found.organisation.code == code:
        services.grant_role(request.actor, found.account, found.organisation, found.role)  # type: ignore[attr-defined]
        messages.success(request, _("The role is given."))
    return redirect("people:organisation", code=code)
