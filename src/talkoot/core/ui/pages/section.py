"""A section of the navigation as a page: the places in it, each with a sentence."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from talkoot.core.base.errors import NotFoundError
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.navigation import sections


def section(request: HttpRequest, section: str) -> HttpResponse:
    """Show one section; one without anything for this visitor does not exist for them."""
    code = section.replace("-", "_")
    for found in sections(actor_of(request)):
        if found.code == code:
            return render(request, "ui/section.html", {"section": found})
    raise NotFoundError(section)
