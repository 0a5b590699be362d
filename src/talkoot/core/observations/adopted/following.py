"""Lets the datastreams of a procedure show what is adopted of it: another run at once, or nothing any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import timezone

from talkoot.core.base import audit, lake
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.programmes import procedures
from talkoot.core.base.services import service
from talkoot.core.compute import results
from talkoot.core.compute.modelled import is_modelled, pairs_of
from talkoot.core.compute.models import ResultSet, Run
from talkoot.core.observations.adopted.making import MOST_ASKED, ensure_datastreams, ensure_sensor
from talkoot.core.observations.models import AdoptedTable, Datastream
from talkoot.core.observations.store.batch import ID_BITS


def follow(payload: Mapping[str, Any]) -> None:
    """Take note that the adoption of a procedure has changed: subscribed to the outbox."""
    show_adopted(city_job(), payload["procedure"])


@service("observations.show_adopted")
def show_adopted(actor: Actor, procedure: str) -> int:
    """Let datastreams show the tables of modelled values of a procedure's adopted run; return how many do.

    There is one of each variable of each thing, kept under its identifier from run to run; those of which the run
    says nothing, and all of them where no run is adopted, are hidden: what the city says no longer is neither found
    nor counted. All of it changes in one transaction. Doing it again changes nothing.
    """
    run = results.current(procedure)
    declared = procedures().get(procedure)
    Datastream.objects.filter(adopted_table__procedure=procedure).update(adopted_table=None)
    AdoptedTable.objects.filter(procedure=procedure).update(shown_at=None)
    tables = dict(_tables(run)) if run is not None else {}
    shown = 0
    if run is not None and declared is not None and tables:
        sensor = ensure_sensor(declared, run)
        streams = ensure_datastreams(declared, sensor, sorted(pair for pairs in tables.values() for pair in pairs))
        for result, pairs in tables.items():
            mine = [streams[pair] for pair in pairs if pair in streams]
            _point(_shown(result, run, max(pairs.values(), default=0)), mine)
            shown += len(mine)
    audit.note(f"procedure {procedure}", run=str(run.uid) if run else None, datastreams=shown)
    return shown


def _tables(run: Run) -> Iterator[tuple[ResultSet, dict[tuple[str, str], int]]]:
    """Yield the tables of modelled values of a run, each with what it tells of; without those that are gone."""
    from pyarrow import ArrowInvalid, parquet

    for result in run.results.filter(type=ResultSet.Type.TABLE).order_by("name"):
        try:
            with lake.open_input(result.path) as file, parquet.ParquetFile(file) as source:
                if is_modelled(source.schema_arrow.names):
                    yield result, pairs_of(source.read(columns=["thing", "variable"]))
        except (NotFoundError, OSError, ArrowInvalid):
            continue  # /health tells


def _shown(result: ResultSet, run: Run, most: int) -> AdoptedTable:
    """Return the table as one that shows from now on; one that showed before has the numbers of then."""
    known = AdoptedTable.objects.filter(procedure=run.procedure)
    table = known.filter(path=result.path).first()
    if table is None:
        first = max((first + most for first, most in known.values_list("first", "most")), default=0)
        if first + most >= 1 << ID_BITS:
            first = 0  # after hundreds of millions of readings, identifiers of long ago come again
        table = AdoptedTable(procedure=run.procedure, path=result.path, first=first, most=most)
        table.moment = run.finished_at or run.created_at
    table.shown_at = timezone.now()
    table.save()
    return table


def _point(table: AdoptedTable, streams: list[int]) -> None:
    for start in range(0, len(streams), MOST_ASKED):
        Datastream.objects.filter(pk__in=streams[start : start + MOST_ASKED]).update(adopted_table=table)
