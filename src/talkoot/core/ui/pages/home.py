"""The home page: the city on a map, what its register holds, what the programmes found, where to go."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Figure, resolve
from talkoot.core.base.programmes import declared


def figures(actor: Actor) -> list[Figure]:
    """Return what the programmes found, each as a figure with unit, source, badge and range."""
    return [figure for reference in declared("figures") for figure in resolve(reference)(actor)]


def home(request: HttpRequest) -> HttpResponse:
    """Show the city."""
    return render(request, "ui/home.html", {"figures": figures(request.actor)})  # type: ignore[attr-defined]
