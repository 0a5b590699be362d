"""What is measured over HTTP, as GeoJSON: the latest value of each thing. Open to everybody to read.

Whoever wants more than the latest values asks the SensorThings interface.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from ninja import Router

from talkoot.core.base.actors import Actor
from talkoot.core.base.identifiers import uri_of
from talkoot.core.base.services import require
from talkoot.core.observations import spots
from talkoot.core.register.boxes import Box

router = Router()

GEOJSON: Final = "application/geo+json"
FRESH_SECONDS: Final = 10  # how long an answer may be used again


@router.get("/properties", summary="What is measured")
def properties(request: HttpRequest) -> HttpResponse:
    """Answer the observed properties that anything measures, with how many datastreams there are of each."""
    actor = _viewer(request)
    told = [
        {
            "id": observed.pk,
            "name": observed.name.as_dict(),
            "definition": observed.definition,
            "datastreams": count,
        }
        for observed, count in spots.properties(actor)
    ]
    return _answer(actor, msgspec.json.encode(told), "application/json")


@router.get("/latest", summary="The latest value of each thing as GeoJSON", url_name="observations-latest")
def latest(request: HttpRequest, property: str = "", bbox: str = "", limit: int = 1000, after: int = 0) -> HttpResponse:
    """Answer a feature for each thing and observed property with the latest value, its unit, time and state.

    `property` is an observed property's number, definition or declared code, such as air.pm2_5; all, if none.
    `bbox` is west,south,east,north in degrees of WGS 84; things without a place are found only without it.
    `limit` is the number of things, at most 5000; `next` is the address of the next page, if there is one.
    `badge` tells how the values came about: measured, modelled or simulated.
    """
    actor = _viewer(request)
    observed = spots.find_property(property) if property else None
    box = Box.parse(bbox) if bbox else None
    page = spots.latest_by_thing(actor, observed=observed, box=box, limit=limit, after=after)
    members: dict[str, Any] = {}
    if page.next is not None:
        asked = {"property": property, "bbox": bbox, "limit": limit, "after": page.next}
        query = urlencode({name: value for name, value in asked.items() if value})
        members["next"] = request.build_absolute_uri(f"{request.path}?{query}")
    content = {"type": "FeatureCollection", "features": [feature(spot) for spot in page.spots], **members}
    return _answer(actor, msgspec.json.encode(content), GEOJSON)


def feature(spot: spots.Spot) -> dict[str, Any]:
    """Return a spot as a GeoJSON feature (RFC 7946), at a point of its thing."""
    return {
        "type": "Feature",
        "id": f"{spot.uid}/{spot.observed}",
        "geometry": None if spot.point is None else {"type": "Point", "coordinates": spot.point},
        "properties": {
            "uid": spot.uid,
            "uri": uri_of(spot.uid),
            "kind": spot.kind,
            "name": spot.name.as_dict(),
            "property": spot.observed,
            "datastream": spot.datastream,
            "value": spot.reading.value,
            "low": spot.reading.low,
            "high": spot.reading.high,
            "unit": spot.unit,
            "time": spot.reading.time,
            "flag": spot.reading.flag,
            "state": spot.state,
            "badge": spot.badge,
        },
    }


def _viewer(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    require(actor, "register.view")
    return actor


def _answer(actor: Actor, content: bytes, media: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media)
    scope = {"public": True} if actor.account is None else {"private": True}
    patch_cache_control(response, max_age=FRESH_SECONDS, **scope)
    return response
