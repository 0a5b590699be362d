"""The gardens' page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from talkoot.core.register.models import Thing


@require_safe
def gardens(request: HttpRequest) -> HttpResponse:
    """Show the city's gardens."""
    found = Thing.objects.filter(kind="community_garden", valid_to__isnull=True).order_by("id")[:200]
    return render(request, "gardens/gardens.html", {"gardens": found})
