"""Tables of results, read row by row."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from itertools import islice

import numpy as np
import pyarrow as pa
import pytest

from talkoot.core.base.errors import NotFoundError
from talkoot.core.catalogue.formats import as_csv, as_json
from talkoot.core.compute import results
from talkoot.core.compute.models import Run
from talkoot.core.compute.writing import ResultWriter

pytestmark = pytest.mark.django_db(databases="__all__")
ROWS = 200_000


@pytest.fixture
def long_run(carried_out: Callable[..., Run]) -> Run:
    """A run with a table of 5 MB that hardly compresses."""
    run = carried_out(steps=1)
    writer = ResultWriter(run, run.fence)
    numbers = np.random.default_rng(1)
    writer.table("long", pa.table({name: numbers.random(ROWS) for name in ("value", "low", "high")}))
    writer.sets["long"].save()
    return run


def test_a_table_of_any_size_is_read_in_little_memory(long_run: Run) -> None:
    arrow = pa.total_allocated_bytes()
    tracemalloc.start()
    columns, rows = results.rows(long_run, "long")
    most = count = 0
    for row in rows:
        assert list(row) == columns
        if count % 1000 == 0:
            most = max(most, pa.total_allocated_bytes() - arrow)
        count += 1
    python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert columns == ["value", "low", "high"]
    assert count == ROWS
    assert python < 2_000_000
    assert most < 8_000_000  # a page of each column, whatever the number of rows


def test_rows_are_the_table_s(long_run: Run) -> None:
    _, rows = results.rows(long_run, "long")
    assert list(islice(rows, 3000)) == results.table(long_run, "long").slice(0, 3000).to_pylist()


def test_times_of_any_fineness_are_python_s_own(carried_out: Callable[..., Run]) -> None:
    run = carried_out(steps=1)
    writer = ResultWriter(run, run.fence)
    moment = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    writer.table("times", pa.table({"time": moment, "took": pa.array([1_500_000_001], pa.duration("ns"))}))
    writer.sets["times"].save()
    columns, rows = results.rows(run, "times")
    (written,) = csv.DictReader(io.StringIO(b"".join(as_csv(rows, columns, False)).decode()))
    assert written["time"] == "2023-11-14T22:13:20.123456+00:00"
    (told,) = json.loads(b"".join(as_json(results.rows(run, "times")[1], columns, False)))
    assert told == {"time": "2023-11-14T22:13:20.123456Z", "took": "PT1.5S"}


def test_a_table_that_is_not_there(carried_out: Callable[..., Run]) -> None:
    with pytest.raises(NotFoundError, match="squares"):
        results.rows(carried_out(steps=1), "none")
