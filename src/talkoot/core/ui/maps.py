"""What a map shows. Pages make a `MapSpec`; the template ui/map.html draws it, static/ui/js/map.js moves it.

Colours in paint and legends are the look's tokens, written `var(--lake)`: they follow the theme.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
from django.db.models import F
from django.urls import reverse
from django.utils.translation import get_language

from talkoot.core.base.declare import Layer
from talkoot.core.base.programmes import kinds
from talkoot.core.base.programmes import layers as declared_layers
from talkoot.core.register import revision
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import counts_by_kind
from talkoot.core.ui.templatetags.ui import badge_words
from talkoot.core.ui.things import NO_UID, address_of

SAMPLED: Final = 5000
# Percent of the things on each side that do not count as the city's.
FAR_OUT: Final = 1

BADGES: Final = ("measured", "modelled", "simulated")

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One row of a legend: a colour (a token or a colour) and what it stands for, with its unit."""

    colour: str
    words: str
    shape: str = "dot"


@dataclass(frozen=True, slots=True)
class GeoJsonLayer:
    """A layer of the page's own: GeoJSON from an address of ours or given whole, drawn by MapLibre paint.

    `paint` holds MapLibre style layers without `id` and `source`, as in a declared Layer. `badges` and `note` stand
    in the legend below the title. With `in_view` the address is asked anew for every view and every minute, with
    `bbox` added.
    """

    code: str
    title: str
    paint: tuple[Mapping[str, Any], ...]
    url: str = ""
    data: Mapping[str, Any] | None = None
    legend: tuple[LegendRow, ...] = ()
    shown: bool = True
    badges: tuple[str, ...] = ()
    note: str = ""
    in_view: bool = False


@dataclass(frozen=True, slots=True)
class RasterLayer:
    """An image of the page's own, stretched over bounds in degrees (west, south, east, north)."""

    code: str
    title: str
    url: str
    bounds: Bounds
    legend: tuple[LegendRow, ...] = ()
    opacity: float = 0.7
    shown: bool = True


@dataclass(frozen=True, slots=True)
class MapSpec:
    """A map: what it is of, where it looks, the declared layers by code and the page's own.

    `title` is read out by screen readers; `table` is the id of the element on the page that says the same in
    words. `bounds` are west, south, east, north in degrees. `focus` is the uid of one thing to mark.
    `shown` names the layers to show at first; None leaves it to the layers themselves. `remember` keeps the view and
    the shown layers in the page's address; `follow` is an address asked for what is in view, with `bbox` added, whose
    answer fills the element `follow_into`.
    """

    title: str
    bounds: Bounds | None = None
    layers: tuple[str, ...] = ()
    own: tuple[GeoJsonLayer | RasterLayer, ...] = ()
    shown: frozenset[str] | None = None
    focus: str = ""
    focus_geometry: Mapping[str, Any] | None = None
    table: str = ""
    remember: bool = False
    follow: str = ""
    follow_into: str = ""
    links: bool = True
    tall: bool = False
    controls: tuple[str, ...] = field(default=("zoom", "locate"))

    def as_json(self) -> dict[str, Any]:
        """Return what map.js reads."""
        return {
            "bounds": self.bounds,
            "layers": [{**layer_json(layer), "shown": self.shows(layer)} for layer in self.declared()],
            "own": [{**own_json(layer), "shown": self.shows(layer)} for layer in self.own],
            "focus": self.focus,
            "focusGeometry": self.focus_geometry,
            "remember": self.remember,
            "follow": self.follow,
            "followInto": self.follow_into,
            "links": self.links,
            "controls": self.controls,
            "tiles": tiles_address(),
            "thing": address_of(NO_UID),
            "kinds": {code: str(kind.name) for code, kind in kinds().items()},
            "badges": {badge: badge_words(badge) for badge in BADGES},
            "language": get_language(),
        }

    def declared(self) -> list[Layer]:
        """Return the declared layers of this map, in their order."""
        found = [layer for code in self.layers if (layer := declared_layers().get(code))]
        return sorted(found, key=lambda layer: layer.order)

    def legend(self) -> list[LegendGroup]:
        """Return the legend: one group for every layer, with a switch to show or hide it; first what is in view now."""
        groups = [
            LegendGroup(
                layer.code,
                str(layer.title),
                tuple(LegendRow(colour, str(words)) for colour, words in layer.legend),
                self.shows(layer),
            )
            for layer in self.declared()
        ]
        groups += [self._own_group(own) for own in self.own]
        first = {own.code for own in self.own if isinstance(own, GeoJsonLayer) and own.in_view}
        return sorted(groups, key=lambda group: group.code not in first)

    def shows(self, layer: Layer | GeoJsonLayer | RasterLayer) -> bool:
        """Tell whether a layer is shown at first."""
        return layer.shown if self.shown is None else layer.code in self.shown

    def _own_group(self, own: GeoJsonLayer | RasterLayer) -> LegendGroup:
        if isinstance(own, RasterLayer):
            return LegendGroup(own.code, own.title, own.legend, self.shows(own))
        return LegendGroup(own.code, own.title, own.legend, self.shows(own), own.badges, own.note)


@dataclass(frozen=True, slots=True)
class LegendGroup:
    """A layer in the legend."""

    code: str
    title: str
    rows: tuple[LegendRow, ...]
    shown: bool
    badges: tuple[str, ...] = ()
    note: str = ""


def layer_json(layer: Layer) -> dict[str, Any]:
    """Return a declared layer as map.js reads it."""
    return {
        "code": layer.code,
        "kinds": list(layer.kinds),
        "url": reverse(layer.url_name) if layer.url_name else "",
        "paint": [dict(paint) for paint in layer.paint],
        "shown": layer.shown,
    }


def own_json(layer: GeoJsonLayer | RasterLayer) -> dict[str, Any]:
    """Return a layer of the page's own as map.js reads it."""
    common = {"code": layer.code, "url": layer.url, "shown": layer.shown}
    if isinstance(layer, RasterLayer):
        return {**common, "raster": True, "bounds": layer.bounds, "opacity": layer.opacity}
    paint = [dict(paint) for paint in layer.paint]
    return {**common, "data": layer.data, "paint": paint, "inView": layer.in_view}


@lru_cache(maxsize=1)
def tiles_address() -> str:
    """Return the template of the register's tiles, with {z}, {x} and {y}."""
    return reverse("plain:tile", kwargs={"z": 0, "x": 0, "y": 0}).replace("0/0/0", "{z}/{x}/{y}")


@lru_cache(maxsize=2)
def _bounds_at(revision: str) -> Bounds | None:
    counts = counts_by_kind()
    kind = "building" if counts.get("building") else max(counts, key=lambda code: counts[code], default="")
    placed = Thing.objects.filter(kind=kind, min_lon__isnull=False)
    every = max(1, counts.get(kind, 0) // SAMPLED)
    sample = placed.annotate(turn=F("pk") % every).filter(turn=0)
    boxes = np.array(sample.values_list("min_lon", "min_lat", "max_lon", "max_lat"), dtype=float)
    if not len(boxes):
        return None
    west, south = np.percentile(boxes[:, :2], FAR_OUT, axis=0)
    east, north = np.percentile(boxes[:, 2:], 100 - FAR_OUT, axis=0)
    return (float(west), float(south), float(east), float(north))


def city_bounds() -> Bounds | None:
    """Return the bounds around the city's buildings, or its commonest things where there are none; None if empty.

    The outermost hundredth on each side is left out: one thing far away would show more sea than city. Found once
    for every revision of the register, from a sample.
    """
    return _bounds_at(revision.current())
