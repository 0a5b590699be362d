"""Observations as data arrays: one list of rows for each datastream. Source: OGC 18-088, clause 13."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations import readings
from talkoot.core.observations.access import datastreams, may_write
from talkoot.core.observations.models import FeatureOfInterest
from talkoot.core.observations.sta.entities import FORMS, address
from talkoot.core.observations.sta.groups import Group, decode, named_features, take
from talkoot.core.observations.sta.observed import Observation
from talkoot.core.observations.sta.query.ast import Options
from talkoot.core.observations.sta.query.schema import ID
from talkoot.core.observations.sta.reading import shape_of

# The components where none are selected; further ones only where a reading has them.
ALWAYS: Final = (ID, "phenomenonTime", "result", "resultTime")
FURTHER: Final = ("resultQuality", "validTime", "parameters")
VALUES: Final[dict[str, Callable[[Any], Any]]] = {ID: lambda row: row.pk, **FORMS["Observation"].values}


def arrays(root: str, rows: Iterable[Observation], options: Options) -> list[dict[str, Any]]:
    """Return observations as data arrays, in the order of their datastreams; `root` is the service's address."""
    selected = {keys[0] for keys in options.select}
    chosen = [name for name in VALUES if name in selected]
    by_stream = groupby(sorted(rows, key=lambda row: row.stream), key=lambda row: row.stream)
    return [_array(root, list(group), chosen) for _, group in by_stream]


def _array(root: str, rows: Sequence[Observation], chosen: Sequence[str]) -> dict[str, Any]:
    further = [name for name in FURTHER if any(VALUES[name](row) is not None for row in rows)]
    components = chosen or [*ALWAYS, *further]
    getters = [VALUES[name] for name in components]
    entity = "MultiDatastream" if rows[0].of.is_multi else "Datastream"
    return {
        f"{entity}@iot.navigationLink": address(root, entity, rows[0].stream),
        "components": components,
        "dataArray@iot.count": len(rows),
        "dataArray": [[get(row) for get in getters] for row in rows],
    }


def create_observations(actor: Actor, root: str, body: bytes) -> list[str]:
    """Store the rows of data arrays; return for each the link to its observation, or "error" and what is wrong.

    Raises InvalidError for what are no data arrays, WriterError where nothing can be stored now.
    """
    try:
        groups = decode(body)
        taken = take(groups, _shapes(actor, groups), _features(groups))
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidError("body", f"This is no data array: {error}") from None
    batch = taken.batch()
    ids = iter(readings.write(batch) if len(batch) else [])
    return [
        f"error {taken.errors[row]}" if row in taken.errors else address(root, "Observation", next(ids))
        for row in range(taken.rows)
    ]


def _shapes(actor: Actor, groups: Sequence[Group]) -> dict[int, Any]:
    """Return what the datastreams take that the groups name and `actor` may write to."""
    named = datastreams(actor).select_related("thing", "sensor").filter(pk__in={group.stream for group in groups})
    return {stream.pk: shape_of(stream) for stream in named if may_write(actor, stream)}


def _features(groups: Sequence[Group]) -> set[int]:
    named = named_features(groups)
    return set(FeatureOfInterest.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
