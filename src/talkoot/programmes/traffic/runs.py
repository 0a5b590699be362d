"""Models that were made: the one adopted, those before it, and what the adopted one says as open data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import shapely
from django.utils.translation import gettext as _

from talkoot.core.base.errors import NotFoundError
from talkoot.core.compute import results
from talkoot.core.compute.models import OPEN_STATES, Run, State
from talkoot.core.register.queries import arrays
from talkoot.programmes.traffic.kinds import SPEED
from talkoot.programmes.traffic.services import MODEL

if TYPE_CHECKING:
    import pyarrow as pa


def find(uid: UUID | str) -> Run:
    """Return the run of a model. Raises NotFoundError."""
    try:
        found = Run.objects.filter(procedure=MODEL, uid=UUID(str(uid))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFoundError(_("There is no such model. Models that were never adopted are deleted in time."))
    return found


def adopted() -> Run | None:
    """Return the run that is the city's current picture of traffic, or None."""
    return results.current(MODEL)


def latest(count: int) -> list[Run]:
    """Return the newest runs that have succeeded or are under way."""
    shown = (State.SUCCEEDED, *OPEN_STATES)
    return list(Run.objects.filter(procedure=MODEL, state__in=shown).order_by("-pk")[:count])


def hourly_rows() -> Iterator[dict[str, Any]]:
    """Yield flow, speed and emissions of each road in each hour of the adopted model, with their ranges."""
    table = _links()
    if table is None:
        return
    import pyarrow.compute as pc

    times = sorted(pc.unique(table.column("time")).to_pylist())
    for moment in times:
        hour = table.filter(pc.equal(table.column("time"), moment))
        for uid, said in _by_road(hour).items():
            yield {"uid": uid, "time": moment.isoformat(), **said}


def daily_rows() -> Iterator[dict[str, Any]]:
    """Yield the roads of the adopted model with the vehicles and emissions of its hours together, and their places."""
    table = _links()
    if table is None:
        return
    import pyarrow.compute as pc

    summed = table.filter(pc.not_equal(table.column("variable"), SPEED)).group_by(["thing", "variable"])
    roads = _by_road(summed.aggregate([(name, "sum") for name in ("value", "low", "high")]), suffix="_sum")
    known = arrays(["road_link"], attributes=("name",))
    for uid, name, shape in zip(known.uids, known.attributes["name"], known.geometries, strict=True):
        if (said := roads.get(str(uid))) is not None and shape is not None:
            place = shapely.geometry.mapping(shapely.transform(shape, lambda xy: np.round(xy, 6)))
            yield {"uid": str(uid), "name": name or "", **said, "geometry": place}


def _links() -> pa.Table | None:
    run = adopted()
    table = results.table(run, "links") if run is not None else None
    return table if table is not None and "thing" in table.column_names else None


def _by_road(table: pa.Table, suffix: str = "") -> dict[str, dict[str, float]]:
    """Return by road the values of its variables, each with its range."""
    names = ("thing", "variable", *(f"{name}{suffix}" for name in ("value", "low", "high")))
    found: dict[str, dict[str, float]] = {}
    for thing, variable, value, low, high in zip(*(table.column(name).to_pylist() for name in names), strict=True):
        short = variable.removeprefix("traffic.")
        said = {short: round(value, 3), f"{short}_low": round(low, 3), f"{short}_high": round(high, 3)}
        found.setdefault(thing, {}).update(said)
    return found
