"""The home page: the city on a map, what its register holds, what the programmes found, where to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Figure, resolve
from talkoot.core.base.programmes import declared, layers
from talkoot.core.register.queries import counts_by_kind
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.maps import MapSpec, city_bounds
from talkoot.core.ui.things import kind_plural

BARS: Final = 12


@dataclass(frozen=True, slots=True)
class CountBar:
    """How many things there are of a kind; `share` is its length in percent of the longest bar."""

    title: str
    count: int
    share: float
    url: str


def figures(actor: Actor) -> list[Figure]:
    """Return what the programmes found, each as a figure with unit, source, badge and range."""
    return [figure for reference in declared("figures") for figure in resolve(reference)(actor)]


def count_bars() -> list[CountBar]:
    """Return the kinds with the most things, the most first."""
    counts = sorted(counts_by_kind().items(), key=lambda pair: -pair[1])[:BARS]
    longest = counts[0][1] if counts else 1
    return [
        CountBar(kind_plural(kind), count, round(100 * count / longest, 1), f"{reverse('ui:things')}?kind={kind}")
        for kind, count in counts
    ]


def home(request: HttpRequest) -> HttpResponse:
    """Show the city."""
    spec = MapSpec(
        title=_("Map of the city"),
        bounds=city_bounds(),
        layers=tuple(code for code, layer in layers().items() if layer.shown),
        table="holds",
    )
    context = {
        "map": spec,
        "bars": count_bars(),
        "total": sum(counts_by_kind().values()),
        "figures": figures(actor_of(request)),
    }
    return render(request, "ui/home.html", context)
