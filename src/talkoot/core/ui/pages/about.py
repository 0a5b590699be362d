"""Pages about the service itself: sources, accessibility, privacy, status. Filled from what is declared."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from talkoot.core.base.declare import PersonalData
from talkoot.core.base.health import report
from talkoot.core.base.programmes import declared
from talkoot.core.register.models import Source


def sources(request: HttpRequest) -> HttpResponse:
    """Every source of the register with its licence, and how many things come from it."""
    found = Source.objects.annotate(count=Count("things")).order_by("code")
    return render(request, "ui/sources.html", {"sources": found})


def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "ui/accessibility.html")


def privacy(request: HttpRequest) -> HttpResponse:
    """What personal data is held, why and how long: generated from the programmes' declarations."""
    held: list[PersonalData] = list(declared("personal_data"))
    return render(request, "ui/privacy.html", {"held": held})


def status(request: HttpRequest) -> HttpResponse:
    """How the parts of the system are, in words; /health says the same to machines."""
    words = {
        "web": _("Pages"),
        "database": _("Database"),
        "worker": _("Background work"),
        "events": _("News between the parts"),
        "observer": _("Readings"),
        "mqtt": _("Readings over MQTT"),
    }
    found = report()
    parts = [(words.get(code, code), part["ok"]) for code, part in found.items() if isinstance(part, dict)]
    return render(request, "ui/status.html", {"parts": parts})
