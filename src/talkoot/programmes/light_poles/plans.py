"""Plans that were made: the one adopted, those before it, and what each says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from talkoot.core.base import lake
from talkoot.core.base.errors import NotFoundError
from talkoot.core.compute import results
from talkoot.core.compute.models import OPEN_STATES, ResultSet, Run, State
from talkoot.programmes.light_poles.services import PLAN

GeoJson = dict[str, Any]


def find(uid: UUID | str) -> Run:
    """Return the run of a plan. Raises NotFoundError."""
    try:
        found = Run.objects.filter(procedure=PLAN, uid=UUID(str(uid))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFoundError(_("There is no such plan. Plans that were never adopted are deleted in time."))
    return found


def adopted() -> Run | None:
    """Return the run that is the city's plan now, or None."""
    return results.current(PLAN)


def latest(count: int) -> list[Run]:
    """Return the newest runs that have succeeded or are under way."""
    shown = (State.SUCCEEDED, *OPEN_STATES)
    return list(Run.objects.filter(procedure=PLAN, state__in=shown).order_by("-pk")[:count])


def content(run: Run) -> dict[str, Any]:
    """Return what a finished plan says, not to be changed; raises NotFoundError where the run has left none."""
    return _read(results.result(run, "plan", ResultSet.Type.PLAN).path)


@lru_cache(maxsize=16)
def _read(path: str) -> dict[str, Any]:
    """Read a plan from the lake; what lies there under a path never changes."""
    plan: dict[str, Any] = json.loads(lake.read_bytes(path))
    return plan


def poles(run: Run) -> GeoJson:
    """Return the chosen poles as GeoJSON points."""
    return {"type": "FeatureCollection", "features": [_point(pole) for pole in content(run)["chosen"]]}


def _point(pole: dict[str, Any]) -> GeoJson:
    rest = {name: value for name, value in pole.items() if name not in ("lon", "lat")}
    place = {"type": "Point", "coordinates": [pole["lon"], pole["lat"]]}
    return {"type": "Feature", "id": pole["uid"], "geometry": place, "properties": rest}


def dataset_rows() -> Iterator[dict[str, Any]]:
    """Yield the adopted plan's poles as open data."""
    run = adopted()
    for pole in content(run)["chosen"] if run else ():
        feature = _point(pole)
        yield {**feature["properties"], "geometry": feature["geometry"]}
