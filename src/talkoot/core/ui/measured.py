"""What is measured now, on a map: the latest value of an observed property at each thing, from little to much.

The legend, the circles and the list beside the map say the same; the address keeps what is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Badge
from talkoot.core.observations import spots
from talkoot.core.observations.models import ObservedProperty
from talkoot.core.register.boxes import Box
from talkoot.core.ui.maps import GeoJsonLayer, LegendRow
from talkoot.core.ui.streams import range_words, state_words
from talkoot.core.ui.templatetags.ui import number, shown
from talkoot.core.ui.things import ThingLink, address_of, named

CODE: Final = "measured"
COLOURS: Final = tuple(f"var(--amount-{n})" for n in range(1, 6))
LISTED: Final = 200
STEPS: Final = (1, 2, 2.5, 5, 10)
SILENT_OPACITY: Final = 0.35


def classes(values: Sequence[float]) -> list[float]:
    """Return the four edges of five classes of equal width, at round numbers, that show the values apart.

    The outermost hundredth of the values on each side may lie beyond: one spike would leave all others in a class.
    """
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 100], ordered[-1 - len(ordered) // 100]
    width = (high - low) / len(COLOURS) or max(abs(high), 1.0) / 10
    power = 10 ** math.floor(math.log10(width))
    for step in (power * times for times in (*STEPS, 20)):
        first = math.floor(low / step) + 1
        edges = [float(f"{(first + n) * step:.12g}") for n in range(len(COLOURS) - 1)]
        if step >= width and high <= edges[-1] + step:
            break
    return edges


@dataclass(frozen=True, slots=True)
class Measured:
    """An observed property as a map shows it: all of its latest values that a visitor may see."""

    observed: ObservedProperty
    spots: list[spots.Spot]

    @property
    def unit(self) -> str:
        """The unit of the values, as people write it."""
        return next((spot.unit for spot in self.spots if spot.unit), "")

    @property
    def badges(self) -> list[Badge]:
        """How the values came about, each way once."""
        return sorted({spot.badge for spot in self.spots})

    def layer(self) -> GeoJsonLayer:
        """Return the map's layer: asked for box by box, as the map is moved."""
        numbers = [float(spot.reading.value) for spot in self.spots if _is_number(spot.reading.value)]
        edges = classes(numbers) if numbers else []
        query = urlencode({"property": self.observed.pk, "limit": spots.MAX_THINGS})
        return GeoJsonLayer(
            CODE,
            f"{self.observed} ({self.unit})" if self.unit else str(self.observed),
            _paint(edges),
            url=f"{reverse('api:observations-latest')}?{query}",
            legend=(*_legend(edges), LegendRow("var(--quiet)", _("faint: silent, the last value"), "faint")),
            badges=tuple(self.badges),
            note=_latest_words(self.spots),
            in_view=True,
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _latest_words(found: Sequence[spots.Spot]) -> str:
    if not found:
        return _("No reading has come yet.")
    newest = timezone.localtime(max(spot.reading.time for spot in found))
    return _("Latest %(time)s") % {"time": shown(newest)}


def _legend(edges: Sequence[float]) -> list[LegendRow]:
    if not edges:
        return []
    words = [
        _("below %(high)s") % {"high": number(edges[0])},
        *(f"{number(low)}–{number(high)}" for low, high in pairwise(edges)),
        _("%(low)s or more") % {"low": number(edges[-1])},
    ]
    return [LegendRow(colour, text) for colour, text in zip(COLOURS, words, strict=True)]


def _paint(edges: Sequence[float]) -> tuple[dict[str, Any], ...]:
    """Return circles coloured by class, and beside them their values: never colour alone."""
    value: list[Any] = ["get", "value"]
    colour: Any = COLOURS[0]
    if edges:
        pairs = [part for pair in zip(edges, COLOURS[1:], strict=True) for part in pair]
        colour = ["step", value, COLOURS[0], *pairs]
    is_number = ["==", ["typeof", value], "number"]
    opacity = ["case", ["==", ["get", "state"], "stale"], SILENT_OPACITY, 1]
    circle = {
        "circle-color": colour,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 4, 14, 7, 18, 13],
        "circle-stroke-color": "var(--ink)",
        "circle-stroke-width": 1.25,
        "circle-opacity": opacity,
        "circle-stroke-opacity": opacity,
    }
    label = {
        "text-field": ["number-format", value, {"max-fraction-digits": 1}],
        "text-font": ["Inter Variable"],
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [0.9, 0],
        "text-optional": True,
    }
    halo = {"text-color": "var(--ink)", "text-halo-color": "var(--map-halo)", "text-halo-width": 1.5}
    return (
        {"type": "circle", "filter": is_number, "paint": circle},
        {"type": "symbol", "filter": is_number, "minzoom": 13, "layout": label, "paint": halo},
    )


def find(actor: Actor, given: str) -> Measured | None:
    """Return the observed property that an address asks for, None where it asks for none. Raises NotFoundError."""
    if not given:
        return None
    observed = spots.find_property(given)
    return Measured(observed, spots.latest_by_thing(actor, observed=observed, limit=spots.MAX_THINGS).spots)


@dataclass(frozen=True, slots=True)
class SpotRow:
    """A spot as the list beside the map tells it."""

    link: ThingLink
    value: Any
    range: str
    unit: str
    time: Any
    badge: Badge
    state: str
    url: str


@dataclass(frozen=True, slots=True)
class SpotList:
    """The spots in view; `has_more` tells that not all of them are listed."""

    title: str
    rows: list[SpotRow]
    has_more: bool


def in_box(actor: Actor, given: str, box: Box) -> SpotList:
    """Return what of an observed property is measured in a box, as a list. Raises NotFoundError."""
    observed = spots.find_property(given)
    found = spots.latest_by_thing(actor, observed=observed, box=box, limit=LISTED + 1).spots
    rows = [_row(spot) for spot in found[:LISTED]]
    rows.sort(key=lambda row: row.link.title.casefold())
    return SpotList(str(observed), rows, len(found) > LISTED)


def _row(spot: spots.Spot) -> SpotRow:
    title = named(spot.name, spot.kind, spot.external_id, spot.uid)
    return SpotRow(
        link=ThingLink(title, "", address_of(spot.uid)),
        value=spot.reading.value,
        range=range_words(spot.reading),
        unit=spot.unit,
        time=timezone.localtime(spot.reading.time),
        badge=spot.badge,
        state=_("in use") if spot.badge == "modelled" else state_words(spot.state),
        url=reverse("ui:measurement", kwargs={"key": spot.datastream}),
    )
