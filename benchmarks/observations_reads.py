"""Reads of a live city with 10 million readings, at rest and while three clients write in bulk at full rate.

    python -m benchmarks.observations_reads [--rows 10000000] [--seconds 60] [--print]

A web process and the observer serve a city whose readings are those of `benchmarks.readings`, and whose other
datastreams have one reading each. The reader asks over HTTP, and where no door asks so much at once, the store itself.
Senders are a process of their own, on the same cores.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from benchmarks.homes import city
from benchmarks.observations_http import Client, send_bulk, web
from benchmarks.observations_store import load, settle
from benchmarks.readings import START, Workload
from benchmarks.results import write_section
from tests.observing import make_datastreams, make_key, observer

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.batch import DAY, HOUR, SECOND, Batch
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.sealing import Sealer

STREAMS: Final = 1000  # that measure all the time
ALL_STREAMS: Final = 10_000
REPEATS: Final = 41
WRITERS: Final = 3
BUSY_BAR: Final = 200.0  # milliseconds, of 95 % of reads while others write
NEWEST: Final = "/sensorthings/v1.1/Observations?$orderby=phenomenonTime%20desc&$top=100&$count=true"
LATEST: Final = "/sensorthings/v1.1/Datastreams?$top=100&$expand=Observations($orderby=phenomenonTime%20desc;$top=1)"
DAY_OF_ONE: Final = "/sensorthings/v1.1/Datastreams(7)/Observations?$orderby=phenomenonTime%20desc&$top=1000"

Reads = dict[str, tuple[Callable[[], Any], float]]


class Reader:
    """A client that reads over one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
        return msgspec.json.decode(body)


def fill(home: Path, store: Store, workload: Workload) -> None:
    """Write and seal the workload, and one reading of each datastream that it leaves out."""
    client = WriterClient(home)
    others = np.arange(workload.streams + 1, ALL_STREAMS + 1)
    client.write(Batch.of(others, np.full(len(others), workload.end), np.arange(len(others)) / 100))
    load(workload, home, Sealer(home, store, client))
    settle(home, store, workload.end / SECOND)


def make_all() -> list[Any]:
    """Make all datastreams: one through the house's own door, the others as copies of it."""
    from talkoot.core.observations.models import Datastream, DatastreamProperty

    (first,) = make_datastreams(1)
    link = first.property_links.get()
    copies = [
        Datastream(**{field.attname: getattr(first, field.attname) for field in Datastream._meta.fields})
        for _ in range(ALL_STREAMS - 1)
    ]
    for number, copy in enumerate(copies, start=first.pk + 1):
        copy.pk = number
    Datastream.objects.bulk_create(copies, batch_size=500)
    DatastreamProperty.objects.bulk_create(
        [DatastreamProperty(datastream=copy, observed_property_id=link.observed_property_id) for copy in copies],
        batch_size=500,
    )
    return [first, *copies]


def reads(port: int, store: Store, workload: Workload) -> Reads:
    """Return what is read, and its bar at rest in milliseconds (0: none)."""
    reader = Reader(port)
    end = workload.end + DAY
    streams = np.arange(1, workload.streams + 1)

    def newest() -> None:
        found = reader.get(NEWEST)
        assert len(found["value"]) == 100 and found["@iot.count"] >= workload.per_stream * workload.streams

    return {
        "HTTP: newest 100 of all datastreams, with the count": (newest, 50.0),
        "HTTP: 100 datastreams with the latest reading of each": (lambda: reader.get(LATEST), 0.0),
        "HTTP: newest 1,000 of one datastream": (lambda: reader.get(DAY_OF_ONE), 0.0),
        f"store: latest of {ALL_STREAMS:,} datastreams": (store.latest, 50.0),
        f"store: hourly mean of {workload.streams:,} datastreams over {workload.days} days": (
            lambda: store.buckets(streams, START, end, HOUR),
            300.0,
        ),
    }


