"""Plans over HTTP: what was planned, the chosen poles and the bit rate as GeoJSON. Open to everybody to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control
from ninja import Router

from talkoot.core.base import lake
from talkoot.core.base.services import require
from talkoot.core.catalogue.formats import FORMATS
from talkoot.core.compute import results
from talkoot.core.compute.models import ResultSet, Run
from talkoot.core.ui.incoming import actor_of
from talkoot.programmes.light_poles import plans

router = Router()

GEOJSON = "application/geo+json"
JSON = "application/json"
EMPTY = {"type": "FeatureCollection", "features": []}
MOST_PLANS = 100


@router.get("/plans", summary="Plans, the newest first")
def list_plans(request: HttpRequest, limit: int = 20) -> HttpResponse:
    """Answer the newest plans with their parameters and figures; `limit` is at most 100."""
    _may_view(request)
    in_use = plans.adopted()
    found = plans.latest(min(max(limit, 1), MOST_PLANS))
    return _answer([_told(run, adopted=in_use is not None and in_use.pk == run.pk) for run in found])


@router.get("/plans/{uid}", summary="One plan, whole", url_name="light-poles-plan")
def plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Answer a plan: parameters, digests of its inputs, figures with bound and range, and the chosen poles."""
    _may_view(request)
    run = plans.find(uid)
    return _answer({**_told(run), "inputs": run.inputs, **plans.content(run)})


@router.get("/plans/{uid}/poles", summary="A plan's poles as GeoJSON", url_name="light-poles-plan-poles")
def plan_poles(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Answer the chosen poles as points, in the order in which each adds most."""
    _may_view(request)
    return _kept(request, plans.find(uid), "plan", _poles)


@router.get("/plans/{uid}/poles.csv", summary="A plan's poles as CSV", url_name="light-poles-plan-csv")
def plan_csv(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Answer the chosen poles as a table."""
    _may_view(request)
    run = plans.find(uid)
    chosen = plans.content(run)["chosen"]
    csv = FORMATS["csv"]
    response = HttpResponse(csv.write(chosen, list(chosen[0]), False), content_type=csv.media_type)
    response["Content-Disposition"] = f'attachment; filename="poles-{run.uid}.csv"'
    return response


@router.get("/plans/{uid}/bit-rate", summary="A plan's bit rate as GeoJSON", url_name="light-poles-plan-bit-rate")
def plan_bit_rate(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Answer areas of like median bit rate, each with the edges of its class in Mbit/s."""
    _may_view(request)
    return _kept(request, plans.find(uid), "bit_rate_areas", _areas)


@router.get("/adopted/poles", summary="The poles of the plan in use", url_name="light-poles-poles")
def adopted_poles(request: HttpRequest) -> HttpResponse:
    """Answer the poles of the adopted plan; none where no plan is in use."""
    _may_view(request)
    run = plans.adopted()
    return _kept(request, run, "plan", _poles) if run else _answer(EMPTY, GEOJSON)


@router.get("/adopted/bit-rate", summary="The bit rate of the plan in use", url_name="light-poles-bit-rate")
def adopted_bit_rate(request: HttpRequest) -> HttpResponse:
    """Answer the areas of the adopted plan; none where no plan is in use."""
    _may_view(request)
    run = plans.adopted()
    return _kept(request, run, "bit_rate_areas", _areas) if run else _answer(EMPTY, GEOJSON)


def _may_view(request: HttpRequest) -> None:
    require(actor_of(request), "light_poles.view")


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


def _poles(run: Run) -> bytes:
    return msgspec.json.encode(plans.poles(run))


def _areas(run: Run) -> bytes:
    return lake.read_bytes(results.result(run, "bit_rate_areas", ResultSet.Type.PATHS).path)


def _kept(request: HttpRequest, run: Run, name: str, read: Any) -> HttpResponse:
    """Answer a result as GeoJSON with an ETag: one that the browser has already is not read again."""
    kind = ResultSet.Type.PLAN if name == "plan" else ResultSet.Type.PATHS
    etag = f'"{results.result(run, name, kind).digest[:32]}"'
    known = get_conditional_response(request, etag=etag)
    response = known if known is not None and known.status_code == 304 else _answer(read(run), GEOJSON)
    response["ETag"] = etag
    patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    return response


def _answer(content: Any, media: str = JSON) -> HttpResponse:
    return HttpResponse(content if isinstance(content, bytes) else msgspec.json.encode(content), content_type=media)
