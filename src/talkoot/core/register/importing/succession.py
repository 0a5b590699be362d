"""Which new things take the place of one that is gone: a building split in two, lamps replaced, links joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.db.models import QuerySet
from numpy.typing import NDArray

from talkoot.core.register.importing.batches import LOOK_UP, chunks
from talkoot.core.register.metres import to_metres
from talkoot.core.register.models import Thing

# A thing takes another's place where they share this much of the smaller one, ...
SHARE: Final = 0.3
# ... lines and points being as wide as a surveyor's eye takes them for the same (m).
NEAR_M: Final = 3.0
# A margin of bounds in degrees, wider than NEAR_M up to 80 degrees of latitude.
MARGIN: Final = 2e-4


@dataclass(frozen=True, slots=True)
class Written:
    """The bounds of the things of each kind that an import has written; geometries are fetched as needed."""

    keys: dict[str, NDArray[np.int64]]
    trees: dict[str, Any]

    @classmethod
    def of(cls, things: QuerySet[Thing], kinds: set[str]) -> Written:
        """Index the written things of `kinds` by their bounds."""
        keys, trees = {}, {}
        for kind in kinds:
            placed = things.filter(kind=kind, geometry__isnull=False).order_by("id")
            columns = placed.values_list("id", "min_lon", "min_lat", "max_lon", "max_lat")
            rows = np.array(list(columns.iterator(chunk_size=LOOK_UP)), dtype=np.float64).reshape(-1, 5)
            keys[kind] = rows[:, 0].astype(np.int64)
            trees[kind] = shapely.STRtree(shapely.box(*rows[:, 1:].T))
        return cls(keys, trees)

    def near(self, kind: str, boxes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of (position in `boxes`, key of a written thing) whose bounds meet."""
        if kind not in self.trees:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        positions, found = self.trees[kind].query(boxes)
        return positions, self.keys[kind][found]


def successors(gone: Sequence[Thing], written: Written) -> list[tuple[int, int]]:
    """Return (key of a gone thing, key of one that takes its place) for things of the same kind."""
    pairs: list[tuple[int, int]] = []
    for kind in sorted({thing.kind for thing in gone}):
        of_kind = [thing for thing in gone if thing.kind == kind and thing.geometry is not None]
        bounds = np.array([[t.min_lon, t.min_lat, t.max_lon, t.max_lat] for t in of_kind], dtype=np.float64)
        if not len(bounds):
            continue
        boxes = shapely.box(*(bounds + np.array([-MARGIN, -MARGIN, MARGIN, MARGIN])).T)
        positions, keys = written.near(kind, boxes)
        for part in np.array_split(np.arange(len(keys)), max(1, len(keys) // (5 * LOOK_UP))):
            pairs += _sharing(of_kind, positions[part], keys[part])
    return pairs


def _sharing(gone: list[Thing], positions: NDArray[np.int64], keys: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the pairs that share enough of their ground."""
    if not len(keys):
        return
    shapes = dict(_shapes_of(np.unique(keys).tolist()))
    standing = np.array(
        [key in shapes and gone[position].pk != key for position, key in zip(positions, keys, strict=True)]
    )
    positions, keys = positions[standing], keys[standing]
    old = _ground([gone[position].shape for position in positions.tolist()])
    new = _ground([shapes[key] for key in keys.tolist()])
    shared = shapely.area(shapely.intersection(old, new))
    smaller = np.minimum(shapely.area(old), shapely.area(new))
    for position, key in zip(positions[shared >= SHARE * smaller], keys[shared >= SHARE * smaller], strict=True):
        yield int(gone[position].pk), int(key)


def _shapes_of(keys: list[int]) -> Iterator[tuple[int, Any]]:
    for part in chunks(keys, LOOK_UP):
        for thing in Thing.objects.filter(id__in=part).only("geometry"):
            yield thing.pk, thing.shape


def _ground(shapes: list[Any]) -> NDArray[np.object_]:
    """Return the shapes in metres as areas: points and lines with some width."""
    flat = to_metres(np.array(shapes, dtype=object))
    wide = shapely.buffer(flat, NEAR_M / 2, quad_segs=4)
    return np.asarray(np.where(shapely.get_dimensions(flat) < 2, wide, flat), dtype=object)
