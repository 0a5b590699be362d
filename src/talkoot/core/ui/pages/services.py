"""Services near the visitor: places that are there for people, by category and by distance."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import counts_by_kind, nearest
from talkoot.core.ui.declaration import dots, name_labels
from talkoot.core.ui.maps import GeoJsonLayer, LegendRow, MapSpec, city_bounds
from talkoot.core.ui.things import address_of, title_of, value_words

KIND: Final = "service_place"
SHOWN: Final = 30
POOL: Final = 90


def services(request: HttpRequest) -> HttpResponse:
    """Places of service, the nearest first to the point `at` (latitude,longitude), else to the city's middle."""
    at = _place(request.GET.get("at", ""))
    category = request.GET.get("category", "")[:60]
    count = min(POOL, counts_by_kind().get(KIND, 0))
    near = nearest(at[1], at[0], count=count, kinds=(KIND,)) if at and count else []
    chosen = [(thing, metres) for thing, metres in near if not category or _category(thing) == category][:SHOWN]
    context = {
        "places": [_row(thing, metres) for thing, metres in chosen],
        "categories": _categories([thing for thing, _metres in near]),
        "category": category,
        "at": request.GET.get("at", ""),
        "map": _map([thing for thing, _metres in chosen]),
    }
    return render(request, "ui/services.html", context)


def _place(text: str) -> tuple[float, float] | None:
    """Return the latitude and longitude of the address, else the city's middle, else None in an empty city."""
    if text:
        try:
            latitude, longitude = (float(part) for part in text.split(","))
        except ValueError:
            fix = _("Give latitude,longitude in degrees, such as 60.17,24.93.")
            raise InvalidError("at", _("This is no place."), fix) from None
        return latitude, longitude
    bounds = city_bounds()
    return ((bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2) if bounds else None


def _category(thing: Thing) -> str:
    return str(thing.attributes.get("category", ""))


def _categories(things: list[Thing]) -> list[tuple[str, str, int]]:
    """Return (code, words, count) of the categories, by their words."""
    counts: dict[str, int] = {}
    for thing in things:
        counts[_category(thing)] = counts.get(_category(thing), 0) + 1
    named = [(code, str(value_words(code)), count) for code, count in counts.items() if code]
    return sorted(named, key=lambda row: row[1].casefold())


def _row(thing: Thing, metres: float) -> dict[str, Any]:
    hours = thing.attributes.get("opening_hours", "")
    return {
        "title": title_of(thing),
        "url": address_of(thing.uid),
        "category": value_words(_category(thing)),
        "hours": hours,
        "wheelchair": thing.attributes.get("wheelchair") in ("yes", "designated"),
        "metres": round(metres, -1) if metres >= 10 else round(metres),
    }


def _map(things: list[Thing]) -> MapSpec:
    placed = [(thing, thing.shape.centroid) for thing in things if thing.geometry is not None]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [middle.x, middle.y]},
            "properties": {"uid": str(thing.uid), "name": title_of(thing)},
        }
        for thing, middle in placed
    ]
    layer = GeoJsonLayer(
        code="places",
        title=_("Places of service"),
        paint=(*dots("var(--lake)", least=4, most=9), name_labels("var(--lake)")),
        data={"type": "FeatureCollection", "features": features},
        legend=(LegendRow("var(--lake)", _("place of service")),),
    )
    lons, lats = [middle.x for _thing, middle in placed], [middle.y for _thing, middle in placed]
    bounds = (min(lons), min(lats), max(lons), max(lats)) if placed else city_bounds()
    return MapSpec(title=_("Places of service on the map"), bounds=bounds, own=(layer,), table="places")
