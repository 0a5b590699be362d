"""The procedure that sums readings up over a long time, on this machine's cores or on a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.context import RunContext
from talkoot.core.compute.expiry import lake_stays
from talkoot.core.observations import access
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.readings import store

if TYPE_CHECKING:
    import pyarrow as pa

    from talkoot.core.observations.store.buckets import Buckets

UNITS: Final[Mapping[str, timedelta]] = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
WIDTH: Final = re.compile(rf"([1-9][0-9]{{0,5}})({'|'.join(UNITS)})")
BATCH_ROWS: Final = 100_000
FEW_PARTS: Final = 60  # days of some streams; for so few, starting processes takes longer than the work
YEARS: Final = range(1900, 9999)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be summed up: readings from `start` until before `end`, in buckets of `width` from `start`'s midnight.

    `observes` is the code, the definition or the name of an observed property; empty for all.
    """

    start: datetime
    end: datetime
    width: timedelta
    observes: str

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Question:
        """Read the parameters of a run; raises InvalidError with the field that is wrong."""
        start, end = _moment("from", parameters["from"]), _moment("to", parameters["to"])
        if end <= start:
            raise InvalidError("to", _("It is not after the beginning."), _("Give a later time."))
        found = WIDTH.fullmatch(parameters["width"])
        if found is None:
            raise InvalidError("width", _("This is no length of time."), _("Write it as 10min, 1h or 7d."))
        return cls(start, end, int(found[1]) * UNITS[found[2]], parameters["property"])

    @property
    def origin(self) -> datetime:
        """Where buckets are counted from: the midnight before the beginning, in the city's time."""
        return timezone.localtime(self.start).replace(hour=0, minute=0, second=0, microsecond=0)

    def datastreams(self) -> Sequence[Mapping[str, Any]]:
        """Return the datastreams that all may see, of one property each, that are asked for.

        What a run leaves is seen by all who may see runs, later too: so private datastreams are in none, whoever
        asks for it.
        """
        found = access.datastreams(Actor()).filter(is_multi=False)
        if self.observes:
            named = Q(observed_properties__code=self.observes) | Q(observed_properties__definition=self.observes)
            found = found.filter(named | Q(observed_properties__name__icontains=self.observes)).distinct()
        columns = ("pk", "thing__uid", "observed_properties__code", "observed_properties__definition", "units")
        return list(found.order_by("pk").values(*columns))


def sum_up(context: RunContext) -> None:
    """Leave a table of count, sum, mean, least and greatest value by datastream and bucket.

    Raises InvalidError for parameters that name no datastream, no time or too many buckets.
    """
    from talkoot.core.observations.store.aggregate import Aggregate

    question = Question.of(context.parameters)
    datastreams = question.datastreams()
    if not datastreams:
        raise InvalidError("property", _("No datastream that all may see observes it."), _("Give another, or none."))
    width = question.width // timedelta(microseconds=1)
    times = microseconds(question.start), microseconds(question.end)
    with lake_stays() as stay:
        keys = [one["pk"] for one in datastreams]
        try:
            work = Aggregate.of(store(), keys, *times, width, origin=microseconds(question.origin))
        except ValueError as error:
            mend = _("Make them longer, or the time shorter.")
            raise InvalidError("width", _("These are too many."), mend) from error
        context.add_input("readings", work.digest)
        table = _Table(datastreams)

        def tell(done: int, of: int) -> None:
            stay()
            context.progress(done / of, _("Summing up"))

        with context.executor() if work.stored.parts > FEW_PARTS else ThreadPoolExecutor(1) as pool:
            context.add_batches("summary", table.reader(work.summed(pool, str(settings.LAKE), tell)))
    context.summarise(datastreams=table.datastreams, rows=table.rows, readings=table.readings)


class _Table:
    """Buckets as rows of a table, and what is said of all of them."""

    def __init__(self, datastreams: Sequence[Mapping[str, Any]]) -> None:
        self._named = datastreams
        self.datastreams = self.rows = self.readings = 0

    def reader(self, pieces: Iterator[Buckets]) -> pa.RecordBatchReader:
        """Return the table, made of pieces one after the other."""
        import pyarrow as pa

        schema = pa.schema(
            [
                ("datastream", pa.int64()),
                ("thing", pa.string()),
                ("property", pa.string()),
                ("unit", pa.string()),
                ("time", pa.timestamp("us", tz="UTC")),
                ("count", pa.int64()),
                *((name, pa.float64()) for name in ("sum", "mean", "min", "max")),
            ]
        )
        return pa.RecordBatchReader.from_batches(schema, self._batches(pieces, schema))

    def _batches(self, pieces: Iterator[Buckets], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import numpy as np
        import pyarrow as pa

        keys = np.array([one["pk"] for one in self._named])
        names = [
            pa.array(column, pa.string())
            for column in (
                [str(one["thing__uid"]) for one in self._named],
                [one["observed_properties__code"] or one["observed_properties__definition"] for one in self._named],
                [str(one["units"][0].get("symbol") or "") if one["units"] else "" for one in self._named],
            )
        ]
        for piece in pieces:
            self.datastreams += len(np.unique(piece.stream))
            self.rows += len(piece)
            self.readings += int(piece.count.sum())
            at = pa.array(np.searchsorted(keys, piece.stream))
            columns = [
                pa.array(piece.stream),
                *(name.take(at) for name in names),
                pa.array(piece.start).cast(schema.field("time").type),
                pa.array(piece.count),
                *(pa.array(getattr(piece, name)) for name in ("sum", "mean", "min", "max")),
            ]
            yield from pa.table(columns, schema=schema).to_batches(max_chunksize=BATCH_ROWS)


def _moment(field: str, text: str) -> datetime:
    """Return a time, or the beginning of a day, in the city's time where it names no zone."""
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)) is not None:
            found = datetime.combine(day, time())
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise InvalidError(field, _("This is no time."), _("Write it as 2026-01-31 or 2026-01-31T12:00."))
    return found if timezone.is_aware(found) else timezone.make_aware(found)
