"""The map page: the city's layers, and beside the map the list of what is in view."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from talkoot.core.base.programmes import layers
from talkoot.core.observations import spots
from talkoot.core.ui import measured
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.listing import box_of
from talkoot.core.ui.maps import MapSpec, city_bounds


def show_map(request: HttpRequest) -> HttpResponse:
    """The city on a map, or what is measured in it now.

    The address may give `bbox`; `layer` once or more to show only these; `measured`, an observed property whose
    latest values are shown.
    """
    box, actor = box_of(request.GET.get("bbox", "")), actor_of(request)
    shown_now = measured.find(actor, request.GET.get("measured", ""))
    asked = urlencode({"measured": shown_now.observed.pk}) if shown_now else ""
    spec = MapSpec(
        title=_("Map of the city"),
        bounds=(box.min_lon, box.min_lat, box.max_lon, box.max_lat) if box else city_bounds(),
        layers=tuple(layers()),
        own=(shown_now.layer(),) if shown_now else (),
        shown=_shown(request, shown_now is not None),
        table="in-view",
        remember=True,
        follow=f"{reverse('ui:in-view')}?{asked}",
        follow_into="#in-view",
        tall=True,
    )
    context = {
        "map": spec,
        "properties": [observed for observed, _count in spots.properties(actor)],
        "measured": shown_now.observed.pk if shown_now else None,
    }
    return render(request, "ui/map_page.html", context)


def _shown(request: HttpRequest, is_measured: bool) -> frozenset[str] | None:
    """Return the layers that the address asks for; what is measured stands alone unless it names others."""
    if "layer" in request.GET:
        return frozenset(request.GET.getlist("layer"))
    return frozenset({measured.CODE}) if is_measured else None
