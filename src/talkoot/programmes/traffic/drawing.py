"""Models of traffic on a map: roads as GeoJSON with the class of their value, and how they are painted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from talkoot.core.base import lake
from talkoot.core.compute.models import ResultSet, Run
from talkoot.core.register import revision
from talkoot.core.register.queries import arrays
from talkoot.core.ui.maps import Bounds, GeoJsonLayer, LegendRow
from talkoot.programmes.traffic.kinds import SPEED
from talkoot.programmes.traffic.links import Links, classes, links_of, rounded, short
from talkoot.programmes.traffic.painting import AMOUNTS, CHANGE_WIDTHS, CHANGES, SPEED_WIDTHS, WIDTHS, paint
from talkoot.programmes.traffic.words import plain_unit, unit_of, variable_name

LEAST_CHANGE: Final = 1e-6

Shape = tuple[str, msgspec.Raw]  # a road's name, its place as JSON
Shapes = Mapping[str, Shape]


def shapes_of(run: Run, links: Links) -> Shapes:
    """Return name and place of the roads of a run, by uid; those without a place are left out."""
    if links.is_registered:
        return _registered(revision.current())
    paths = run.results.filter(name="roads", type=ResultSet.Type.PATHS).first()
    return _sent_in(paths.path) if paths is not None else {}


@lru_cache(maxsize=1)
def _registered(revision: str) -> Shapes:
    roads = arrays(["road_link"], attributes=("name",))
    found: dict[str, Shape] = {}
    for uid, name, shape in zip(roads.uids, roads.attributes["name"], roads.geometries, strict=True):
        if shape is not None:
            place = shapely.geometry.mapping(shapely.transform(shape, lambda xy: np.round(xy, 6)))
            found[str(uid)] = (str(name or ""), msgspec.Raw(msgspec.json.encode(place)))
    return found


@lru_cache(maxsize=4)
def _sent_in(path: str) -> Shapes:
    told = msgspec.json.decode(lake.read_bytes(path))
    return {
        feature["properties"]["uid"]: ("", msgspec.Raw(msgspec.json.encode(feature["geometry"])))
        for feature in told["features"]
    }


def bounds_of(shapes: Shapes) -> Bounds | None:
    """Return the bounds around roads; None where there are none."""
    if not shapes:
        return None
    geometries = shapely.from_geojson([bytes(place) for _, place in shapes.values()])
    west, south, east, north = shapely.total_bounds(geometries).tolist()
    return (west, south, east, north)


def features(run: Run, variable: str, hour: str) -> bytes:
    """Return the roads of a run as GeoJSON: value, range, unit and class of a variable in an hour or over all hours."""
    links = links_of(run)
    values = links.of(variable, hour)
    numbers = classes(values[:, 0], links.edges(variable, hour))
    shared: dict[str, Any] = {"unit": plain_unit(variable, hour), "badge": "modelled"}
    rows = zip(links.uids, values.astype(np.float64).tolist(), numbers.tolist(), strict=True)
    told = (
        (uid, {**shared, "value": value, "low": low, "high": high, "class": number})
        for uid, (value, low, high), number in rows
        if value == value
    )
    return _collection(shapes_of(run, links), told)


def changes(first: Run, second: Run, variable: str, hour: str) -> bytes:
    """Return as GeoJSON the roads that both runs tell of, with how much more the second has."""
    before, after = links_of(first), links_of(second)
    common, change = change_between(before, after, variable, hour)
    edges = change_edges(change)
    shared: dict[str, Any] = {"unit": plain_unit(variable, hour), "badge": "modelled"}
    told = (
        (uid, {**shared, "value": value, "class": number})
        for uid, value, number in zip(common, change.tolist(), classes(change, edges).tolist(), strict=True)
    )
    return _collection(shapes_of(second, after), told)


def change_between(before: Links, after: Links, variable: str, hour: str) -> tuple[list[str], Any]:
    """Return the roads that two runs both tell of, and how much more each has in the second."""
    common = [uid for uid in after.uids if uid in before.place]
    one = before.of(variable, hour)[[before.place[uid] for uid in common], 0]
    other = after.of(variable, hour)[[after.place[uid] for uid in common], 0]
    change = np.nan_to_num(other.astype(np.float64) - one.astype(np.float64))
    return common, change


def change_edges(change: Any) -> list[float]:
    """Return the four edges between much less, less, the same, more and much more: round, and alike on both sides."""
    sizes = np.abs(change)
    some = sizes[sizes > LEAST_CHANGE]
    if not some.size:
        return [-1.0, -0.5, 0.5, 1.0]
    small, large = (rounded(float(edge)) for edge in np.percentile(some, (50.0, 90.0)))
    large = large if large > small else 2.0 * small
    return [-large, -small, small, large]


def _collection(shapes: Shapes, told: Iterator[tuple[str, dict[str, Any]]]) -> bytes:
    parts = [_feature(uid, *shapes[uid], rest) for uid, rest in told if uid in shapes]
    return msgspec.json.encode({"type": "FeatureCollection", "features": parts})


def _feature(uid: str, name: str, place: msgspec.Raw, rest: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"uid": uid, "name": name, "kind": "road_link", **rest}
    return {"type": "Feature", "id": uid, "geometry": place, "properties": properties}


def value_layer(run: Run, links: Links, variable: str, hour: str) -> GeoJsonLayer:
    """Return the map's layer of a variable: colour and width of a road tell the class of its value."""
    unit = unit_of(variable, hour)
    edges = links.edges(variable, hour)
    query = urlencode({"run": str(run.uid), "variable": short(variable), "hour": hour})
    return GeoJsonLayer(
        code="traffic",
        title=f"{variable_name(variable)}, {unit}",
        url=f"{reverse('api:traffic-links')}?{query}",
        paint=paint(AMOUNTS, SPEED_WIDTHS if variable == SPEED else WIDTHS, offset=not links.is_registered),
        legend=tuple(
            LegendRow(colour, words, "line") for colour, words in zip(AMOUNTS, _class_words(edges), strict=False)
        ),
        badges=("modelled",),
        note="" if variable == SPEED else _("Wider is more."),
    )


