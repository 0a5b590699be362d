"""The map page: the city's layers, and beside the map the list of what is in view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from talkoot.core.base.programmes import layers
from talkoot.core.ui.listing import box_of
from talkoot.core.ui.maps import MapSpec, city_bounds


def show_map(request: HttpRequest) -> HttpResponse:
    """The city on a map. The address may give `bbox`, and `layer` once or more to show only these."""
    box = box_of(request.GET.get("bbox", ""))
    spec = MapSpec(
        title=_("Map of the city"),
        bounds=(box.min_lon, box.min_lat, box.max_lon, box.max_lat) if box else city_bounds(),
        layers=tuple(layers()),
        table="in-view",
        remember=True,
        follow=reverse("ui:in-view"),
        follow_into="#in-view",
        tall=True,
    )
    return render(request, "ui/map_page.html", {"map": spec})
