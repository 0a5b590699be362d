"""Begins an assignment with the paths of one before, on the same links."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.bundles import Bundles
from talkoot.programmes.traffic.engine.paths import NONE, Paths, copy, living, room_for

Longs = NDArray[np.int64]


def warmed(
    old: Paths, before: Bundles, before_bounds: tuple[int, ...], bundles: Bundles, bounds: tuple[int, ...]
) -> Paths:
    """Return the old paths for the pairs of today, each pair's flows brought to its demand in their old shares.

    Pairs are those of the same class, origin and destination; those that had no path have none yet.
    """
    old_keys, keys = _keys(before, before_bounds), _keys(bundles, bounds)
    order = np.argsort(old_keys)
    at = np.searchsorted(old_keys[order], keys).clip(max=len(order) - 1)
    known = old_keys[order][at] == keys if len(order) else np.zeros(len(keys), np.bool_)
    count, links = living(old)
    made = room_for(len(keys), 2 * max(count, len(keys)) + 1000, 2 * max(links, 16 * len(keys)) + 10_000)
    first = np.where(known, old.first[order[at]], NONE).astype(np.int32) if len(order) else made.first
    copy(old._replace(first=first), made)
    _scale(made, bundles.demand)
    return made


def _keys(bundles: Bundles, bounds: tuple[int, ...]) -> Longs:
    """Return a number for each pair that is that of its class, origin and destination."""
    nodes = bundles.arc_in.shape[1]
    class_of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    of_bundle = class_of * nodes + bundles.origin
    of_pair: Longs = np.repeat(of_bundle, np.diff(bundles.start)) * nodes + bundles.to
    return of_pair


@compiled
def _scale(paths: Paths, demand: NDArray[np.float64]) -> None:
    for pair in range(len(paths.first)):
        total, path = 0.0, paths.first[pair]
        while path >= 0:
            total += paths.flow[path]
            path = paths.next[path]
        path = paths.first[pair]
        while path >= 0:
            paths.flow[path] = paths.flow[path] / total * demand[pair] if total > 0.0 else 0.0
            path = paths.next[path]
        if total <= 0.0:
            paths.first[pair] = NONE