def change_layer(first: Run, second: Run, change: Any, variable: str, hour: str, offset: bool) -> GeoJsonLayer:
    """Return the map's layer of how two runs differ: blue is less, orange more, wide much."""
    unit = unit_of(variable, hour)
    low, least, _more, _much = (_number(edge) for edge in change_edges(change))
    words = (
        _("less by over %s") % low.lstrip("-−"),
        _("less"),
        _("about the same (within %s)") % least.lstrip("-−"),
        _("more"),
        _("more by over %s") % low.lstrip("-−"),
    )
    query = urlencode({"first": str(first.uid), "second": str(second.uid), "variable": short(variable), "hour": hour})
    return GeoJsonLayer(
        code="change",
        title=_("Change: %(what)s, %(unit)s") % {"what": variable_name(variable), "unit": unit},
        url=f"{reverse('api:traffic-changes')}?{query}",
        paint=paint(CHANGES, CHANGE_WIDTHS, offset=offset),
        legend=tuple(LegendRow(colour, said, "line") for colour, said in zip(CHANGES, words, strict=True)),
        badges=("modelled",),
        note=_("Wider is a larger change."),
    )


def _class_words(edges: Sequence[float]) -> list[str]:
    if not edges:
        return [_("none")]
    said = [_number(edge) for edge in edges]
    between = [f"{low}–{high}" for low, high in pairwise(said)]
    return [_("below %s") % said[0], *between, _("%s or more") % said[-1]]


def _number(value: float) -> str:
    return number_format(int(value) if value == int(value) else value, use_l10n=True, force_grouping=True)
