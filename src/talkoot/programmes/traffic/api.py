"""Models of traffic over HTTP: what was modelled, roads with flow, speed and emissions. Open to everybody to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control
from ninja import Router

from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.services import require
from talkoot.core.compute import results
from talkoot.core.compute.models import ResultSet, Run
from talkoot.core.register import revision
from talkoot.core.ui.incoming import actor_of
from talkoot.programmes.traffic import runs
from talkoot.programmes.traffic.drawing import changes, features
from talkoot.programmes.traffic.links import DAY, VARIABLES, Links, busiest, links_of, plan_of, short, variable_of

router = Router()

GEOJSON = "application/geo+json"
JSON = "application/json"
EMPTY = {"type": "FeatureCollection", "features": []}
MOST_RUNS = 100


@router.get("/models", summary="Models of traffic, the newest first")
def list_models(request: HttpRequest, limit: int = 20) -> HttpResponse:
    """Answer the newest models with their parameters and figures; `limit` is at most 100."""
    _may_view(request)
    in_use = runs.adopted()
    found = runs.latest(min(max(limit, 1), MOST_RUNS))
    return _answer([_told(run, adopted=in_use is not None and in_use.pk == run.pk) for run in found])


@router.get("/models/{uid}", summary="One model: its parameters and totals", url_name="traffic-model")
def model(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Answer a model: parameters, digests of its inputs, totals by hour, pollutant and class with their ranges."""
    _may_view(request)
    run = runs.find(uid)
    return _answer({**_told(run), "inputs": run.inputs, **plan_of(run)})


@router.get("/links", summary="Roads with what is modelled of them, as GeoJSON", url_name="traffic-links")
def links(request: HttpRequest, variable: str = "flow", hour: str = "", run: str = "") -> HttpResponse:
    """Answer the roads with a variable's value, range, unit and class.

    `variable` is flow, speed, co2, nox, pm_exhaust or pm_non_exhaust; `hour` 0 to 23, or day for all hours together
    (unless said, the busiest); `run` the uid of a model (unless said, the one in use: no roads where there is none).
    """
    _may_view(request)
    code = variable_of(variable)
    shown = runs.find(run) if run else runs.adopted()
    if shown is None:
        return _answer(EMPTY, GEOJSON)
    at = hour or busiest(shown)
    return _kept(request, (shown,), (code, at), lambda: features(shown, code, at))


@router.get("/links/{uid}", summary="A road hour by hour", url_name="traffic-link")
def link(request: HttpRequest, uid: str, run: str = "") -> HttpResponse:
    """Answer flow, speed and emissions of a road in every hour, each with its range: of `run`, or the model in use."""
    _may_view(request)
    shown = runs.find(run) if run else runs.adopted()
    found = links_of(shown) if shown is not None else None
    if found is None or uid not in found.place:
        raise NotFoundError("The model says nothing of such a road.")
    return _answer({"uid": uid, "hours": _hours(found, found.place[uid])})


@router.get("/changes", summary="How two models differ, road by road, as GeoJSON", url_name="traffic-changes")
def differences(
    request: HttpRequest, first: UUID, second: UUID, variable: str = "flow", hour: str = DAY
) -> HttpResponse:
    """Answer the roads of both models with how much more the second has; variable and hour as of the roads."""
    _may_view(request)
    pair, code = (runs.find(first), runs.find(second)), variable_of(variable)
    return _kept(request, pair, (code, hour), lambda: changes(*pair, code, hour))


def _may_view(request: HttpRequest) -> None:
    require(actor_of(request), "traffic.view")


def _told(run: Run, **more: Any) -> dict[str, Any]:
    return {
        "uid": run.uid,
        "scenario": run.scenario,
        "state": run.state,
        "created_at": run.created_at,
        "version": run.version,
        "parameters": run.parameters,
        "summary": run.summary,
        **more,
    }


def _hours(found: Links, road: int) -> list[dict[str, Any]]:
    told = found.values[:, :, road].tolist()
    return [
        {
            "hour": hour,
            **{
                short(code): dict(zip(("value", "low", "high"), told[number][at], strict=True))
                for number, code in enumerate(VARIABLES)
                if told[number][at][0] == told[number][at][0]
            },
        }
        for at, hour in enumerate(found.hours)
    ]


def _kept(request: HttpRequest, shown: tuple[Run, ...], asked: tuple[str, str], make: Any) -> HttpResponse:
    """Answer roads as GeoJSON with an ETag: what the browser has already is not made again."""
    digests = [results.result(run, "links", ResultSet.Type.TABLE).digest[:16] for run in shown]
    etag = f'"{"-".join([*digests, *asked, revision.current()])}"'
    known = get_conditional_response(request, etag=etag)
    response = known if known is not None and known.status_code == 304 else _answer(make(), GEOJSON)
    response["ETag"] = etag
    patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    return response


def _answer(content: Any, media: str = JSON) -> HttpResponse:
    return HttpResponse(content if isinstance(content, bytes) else msgspec.json.encode(content), content_type=media)
