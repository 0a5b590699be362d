"""An observation that a client described, as a row of the store that waits to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from talkoot.core.observations.models import Datastream
from talkoot.core.observations.sta.body import Body
from talkoot.core.observations.sta.problems import problem_of_row
from talkoot.core.observations.sta.rows import FIELDS, Row, RowError, Shape, row_of
from talkoot.core.observations.store.batch import Batch

FEATURE: Final = "FeatureOfInterest/id"


@dataclass(frozen=True, slots=True)
class Draft:
    """A reading of a datastream, not yet written."""

    stream: int
    row: Row


def shape_of(datastream: Datastream) -> Shape:
    """Return what results a datastream takes."""
    return Shape(tuple(datastream.observation_types), datastream.is_multi)


def draft_of(body: Body, datastream: Datastream, feature: int | None) -> Draft:
    """Return the reading that `body` describes. Raises InvalidError with what is wrong with it."""
    fields = {name: value for name, value in body.value.items() if name in FIELDS}
    if feature is not None:
        fields[FEATURE] = feature
    try:
        return Draft(datastream.pk, row_of(fields, shape_of(datastream), () if feature is None else (feature,)))
    except RowError as error:
        raise problem_of_row(error, body.where) from error


def batch_of(drafts: Sequence[Draft]) -> Batch:
    """Return drafts as a batch for the writer, in their order."""
    rows = [draft.row for draft in drafts]
    return Batch.of(
        (draft.stream for draft in drafts),
        (row.t for row in rows),
        (row.value for row in rows),
        rt=(row.rt for row in rows),
        flag=(row.flag for row in rows),
        more=[row.more for row in rows],
    )
