"""The same sums over the same Parquet, elsewhere: by one process, by this machine's cores, by a Dask cluster of two.

    python -m benchmarks.observations_scale [--rows 10000000] [--streams 1000] [--days 30] [--print]

The workload of `benchmarks.readings` is written, sealed, and summed up in buckets. Each way must give the same arrays
bit by bit. Pool and cluster are there before the clock runs; everything shares one machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.homes import city
from benchmarks.observations_store import load, observer, settle
from benchmarks.readings import START, Workload
from benchmarks.results import write_section

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.aggregate import Aggregate
from talkoot.core.observations.store.batch import DAY, HOUR, SECOND
from talkoot.core.observations.store.buckets import Buckets
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.sealing import Sealer

REPEATS = 3
WORKERS = 2
# What is asked, and the width of its buckets.
QUESTIONS = {
    "by days, of hourly summaries": DAY,
    "by hours, of hourly summaries": HOUR,
    "by 90 minutes, of all readings": HOUR * 3 // 2,
    "by 10 minutes, of all readings": HOUR // 6,
}


def seconds(work: Callable[[], Buckets]) -> tuple[Buckets, float]:
    """Return what work gives, and the median of the seconds it takes."""
    found, taken = work(), []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - began)
    return found, float(np.median(taken))


@contextmanager
def pools() -> Iterator[dict[str, Executor]]:
    """Give the executors that engines get: of this machine's cores, and of a cluster with as many workers."""
    import distributed
    from django.conf import settings

    from talkoot.core.compute.executor import executor

    make: Any = distributed.LocalCluster
    cluster = make(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None)
    with executor(WORKERS) as local, cluster:
        settings.CLUSTER = cluster.scheduler_address
        with executor() as far:
            yield {f"pool of {WORKERS}": local, f"Dask, {WORKERS} workers": far}


def measure(store: Store, lake: str, workload: Workload) -> list[dict[str, Any]]:
    """Return a row for each question."""
    rows = []
    end = workload.end + DAY
    with pools() as by_name:
        for what, width in QUESTIONS.items():
            wanted, alone = seconds(lambda width=width: store.buckets(None, START, end, width))  # type: ignore[misc]
            row: dict[str, Any] = {"what": what, "rows": f"{len(wanted):,}", "one process": f"{alone:.2f} s"}
            for name, pool in by_name.items():

                def work(pool: Executor = pool, width: int = width) -> Buckets:
                    return Buckets.join(Aggregate.of(store, None, START, end, width).summed(pool, lake))

                found, taken = seconds(work)
                same = all(np.array_equal(getattr(found, part), getattr(wanted, part)) for part in Buckets.__slots__)
                if not same:
                    raise SystemExit(f"{name} gives other arrays: {what}")
                row[name] = f"{taken:.2f} s ({alone / taken:.1f}×)"
            rows.append(row)
    return rows


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--print", action="store_true", help="Print only; leave RESULTS.md as it is.")
    given = parser.parse_args()
    workload = Workload(rows=given.rows, streams=given.streams, days=given.days)
    with tempfile.TemporaryDirectory(prefix="talkoot-scale-") as folder, city("sqlite", Path(folder)) as home:
        process = observer(home)
        try:
            store = Store(home, FolderLake(home / "lake"))
            load(workload, home, Sealer(home, store, WriterClient(home)))
            settle(home, store, workload.end / SECOND)
            rows = measure(store, str(home / "lake"), workload)
        finally:
            process.terminate()
            process.wait()
    for row in rows:
        sys.stdout.write(f"{row}\n")
    if not given.print:
        note = (
            f"Count, sum, mean, least and greatest value of {given.rows:,} readings of {given.streams:,} datastreams "
            f"over {given.days} days, the last of them partly recent. Every way gave the same arrays, bit by bit."
        )
        write_section("Sums of readings on a pool and on a cluster", rows, note=note)


if __name__ == "__main__":
    main()
