"""Buildings that stand in one another: accepted, since maps have them, and counted as a warning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from talkoot.core.register.importing.batches import LOOK_UP, chunks
from talkoot.core.register.metres import to_metres
from talkoot.core.register.models import Import, Thing

SWEEP: Final = 20_000
LEAST_M2: Final = 1.0
SHOWN: Final = 20


def overlapping_buildings(reading: Import) -> dict[str, Any]:
    """Return the count of overlapping pairs among the source's buildings, and the first few by identifier.

    Sweeps from west to east over `SWEEP` buildings at a time, together with those that reach in from the west.
    """
    pairs = 0
    shown: list[list[str]] = []
    carried: list[tuple[str, Any]] = []
    for part in chunks(_buildings(reading), SWEEP):
        here = carried + part
        for first, second in _overlaps([shape for _, shape in here], len(carried)).tolist():
            pairs += 1
            if len(shown) < SHOWN:
                shown.append([here[first][0], here[second][0]])
        front = shapely.bounds(part[-1][1])[0]
        carried = [(name, shape) for name, shape in here if shapely.bounds(shape)[2] >= front]
    return {"overlapping_buildings": pairs, "overlaps": shown} if pairs else {}


def _buildings(reading: Import) -> Iterator[tuple[str, Any]]:
    standing = Thing.objects.filter(
        source=reading.source, kind="building", valid_to__isnull=True, geometry__isnull=False
    )
    things = standing.order_by("min_lon").only("external_id", "geometry")
    for thing in things.iterator(chunk_size=LOOK_UP):
        yield thing.external_id, thing.shape


def _overlaps(shapes: list[Any], old: int) -> NDArray[np.int64]:
    """Return the pairs of positions that share ground, but for those of which both are among the first `old`."""
    flat = np.array(shapes, dtype=object)
    first, second = shapely.STRtree(flat).query(flat, predicate="intersects")
    pairs = np.column_stack((first, second))[(first < second) & (second >= old)]
    if not len(pairs):
        return np.empty((0, 2), np.int64)
    ground = to_metres(flat[pairs])
    shared = shapely.area(shapely.intersection(ground[:, 0], ground[:, 1]))
    return np.asarray(pairs[shared >= LEAST_M2], dtype=np.int64)
