"""How the visitor likes to see the pages. Kept in a cookie of their own browser and nowhere else."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from talkoot.core.ui.context import THEME_COOKIE, THEMES

A_YEAR: Final = 365 * 24 * 3600


def back_to(request: HttpRequest, address: str) -> str:
    """Return `address` where it is one of this site's own, else the home page's."""
    own = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if own else "/"


# A forged request could only change how light the sender's own pages are; without the token the form
# needs no cookie on every page.
@csrf_exempt
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme, or forget it to follow the device, and go back to the page."""
    response = redirect(back_to(request, request.POST.get("next", "/")))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
