"""The store of readings by itself: what it takes to write, seal, verify and read 10 million readings.

    python -m benchmarks.observations_store [--rows 10000000] [--streams 1000] [--days 30] [--note]

A real writer process takes the readings of `benchmarks.readings` in the order they arrive, each batch acknowledged
when it is on the disk; days are sealed as they become due. Whatever is read is then compared with the workload.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.readings import START, Workload
from benchmarks.results import write_section

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.batch import DAY, HOUR, SECOND, Batch
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.reading import FILE, Store
from talkoot.core.observations.store.sealing import Sealer
from talkoot.core.observations.store.verify import verify

NOTE: Final = (
    "Readings of the last hours are not sealed yet and are summed up one by one: this part of the hourly mean grows "
    "with the rate at which they come, not with the store."
)


class Told:
    """What was acknowledged: different readings, and by stream their number and the sum of their values."""

    def __init__(self, streams: int) -> None:
        self.count = np.zeros(streams + 1, np.int64)
        self.sum = np.zeros(streams + 1)

    def add(self, batch: Batch, status: np.ndarray) -> None:
        """Take note of the rows that were stored and had not been before."""
        new = status == 0
        np.add.at(self.count, batch.stream[new], 1)
        np.add.at(self.sum, batch.stream[new], batch.value[new])


def observer(home: Path) -> subprocess.Popen[bytes]:
    """Start the writer of a home and wait until it answers."""
    environment = {**os.environ, "TALKOOT_HOME": str(home), "TALKOOT_LAKE": str(home / "lake")}
    process = subprocess.Popen([sys.executable, "-m", "talkoot.site.observer"], env=environment)
    client = WriterClient(home)
    deadline = time.monotonic() + 20
    while True:
        try:
            client.ping()
            return process
        except WriterError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def load(workload: Workload, home: Path, sealer: Sealer) -> tuple[Told, float, float]:
    """Write the workload and seal what becomes due; return what was told and the seconds of either."""
    client = WriterClient(home)
    told, writing, sealing, checked = Told(workload.streams), 0.0, 0.0, START
    for batch in workload.batches():
        started = time.perf_counter()
        _, status = client.write(batch)
        writing += time.perf_counter() - started
        told.add(batch, status)
        now = int(np.median(batch.t))
        if now - checked > 6 * HOUR:
            checked = now
            started = time.perf_counter()
            list(sealer.seal_due(now / SECOND))
            sealing += time.perf_counter() - started
    return told, writing, sealing


def settle(home: Path, store: Store, now: float) -> None:
    """Seal what is due, and wait until the writer has deleted what is in the lake and given back the room."""
    sealer = Sealer(home, store, WriterClient(home), rest=0.0)
    list(sealer.seal_due(now))
    sealer.clean(time.time() + DAY)
    size = -1
    while size != (size := (home / FILE).stat().st_size):
        time.sleep(3)


def size_of(home: Path) -> float:
    """Return the megabytes of all files of the store."""
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6


def milliseconds(work: Callable[[], Any], repeats: int = 9) -> float:
    """Return the median time of a piece of work, after one that warms up."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return float(np.median(times[1:]))


def check(store: Store, told: Told, workload: Workload) -> None:
    """Compare counts and checksums of every stream with what was acknowledged."""
    assert store.count() == told.count.sum()
    found = store.buckets(None, START, workload.end + DAY, HOUR)
    count = np.bincount(found.stream, found.count, len(told.count))
    total = np.bincount(found.stream, found.count * found.mean, len(told.count))
    assert (count == told.count).all()
    assert np.allclose(total, told.sum)


def measure(workload: Workload, home: Path) -> list[dict[str, str]]:
    """Run it all in a home and return the rows of the table."""
    store = Store(home, FolderLake(home / "lake"))
    sealer = Sealer(home, store, WriterClient(home))
    told, writing, sealing = load(workload, home, sealer)
    settle(home, store, workload.end / SECOND)
    check(store, told, workload)
    total = int(told.count.sum())
    hot = sum(rows for _, rows in _hot_days(store))
    started = time.perf_counter()
    with store.snapshot() as snapshot:
        report = verify(snapshot)
    verifying = time.perf_counter() - started
    assert report.ok, report.problems
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    last = workload.end
    reads: dict[str, tuple[Callable[[], Any], str]] = {
        f"latest value of each of {workload.streams:,} datastreams": (store.latest, "50 ms (of 10,000)"),
        "newest 100 of all datastreams, with the count": (
            lambda: (store.rows(descending=True, limit=100), store.count()),
            "50 ms",
        ),
        f"hourly mean of {workload.streams:,} datastreams over {workload.days} days": (
            lambda: store.buckets(None, START, last, HOUR),
            "300 ms",
        ),
        "last 24 hours of one datastream": (lambda: store.rows([workload.streams // 2], last - DAY, last), ""),
        "all hours of one datastream": (lambda: store.buckets([7], START, last, HOUR), ""),
        "one reading by its identifier": (lambda: store.by_id([(7 << 30) + workload.per_stream // 2]), ""),
        "count of ten days of all": (lambda: store.count(None, START + 5 * DAY, START + 15 * DAY), ""),
    }
    rows = [
        _row("write, 20,000 a batch, fsynced", f"{total / writing:,.0f} readings/s"),
        _row("seal", f"{(total - hot) / sealing:,.0f} readings/s"),
        _row("verify", f"{total / verifying:,.0f} readings/s"),
        _row(f"all files ({hot:,} readings recent)", f"{size_of(home):.1f} MB", "60 MB (of 10M)"),
        _row("memory of the process that sealed, verified and read, at most", f"{peak:.2f} GiB", "2 GiB"),
    ]
    return rows + [_row(what, f"{milliseconds(work):.1f} ms", bar) for what, (work, bar) in reads.items()]


def _hot_days(store: Store) -> list[tuple[int, int]]:
    with store.snapshot() as snapshot:
        return snapshot.hot_days()


def _row(what: str, ours: str, bar: str = "") -> dict[str, str]:
    return {"what": what, "ours": ours, "at least": bar}


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--print", action="store_true", help="Print only; leave RESULTS.md as it is.")
    given = parser.parse_args()
    workload = Workload(rows=given.rows, streams=given.streams, days=given.days)
    home = Path(tempfile.mkdtemp(prefix="talkoot-readings-"))
    process = observer(home)
    try:
        rows = measure(workload, home)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home)
    for row in rows:
        print(f"{row['what']:<70}{row['ours']:>24}   {row['at least']}")
    if not given.print:
        write_section(f"Store of readings, {given.rows:,} of {given.streams:,} datastreams", rows, note=NOTE)


if __name__ == "__main__":
    main()