def milliseconds(work: Callable[[], Any]) -> float:
    """Return how long a piece of work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def at_rest(asked: Reads) -> dict[str, list[float]]:
    """Return the milliseconds of each read, warm, while nothing else is done."""
    for work, _ in asked.values():
        work()
    return {what: [milliseconds(work) for _ in range(REPEATS)] for what, (work, _) in asked.items()}


def write(port: int, key: str, streams: Sequence[int], seconds: float) -> float:
    """Write in bulk for so long; return the readings a second that were acknowledged."""
    ledger, taken = send_bulk([Client(port, key) for _ in range(WRITERS)], np.array(streams), seconds)
    if ledger.refused:
        raise SystemExit(f"{ledger.refused} calls were refused")
    return ledger.rows / taken


def while_writing(asked: Reads, port: int, key: str, seconds: float) -> tuple[dict[str, list[float]], float]:
    """Return the milliseconds of each read while others write, and how many readings a second they wrote."""
    taken: dict[str, list[float]] = {what: [] for what in asked}
    streams = list(range(1, STREAMS + 1))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as sender:
        sender.submit(abs, 1).result()  # it is up
        writing = sender.submit(write, port, key, streams, seconds)
        time.sleep(1)
        for what, (work, _) in itertools.cycle(asked.items()):
            if writing.done():
                break
            taken[what].append(milliseconds(work))
        return taken, writing.result()


def row(what: str, rest: list[float], busy: list[float], bar: float) -> dict[str, Any]:
    """Return a line of the results."""
    median = float(np.median(rest))
    p50, p95, p99 = np.percentile(busy, [50, 95, 99])
    verdict = {True: "met", False: "missed"}
    told = [f"{bar:.0f} ms at rest: {verdict[median <= bar]}"] if bar else []
    if what.startswith("HTTP"):
        told.append(f"{BUSY_BAR:.0f} ms for 95 % while writing: {verdict[bool(p95 <= BUSY_BAR)]}")
    return {
        "what": what,
        "median ms": f"{median:.1f}",
        "95 % ms": f"{np.percentile(rest, 95):.1f}",
        "while writing: median ms": f"{p50:.1f}",
        "while writing: 95 % ms": f"{p95:.1f}",
        "while writing: 99 % ms": f"{p99:.1f}",
        "of": len(busy),
        "bar": "; ".join(told),
    }


def main() -> int:
    """Serve a city, read, read while others write, write the section; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60.0, help="of writing")
    parser.add_argument("--workers", type=int, default=1, help="web processes")
    parser.add_argument("--print", action="store_true", help="Print only; leave RESULTS.md as it is.")
    given = parser.parse_args()
    workload = Workload(rows=given.rows, streams=STREAMS, days=given.days)
    with tempfile.TemporaryDirectory(prefix="talkoot-reads-") as folder, city("sqlite", Path(folder)) as home:
        key = make_key(make_all()[:STREAMS])
        store = Store(home, FolderLake(home / "lake"))
        with observer(home):
            fill(home, store, workload)
            with web(home, given.workers) as port:
                asked = reads(port, store, workload)
                rest = at_rest(asked)
                busy, rate = while_writing(asked, port, key, given.seconds)
    rows = [row(what, rest[what], busy[what], bar) for what, (_, bar) in asked.items()]
    for line in rows:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{rate:,.0f} readings a second were written meanwhile.\n")
    if not given.print:
        note = (
            f"{given.rows:,} readings of {STREAMS:,} datastreams over {given.days} days; {ALL_STREAMS:,} datastreams "
            f"in all. {given.workers} web process(es), the writer, the reader and the senders share the machine. While "
            f"{WRITERS} clients wrote calls of 1,000 readings, {rate:,.0f} readings a second were acknowledged."
        )
        write_section("Reads of observations, at rest and while others write", rows, note=note)
    return 0 if not any("missed" in line["bar"] for line in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
