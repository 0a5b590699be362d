"""Readings of the store as columns of observations, and of what observations lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
from django.db.models import F
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.sta.query.ast import Path
from talkoot.core.observations.sta.query.checking import type_of
from talkoot.core.observations.sta.query.columns import Column, Mask, nulls, of_values
from talkoot.core.observations.sta.query.row_by_row import column_of, within
from talkoot.core.observations.sta.query.schema import Type
from talkoot.core.observations.sta.query.sql_functions import Among
from talkoot.core.observations.sta.query.sql_values import Values, has_many
from talkoot.core.observations.store.batch import Readings

FEATURE: Final = "FeatureOfInterest"
RAW: Final = "rawResult"  # the parameter that has the result as it was sent
Rare = dict[int, dict[str, Any]]


@dataclass(slots=True, eq=False)
class Results(Column):
    """Results: numbers as they are, anything else by its position. `values` holds the numbers, NaN elsewhere."""

    others: dict[int, Any] | None = None

    def as_kind(self, kind: Type) -> Column:
        """Return the results of one kind; the others are null."""
        if kind == "json":
            return self
        others = Column("json", _objects(len(self.values), self.others or {}), self.null).as_kind(kind)
        if kind != "number":
            return others
        absent = np.isnan(self.values)
        return Column(kind, np.where(absent, others.values, self.values), absent & others.null)


class ReadingColumns:
    """The columns of a block of readings: `column` gives that of a property of observations."""

    def __init__(self, readings: Readings, values: Values) -> None:
        """Parameters: `values` sees what readings lead to as the actor does."""
        self._readings = readings
        self._values = values
        self._known: dict[Path, Column] = {}

    def column(self, path: Path) -> Column:
        """Return the column of a property, also of one that an observation's entities have."""
        if path not in self._known:
            self._known[path] = self._led(path) if path.navigation else self._own(path)
        return self._known[path]

    @cached_property
    def _rare(self) -> Rare:
        """What is rare about readings, by position, for those that have any."""
        more = self._readings.more or ()
        return {place: msgspec.json.decode(text) for place, text in enumerate(more) if text}

    def _own(self, path: Path) -> Column:
        readings, count = self._readings, len(self._readings)
        match path.name:
            case "id":
                return Column("number", readings.ids.astype(np.float64), np.zeros(count, np.bool_))
            case "phenomenonTime":
                return Column("period", readings.t, np.zeros(count, np.bool_), self._ends())
            case "resultTime":
                return Column("period", readings.rt, readings.rt == 0)
            case "validTime":
                return self._valid()
            case name if name.startswith("@"):
                keys, absent = self._keys(name[1:])
                return Column("number", keys.astype(np.float64), absent)
            case "result" if not path.keys:
                others = {place: rare["result"] for place, rare in self._rare.items() if rare.get("result") is not None}
                null = np.isnan(readings.value)
                null[list(others)] = False
                return Results("json", readings.value, null, others=others)
        name = {"resultQuality": "quality"}.get(path.name, path.name)
        said = self._parameters() if name == "parameters" else {at: rare.get(name) for at, rare in self._rare.items()}
        found = {place: within(value, path.keys) for place, value in said.items()}
        return of_values("json", _objects(count, found).tolist())

    def _parameters(self) -> dict[int, Any]:
        """Return parameters by position, for readings that have any or are calibrated."""
        said = {place: rare.get("parameters") for place, rare in self._rare.items()}
        if (raw := self._readings.raw) is not None:
            for place in np.flatnonzero(~np.isnan(raw)).tolist():
                said[place] = with_raw(said.get(place), float(raw[place]))
        return said

    def _ends(self) -> NDArray[np.int64]:
        ends = self._readings.t
        changed = {place: rare["end"] for place, rare in self._rare.items() if "end" in rare}
        if changed:
            ends = ends.copy()
            ends[list(changed)] = list(changed.values())
        return ends

    def _valid(self) -> Column:
        column = nulls("period", len(self._readings))
        column.ends = ends = column.values.copy()
        for place, rare in self._rare.items():
            if (valid := rare.get("valid")) is not None:
                column.values[place], ends[place] = valid
                column.null[place] = False
        return column

    def _led(self, path: Path) -> Column:
        """Return the column of a property of an entity that observations lead to, one for each."""
        name, below = path.navigation[0], path.below()
        keys, absent = self._keys(name)
        if has_many(below, name):
            raise InvalidError(
                "$filter",
                f"At character {path.at + 1}: an observation cannot be compared with one of several.",
                "Compare it with what there is one of, such as Datastream/Thing.",
            )
        wanted, place = np.unique(keys[~absent], return_inverse=True)
        column = self._read(name, below, wanted.tolist())
        everywhere = np.full(len(keys), len(wanted))
        everywhere[~absent] = place
        return _taken(column, everywhere)

    def _read(self, entity: str, path: Path, wanted: Sequence[int]) -> Column:
        """Return a property of the entities of these keys, in their order, with one null behind them."""
        rows = self._values.rows(entity).filter(Among(F("pk"), wanted))
        found = dict(rows.order_by().values_list("pk", self._values.read(entity, path)))
        column = column_of(
            self._values.origin(entity, path), type_of(path, entity), [found.get(key) for key in wanted], wanted
        )
        known = np.fromiter((key in found for key in wanted), np.bool_, len(wanted))
        column.null |= ~known
        return column

    def _keys(self, name: str) -> tuple[NDArray[np.int64], Mask]:
        """Return the keys of what a navigation property leads to, and where it leads nowhere."""
        streams = self._readings.stream
        if name != FEATURE:
            return streams, np.zeros(len(streams), np.bool_)
        usual = dict(
            Datastream.objects.filter(Among(F("pk"), np.unique(streams).tolist())).values_list("pk", "feature_id")
        )
        features = [usual.get(stream) or 0 for stream in streams.tolist()]
        for place, rare in self._rare.items():
            features[place] = rare.get("feature", features[place])
        keys = np.array(features, np.int64)
        return keys, keys == 0


def with_raw(parameters: Any, raw: float) -> Any:
    """Return an observation's parameters with its raw result (NaN: it has none), unless the sender has one so named."""
    if raw != raw or not isinstance(parameters, dict | None):
        return parameters
    return {RAW: raw} if parameters is None else {RAW: raw, **parameters}


def _objects(length: int, found: dict[int, Any]) -> NDArray[np.object_]:
    """Return objects at their positions, None elsewhere."""
    objects = np.full(length, None, object)
    for place, value in found.items():
        objects[place] = value
    return objects


def _taken(column: Column, positions: NDArray[np.int64]) -> Column:
    """Return the column's values at the positions; the one behind its end is null."""
    behind = nulls(column.kind, 1)
    ends = None if column.ends is None else np.append(column.ends, 0)[positions]
    values = np.concatenate([column.values, behind.values])[positions]
    return Column(column.kind, values, np.append(column.null, True)[positions], ends)
