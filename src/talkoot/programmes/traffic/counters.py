"""What counters of vehicles beside the roads say: the hourly flow of a workday, on the road each stands at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import shapely
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from talkoot.core.base.actors import Actor
from talkoot.core.observations import access
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.queries import microseconds, moment
from talkoot.core.observations.readings import store
from talkoot.core.register.metres import to_metres

VARIABLE: Final = "count.vehicles"  # vehicles that passed since the reading before
REACH_M: Final = 30.0  # a counter counts the road that lies no farther than this
HOUR: Final = 3_600_000_000  # microseconds
SATURDAY: Final = 5
HOURS: Final = 24
NOISE: Final = 0.05  # of a count itself, as a share
LEAST_SD: Final = 5.0  # vehicles an hour

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counter:
    """What a counter says of a road link's both directions together.

    `flow` and `sd` are vehicles an hour by the hour of a workday, shape (24,); NaN where it has not counted.
    """

    road: str
    flow: Floats
    sd: Floats
    simulated: bool


def counters_at(roads: Sequence[str], shapes: NDArray[np.object_], actor: Actor, days: int) -> list[Counter]:
    """Return what the counters beside roads have counted in the last days, as far as `actor` may see it.

    Parameters: `roads`, the uids of road links, and their `shapes` in degrees. Counters that stand at no road or do not
    promise how often they send are left out. Of several at one road the one that has counted most hours speaks.
    """
    streams = list(_streams(actor))
    if not streams or not days or not len(roads):
        return []
    lines = shapely.STRtree(to_metres(shapes))
    points = to_metres(np.array([stream.thing.shape.representative_point() for stream in streams], object))
    at, line = lines.query_nearest(points, max_distance=REACH_M, all_matches=False)
    flows = _hourly_flows(streams, timezone.localtime(), days)
    found: dict[str, Counter] = {}
    for stream, road in zip(at.tolist(), line.tolist(), strict=True):
        flow, sd = flows[stream]
        counter = Counter(roads[road], flow, sd, bool(streams[stream].source.simulated))
        known = found.get(counter.road)
        if np.isfinite(flow).any() and (known is None or _hours(known) < _hours(counter)):
            found[counter.road] = counter
    return list(found.values())


def digest_of(counters: Sequence[Counter]) -> str:
    """Return what tells counts apart, in hex."""
    content = hashlib.blake2b(digest_size=16)
    for counter in sorted(counters, key=lambda each: each.road):
        content.update(counter.road.encode() + counter.flow.tobytes() + counter.sd.tobytes())
    return content.hexdigest()


def _hours(counter: Counter) -> int:
    return int(np.isfinite(counter.flow).sum())


def _streams(actor: Actor) -> Any:
    """Return the datastreams of counted vehicles, whichever programme has put them up, that stand somewhere."""
    definition = f"{settings.BASE_URI}/variables/{VARIABLE}"
    seen = access.datastreams(actor).filter(sensor__procedure="", interval__gt=0, thing__geometry__isnull=False)
    counting = seen.filter(observed_properties__definition=definition)
    return counting.select_related("thing", "source").order_by("pk")


def _hourly_flows(streams: Sequence[Datastream], until: datetime, days: int) -> list[tuple[Floats, Floats]]:
    """Return mean and standard deviation of each stream's flow by the hour of a workday, vehicles an hour.

    The flow of an hour is the mean of its readings over their interval, so that a gap in it changes nothing. Where
    there is but one day, its hours are trusted as Poisson's numbers are.
    """
    start = (until - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    keys = [stream.pk for stream in streams]
    buckets = store().buckets(keys, microseconds(start), microseconds(until), HOUR)
    local = [timezone.localtime(moment(begin)) for begin in buckets.start.tolist()]
    hour = np.array([each.hour for each in local], np.int64)
    workday = np.array([each.weekday() < SATURDAY for each in local], bool)
    found = []
    for stream in streams:
        mine = workday & (buckets.stream == stream.pk)
        flow = buckets.mean[mine] * 3600.0 / float(stream.interval or 1.0)
        count = np.bincount(hour[mine], minlength=HOURS)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(hour[mine], flow, HOURS) / count
            square = np.bincount(hour[mine], flow**2, HOURS) / count - mean**2
            spread = np.where(count > 1, np.sqrt(np.maximum(square, 0.0) / np.maximum(count - 1, 1)), np.sqrt(mean))
        found.append((mean, np.maximum(np.hypot(spread, NOISE * mean), LEAST_SD)))
    return found
