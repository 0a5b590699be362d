"""The register over HTTP: its things as GeoJSON, by kind, box, nearness, words and time. Open to everybody to read.

Answers are encoded by msgspec, without a response model between: thousands of things come as one collection.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.programmes import kinds as declared_kinds
from talkoot.core.base.services import require
from talkoot.core.register import history, queries
from talkoot.core.register.boxes import Box
from talkoot.core.register.features import collection, features
from talkoot.core.register.models import Source, Thing

router = Router()

GEOJSON = "application/geo+json"
MAX_VERSIONS = 1000

Kinds = Annotated[list[str], Query(description="Kinds of things, each as a parameter of its own; all, if none.")]


def _answer(content: Any, media: str = "application/json") -> HttpResponse:
    return HttpResponse(content if isinstance(content, bytes) else msgspec.json.encode(content), content_type=media)


def _may_view(request: HttpRequest) -> None:
    require(request.actor, "register.view")  # type: ignore[attr-defined]


def _thing(uid: UUID) -> Thing:
    thing = Thing.objects.select_related(*history.RELATED).filter(uid=uid).first()
    if thing is None:
        raise NotFoundError(f"There is no thing {uid}.")
    return thing


@router.get("/kinds", summary="The kinds of things, their attributes and how many there are")
def kinds(request: HttpRequest) -> HttpResponse:
    """Answer every declared kind with its names, the JSON Schema of its attributes and the count of open things."""
    _may_view(request)
    counts = queries.counts_by_kind()
    return _answer(
        [
            {
                "code": kind.code,
                "name": kind.name.as_dict(),
                "description": kind.description.as_dict(),
                "geometry": kind.geometry,
                "schema": kind.schema,
                "count": counts.get(kind.code, 0),
            }
            for kind in declared_kinds().values()
        ]
    )


@router.get("/sources", summary="Where values come from, and their licences")
def sources(request: HttpRequest) -> HttpResponse:
    """Answer every source with its licence and attribution."""
    _may_view(request)
    fields = ("code", "name", "url", "licence", "attribution", "simulated")
    rows = Source.objects.order_by("code").values(*fields)
    return _answer([{**row, "name": row["name"].as_dict()} for row in rows])


@router.get("/things", summary="Things, by kind and box, page by page")
def things(
    request: HttpRequest,
    kind: Kinds = [],  # noqa: B006  (ninja copies it)
    bbox: str = "",
    limit: int = 1000,
    after: int = 0,
) -> HttpResponse:
    """Answer open things as a GeoJSON feature collection; `next` is the address of the next page, if there is one.

    `bbox` is west,south,east,north in degrees of WGS 84; things without a place are found only without it.
    `limit` is at most 10 000.
    """
    _may_view(request)
    box = Box.parse(bbox) if bbox else None
    found = (
        queries.things_in_box(box, kinds=kind, limit=limit, after=after)
        if box
        else queries.things(kinds=kind, limit=limit, after=after)
    )
    members = {}
    if len(found) == limit:
        parameters = [*(("kind", code) for code in kind), *([("bbox", bbox)] if bbox else [])]
        query = urlencode([*parameters, ("limit", limit), ("after", found[-1].pk)])
        members["next"] = request.build_absolute_uri(f"{request.path}?{query}")
    return _answer(collection(features(found), **members), GEOJSON)


@router.get("/things/{uid}", summary="One thing, now or as the register knew it at a moment")
def thing(request: HttpRequest, uid: UUID, as_of: datetime | None = None) -> HttpResponse:
    """Answer a thing as a GeoJSON feature; with `as_of`, what the register said of it at that moment."""
    _may_view(request)
    found = _thing(uid)
    if as_of is not None:
        return _answer({"uid": uid, "as_of": as_of, "state": queries.as_of(found, _aware(as_of))})
    return _answer(msgspec.json.encode(features([found])[0]), GEOJSON)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidError("as_of", "The moment has no time zone.", "Write it like 2026-01-31T12:00:00Z.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidError("as_of", "No calendar has this moment.", "Write it like 2026-01-31T12:00:00Z.") from error


@router.get("/things/{uid}/history", summary="What the register said of a thing, and when")
def thing_history(request: HttpRequest, uid: UUID, limit: int = 100) -> HttpResponse:
    """Answer the thing's states, the newest first, each with the moments from and until which it was said."""
    _may_view(request)
    queries.require_count("limit", limit, MAX_VERSIONS)
    said = history.versions(_thing(uid), limit=limit)
    return _answer([{"from": since, "until": until, "state": state} for since, until, state in said])


@router.get("/nearest", summary="The things nearest to a point")
def nearest(
    request: HttpRequest,
    lon: float,
    lat: float,
    count: int = 20,
    kind: Kinds = [],  # noqa: B006  (ninja copies it)
) -> HttpResponse:
    """Answer the open things nearest to a point, within 100 km, each feature with its `metres`; at most 1000."""
    _may_view(request)
    found = queries.nearest(lon, lat, count=count, kinds=kind)
    with_metres = [
        {**each, "metres": round(metres, 2)}
        for each, (_, metres) in zip(features([thing for thing, _ in found]), found, strict=True)
    ]
    return _answer(collection(with_metres), GEOJSON)


@router.get("/search", summary="Things by words, in Finnish, Swedish or English")
def search(
    request: HttpRequest,
    q: str,
    limit: int = 20,
    kind: Kinds = [],  # noqa: B006  (ninja copies it)
) -> HttpResponse:
    """Answer the open things that meet every word of `q` in any inflection, the best first; at most 100."""
    _may_view(request)
    return _answer(collection(features(queries.search_things(q, limit=limit, kinds=kind))), GEOJSON)
