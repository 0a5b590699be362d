"""Services near the visitor: places that are there for people, by category and by distance."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.register import revision
from talkoot.core.register.metres import distances
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import arrays
from talkoot.core.ui.declaration import dots, name_labels
from talkoot.core.ui.maps import GeoJsonLayer, LegendRow, MapSpec, city_bounds
from talkoot.core.ui.things import address_of, title_of, value_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND: Final = "service_place"
SHOWN: Final = 30


def services(request: HttpRequest) -> HttpResponse:
    """Places of service, the nearest first to the point `at` (latitude,longitude), else to the city's middle."""
    at = _place(request.GET.get("at", ""))
    category = request.GET.get("category", "")[:60]
    directory = _directory(revision.current())
    chosen = directory.nearest(*at, category) if at else []
    context = {
        "places": [_row(thing, metres) for thing, metres in chosen],
        "categories": directory.categories(),
        "category": category,
        "at": request.GET.get("at", ""),
        "map": _map([thing for thing, _metres in chosen]),
    }
    return render(request, "ui/services.html", context)


@dataclass(frozen=True, slots=True)
class Directory:
    """All the city's places of service as arrays of the same length: keys, shapes, their middles, categories."""

    keys: NDArray[np.int64]
    shapes: NDArray[np.object_]
    middles: NDArray[np.float64]
    category: NDArray[np.object_]

    def nearest(self, latitude: float, longitude: float, category: str) -> list[tuple[Thing, float]]:
        """Return the nearest places of a category (of any, if "") with their metres, the nearest first."""
        wanted = np.flatnonzero(self.category == category) if category else np.arange(len(self.keys))
        east, north = (self.middles[wanted] - (longitude, latitude)).T
        roughly = np.hypot(east * math.cos(math.radians(latitude)), north)
        # Twice as many as are shown, so that a large area whose edge is near is not missed for its far middle.
        near = wanted[np.argsort(roughly, kind="stable")[: 2 * SHOWN]]
        metres = distances(longitude, latitude, self.shapes[near])
        order = np.argsort(metres, kind="stable")[:SHOWN]
        things = Thing.objects.in_bulk(self.keys[near[order]].tolist())
        found = zip(self.keys[near[order]].tolist(), metres[order].tolist(), strict=True)
        return [(things[key], far) for key, far in found if key in things]

    def categories(self) -> list[tuple[str, str, int]]:
        """Return (code, words, count) of the categories, by their words in the active language."""
        named = [
            (code, str(value_words(code)), count) for code, count in Counter(self.category.tolist()).items() if code
        ]
        return sorted(named, key=lambda row: row[1].casefold())


@lru_cache(maxsize=1)
def _directory(at_revision: str) -> Directory:
    """Read the places once for each revision of the register."""
    places = arrays((KIND,), attributes=("category",))
    placed = np.array([shape is not None for shape in places.geometries], dtype=bool)
    shapes = places.geometries[placed]
    middles = shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2)
    category = places.attributes["category"][placed]
    return Directory(places.ids[placed], shapes, middles, np.array([str(c or "") for c in category], dtype=object))


def _place(text: str) -> tuple[float, float] | None:
    """Return the latitude and longitude of the address, else the city's middle, else None in an empty city."""
    if text:
        try:
            latitude, longitude = (float(part) for part in text.split(","))
        except ValueError:
            latitude = longitude = math.nan
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            fix = _("Give latitude,longitude in degrees, such as 60.17,24.93.")
            raise InvalidError("at", _("This is no place."), fix)
        return latitude, longitude
    bounds = city_bounds()
    return ((bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2) if bounds else None


def _category(thing: Thing) -> str:
    return str(thing.attributes.get("category", ""))


def _title(thing: Thing) -> str:
    """Return a place's name, else what it is: a number from the source helps nobody who looks for a post box."""
    words = str(value_words(_category(thing)))
    return title_of(thing) if thing.name or not words else words[0].upper() + words[1:]


def _row(thing: Thing, metres: float) -> dict[str, Any]:
    hours = thing.attributes.get("opening_hours", "")
    return {
        "title": _title(thing),
        "url": address_of(thing.uid),
        "category": value_words(_category(thing)) if thing.name else "",
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
            "properties": {"uid": str(thing.uid), "name": _title(thing)},
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
