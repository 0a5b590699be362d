"""One's own account: what is held and why, take it along, change it, erase it."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, translate_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import ANYWHERE, may
from talkoot.core.people import services
from talkoot.core.people.accounts import own_account
from talkoot.core.people.consents import in_force, purposes
from talkoot.core.people.pages.forms import EraseForm, ProfileForm, show_problems
from talkoot.core.people.personal import duties
from talkoot.core.people.roles import roles
from talkoot.core.people.sessions import count_sessions


def _show(request: HttpRequest, profile: ProfileForm, status: int = 200) -> HttpResponse:
    account = own_account(request.actor)  # type: ignore[attr-defined]
    given = {consent.purpose: consent for consent in in_force(account)}
    context: dict[str, Any] = {
        "account": account,
        "profile": profile,
        "memberships": [
            (roles().get(membership.role), membership)
            for membership in account.memberships.select_related("organisation").order_by("-valid_from")[:100]
        ],
        "duties": duties(),
        "consents": [(data, given.get(code)) for code, data in purposes().items()],
        "sessions": count_sessions(account),
        "has_provider": bool(settings.SOCIALACCOUNT_PROVIDERS),
        "manages": may(request.actor, "people.manage_roles", ANYWHERE),  # type: ignore[attr-defined]
    }
    return render(request, "people/own.html", context, status=status)


@login_required
@never_cache
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    account = own_account(request.actor)  # type: ignore[attr-defined]
    return _show(request, ProfileForm(initial={"name": account.name, "language": account.language}))


@login_required
@require_POST
def profile(request: HttpRequest) -> HttpResponse:
    """Change one's name and language, and go on in that language."""
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            account = services.change_profile(request.actor, **form.cleaned_data)  # type: ignore[attr-defined]
        except InvalidError as error:
            show_problems(form, error)
        else:
            messages.success(request, _("Your details are saved."))
            return redirect(translate_url(reverse("people:own"), account.language))
    return _show(request, form, status=422)


@login_required
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """Hand out all of one's own data as a JSON file."""
    data = services.export_own_data(request.actor)  # type: ignore[attr-defined]
    answer = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def give_consent(request: HttpRequest, purpose: str) -> HttpResponse:
    """Consent to a purpose, as it is worded on the page."""
    wording = str(purposes()[purpose].purpose) if purpose in purposes() else ""
    services.give_consent(request.actor, purpose=purpose, wording=wording)  # type: ignore[attr-defined]
    messages.success(request, _("Thank you. You can withdraw your consent here at any time."))
    return redirect("people:own")


@login_required
@require_POST
def withdraw_consent(request: HttpRequest, purpose: str) -> HttpResponse:
    """Withdraw the consent to a purpose."""
    services.withdraw_consent(request.actor, purpose=purpose)  # type: ignore[attr-defined]
    messages.success(request, _("Your consent is withdrawn."))
    return redirect("people:own")


@login_required
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out in every other browser."""
    services.end_own_sessions(request.actor, but=request.session.session_key)  # type: ignore[attr-defined]
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("people:own")


@login_required
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Erase one's account, after its address was typed."""
    form = EraseForm(request.POST or None, account=own_account(request.actor))  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        services.erase_own_account(request.actor)  # type: ignore[attr-defined]
        logout(request)
        messages.success(request, _("Your account and your data are erased. Thank you for having been with us."))
        return redirect("ui:home")
    status = 422 if form.errors else 200
    return render(request, "people/erase.html", {"form": form, "duties": duties()}, status=status)
