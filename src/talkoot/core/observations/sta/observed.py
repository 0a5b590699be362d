"""Observations, read from the store of readings as rows beside those of the database.

What they have in common is read once for each page.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Final

import msgspec

from talkoot.core.base.actors import Actor
from talkoot.core.observations import access
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.readings import store
from talkoot.core.observations.sta.moments import iso
from talkoot.core.observations.sta.query.ast import Comparison, Expression, Literal, Logical, Options, Path
from talkoot.core.observations.sta.query.reading_columns import RAW, with_raw
from talkoot.core.observations.sta.query.row_by_row import last_times
from talkoot.core.observations.sta.query.schema import ID
from talkoot.core.observations.sta.rows import OM
from talkoot.core.observations.sta.search import Key, search, time_order
from talkoot.core.observations.store.batch import ID_BITS, Readings

Page = tuple[list["Observation"], bool, int | None]
COUNT: Final = f"{OM}CountObservation"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which observations a path names: of some streams (None: all), about a feature, one of a key.

    `after` is the last one of the page before.
    """

    streams: tuple[int, ...] | None = None
    feature: int | None = None
    key: int | None = None
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """What of a datastream its readings need to be written as observations."""

    is_multi: bool
    is_count: bool
    feature: int | None
    is_public: bool


@dataclass(slots=True)
class Observation:
    """A reading as an observation; `raw` is its stored value where a calibration has made another of it, else NaN."""

    pk: int
    stream: int
    of: Stream
    t: int
    rt: int
    value: float
    raw: float
    more: Mapping[str, Any]

    @property
    def phenomenon_time(self) -> str:
        """The time it is about, a moment or an interval."""
        end = self.more.get("end")
        return iso(self.t) if end is None else f"{iso(self.t)}/{iso(end)}"

    @property
    def result_time(self) -> str | None:
        """When the result came to be, where that was said."""
        return iso(self.rt) if self.rt else None

    @property
    def valid_time(self) -> str | None:
        """When the result may be used, where that was said."""
        valid = self.more.get("valid")
        return None if valid is None else "/".join(map(iso, valid))

    @property
    def result(self) -> Any:
        """The result, a number or whatever JSON; a calibrated count may be no whole number."""
        if math.isnan(self.value):
            return self.more.get("result")
        return int(self.value) if self.of.is_count and self.value.is_integer() else self.value

    @property
    def quality(self) -> Any:
        """What was said of its quality."""
        return self.more.get("quality")

    @property
    def parameters(self) -> Any:
        """Its parameters, where it has any, and the result that was sent where it is calibrated."""
        return with_raw(self.own_parameters, self.raw)

    @property
    def own_parameters(self) -> Any:
        """The parameters that its sender gave it."""
        return self.more.get("parameters")

    @property
    def sent(self) -> dict[str, Any]:
        """What calibration has changed of it, as it was sent; empty where it is not calibrated."""
        if math.isnan(self.raw):
            return {}
        return {"result": int(self.raw) if self.of.is_count else self.raw, "parameters": self.own_parameters}

    def as_sent(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return members for a change of it; a raw result among the parameters tells that they were read of it.

        Such are as they were sent: without the raw result, and with it as the result where that is as it was read.
        """
        said, parameters = dict(members), members.get("parameters")
        if isinstance(parameters, dict) and parameters.get(RAW) == self.raw and RAW not in (self.own_parameters or ()):
            said["parameters"] = {name: value for name, value in parameters.items() if name != RAW} or None
            if said.get("result") == self.result:
                said["result"] = self.sent["result"]
        return said

    @property
    def datastream_id(self) -> int | None:
        """The datastream, where that is of one property."""
        return None if self.of.is_multi else self.stream

    @property
    def multi_datastream_id(self) -> int | None:
        """The datastream, where that is of several properties."""
        return self.stream if self.of.is_multi else None

    @property
    def feature_id(self) -> int | None:
        """What it is about: its own feature, else its datastream's."""
        own: int | None = self.more.get("feature")
        return self.of.feature if own is None else own


def scope_of(entity: str, parent: Any) -> Scope:
    """Return the observations that an entity leads to: a datastream's, or those about a feature of interest."""
    return Scope(feature=parent.pk) if entity == "FeatureOfInterest" else Scope(streams=(parent.pk,))


def one(actor: Actor, scope: Scope) -> Observation | None:
    """Return the observation of the scope's key, or None where there is none that the actor may see."""
    if scope.key is None or not 0 < scope.key < 1 << 53:
        return None
    stream = scope.key >> ID_BITS
    if scope.streams is not None and stream not in scope.streams:
        return None
    if not access.datastreams(actor).filter(pk=stream).exists():
        return None
    rows = observations(store().by_id([scope.key]))
    if not rows or (scope.feature is not None and rows[0].feature_id != scope.feature):
        return None
    return rows[0]


def page(actor: Actor, scope: Scope, options: Options, limit: int) -> Page:
    """Return a page of observations, whether there are more, and their count where `options` ask for it."""
    visible = access.datastreams(actor)
    if scope.streams is not None:
        visible = visible.filter(pk__in=scope.streams)
    streams = list(visible.order_by("pk").values_list("pk", flat=True))
    return _page(actor, streams, _with_feature(options, scope.feature), limit, scope.after)


def groups(actor: Actor, entity: str, rows: Sequence[Any], options: Options, limit: int) -> dict[int, Page]:
    """Return a page of observations of each of the datastreams, or features, `rows`."""
    if entity == "FeatureOfInterest":
        return {row.pk: page(actor, scope_of(entity, row), options, limit) for row in rows}
    if _is_latest(options, limit):
        return _latest(rows, options)
    return {row.pk: _page(actor, [row.pk], options, limit) for row in rows}


def set_times(rows: Iterable[Datastream]) -> None:
    """Set on datastreams the interval of time that their readings are about; None where they have none."""
    by_key = {row.pk: row for row in rows}
    for row in by_key.values():
        row.phenomenon_time = row.result_time = None  # type: ignore[attr-defined]
    known = store().summaries(sorted(by_key))
    columns = (known.stream, known.count, known.first_t, last_times(known.latest))
    for stream, count, first, last in zip(*(column.tolist() for column in columns), strict=True):
        if count:
            by_key[stream].phenomenon_time = f"{iso(first)}/{iso(last)}"  # type: ignore[attr-defined]


def observations(readings: Readings) -> list[Observation]:
    """Return readings as observations, with what their datastreams say of them."""
    of = _streams(set(readings.stream.tolist()))
    columns = zip(
        readings.ids.tolist(),
        readings.stream.tolist(),
        readings.t.tolist(),
        readings.rt.tolist(),
        readings.value.tolist(),
        repeat(math.nan, len(readings)) if readings.raw is None else readings.raw.tolist(),
        readings.more or [None] * len(readings),
        strict=True,
    )
    return [
        Observation(key, stream, of[stream], t, rt, value, raw, msgspec.json.decode(more) if more else {})
        for key, stream, t, rt, value, raw, more in columns
        if stream in of
    ]


def _streams(keys: Collection[int]) -> dict[int, Stream]:
    names = ("pk", "is_multi", "observation_types", "feature_id", "is_public")
    return {
        key: Stream(multi, not multi and types == [COUNT], feature, is_public)
        for key, multi, types, feature, is_public in Datastream.objects.filter(pk__in=keys).values_list(*names)
    }


def _page(actor: Actor, streams: list[int], options: Options, limit: int, after: Key | None = None) -> Page:
    readings, count = search(actor, streams, options, limit + 1, after)
    return observations(readings.take(slice(limit))), 0 < limit < len(readings), count


def _with_feature(options: Options, feature: int | None) -> Options:
    """Return the options with the condition that an observation is about the feature."""
    if feature is None:
        return options
    about: Expression = Comparison("eq", Path(("FeatureOfInterest",), ID), Literal(feature))
    if options.filter is not None:
        about = Logical("and", (about, options.filter))
    return replace(options, filter=about)


def _is_latest(options: Options, limit: int) -> bool:
    return limit == 1 and not options.skip and options.filter is None and time_order(options.orderby) is True


def _latest(rows: Sequence[Any], options: Options) -> dict[int, Page]:
    """Return the latest observation of each datastream, kept ready by the store."""
    known = store().summaries(sorted(row.pk for row in rows))
    counts = dict(zip(known.stream.tolist(), known.count.tolist(), strict=True))
    last = {row.stream: row for row in observations(known.latest.take(known.count > 0))}
    pages: dict[int, Page] = {}
    for row in rows:
        count = counts.get(row.pk, 0)
        pages[row.pk] = [last[row.pk]] if count else [], count > 1, count if options.count else None
    return pages
