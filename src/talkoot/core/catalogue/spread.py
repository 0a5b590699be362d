"""How a kind's numbers are spread, and how many of them are assumed: what a person asks of a dataset first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from django.db.models import F, Q
from django.utils import timezone
from numpy.typing import NDArray

from talkoot.core.base.declare import Kind
from talkoot.core.base.programmes import kinds
from talkoot.core.register import revision
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import counts_by_kind

SAMPLED: Final = 5000
BINS: Final = 12
LEAST: Final = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """The histogram of an attribute: `edges` in its unit, and between each two how many were found and assumed.

    `share` is the part of the kind's things that was looked at, 1 for all.
    """

    attribute: str
    edges: tuple[float, ...]
    found: tuple[int, ...]
    assumed: tuple[int, ...]
    share: float


def spreads(kind: Kind) -> tuple[Spread, ...]:
    """Return the spread of every number that at least ten things of the kind have; made once for each revision."""
    return _spreads_at(revision.current(), kind.code)


@lru_cache(maxsize=64)
def _spreads_at(at: str, kind: str) -> tuple[Spread, ...]:
    numeric = [
        code
        for code, schema in kinds()[kind].schema.get("properties", {}).items()
        if schema.get("type") in ("number", "integer")
    ]
    if not numeric:
        return ()
    every = max(1, counts_by_kind().get(kind, 0) // SAMPLED)
    is_open = Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.now())
    things = Thing.objects.filter(is_open, kind=kind).annotate(turn=F("pk") % every).filter(turn=0)
    rows = list(things.values_list("attributes", "provenance"))
    return tuple(found for code in numeric if (found := _spread(code, rows, 1 / every)) is not None)


def _spread(code: str, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, str]]], share: float) -> Spread | None:
    having = [(row[code], origins.get(code, "").startswith("assumed:")) for row, origins in rows if code in row]
    values = np.array([value for value, _ in having], dtype=float)
    if len(values) < LEAST or values.min() == values.max():
        return None
    is_assumed = np.array([assumed for _, assumed in having])
    edges = _round_edges(float(values.min()), float(values.max()))
    return Spread(
        attribute=code,
        edges=tuple(round(float(edge), 3) for edge in edges),
        found=tuple(np.histogram(values[~is_assumed], bins=edges)[0].tolist()),
        assumed=tuple(np.histogram(values[is_assumed], bins=edges)[0].tolist()),
        share=share,
    )


def _round_edges(least: float, most: float) -> NDArray[np.float64]:
    """Return at most `BINS` bins of one round width (1, 2 or 5 times a power of ten) that hold both ends."""
    rough = (most - least) / (BINS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(least / width), math.floor(most / width) + 1
    return np.arange(first, last + 1, dtype=np.float64) * width
