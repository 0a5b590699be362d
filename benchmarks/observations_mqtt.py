"""Readings over MQTT at quality of service 1, from publish to stored: the embedded broker and Mosquitto.

Eight mosquitto_pub pipe readings of a datastream each, all on the same two cores as broker, `talkoot mqtt` and writer.
The clock runs from the start of the publishers until the last reading is on disk. Then every reading is looked for in
the store: its value, and its number in the stream, which tells the order of arrival.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.homes import city
from benchmarks.results import write_section
from tests.brokers import heartbeat, mosquitto, mqtt, publisher
from tests.cities import environment_of, free_port
from tests.observing import make_datastreams, make_key, observer

STREAMS = 8
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT_SECONDS = 300.0
BARS = {"Mosquitto": 8000, "embedded (amqtt)": 1500}


def main() -> None:
    """Measure both brokers and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="about how long each is measured, at its bar's rate"
    )
    parser.add_argument("--dry", action="store_true", help="print only")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with city("sqlite") as home, tempfile.TemporaryDirectory() as folder, observer(home):
        streams = [stream.pk for stream in make_datastreams(2 * STREAMS)]
        secret = make_key(list(_datastreams(streams)))
        for place, (name, bar) in enumerate(BARS.items()):
            own = streams[place * STREAMS : (place + 1) * STREAMS]
            count = int(bar * given.seconds) // STREAMS
            files = {stream: write_lines(Path(folder), stream, count) for stream in own}
            with broker(name, home, Path(folder)) as port:
                seconds = publish(home, port, secret, files, count * STREAMS)
            verify(own, count)
            rate = count * STREAMS / seconds
            rows.append(
                {
                    "broker": name,
                    "readings": f"{count * STREAMS:,}",
                    "seconds": f"{seconds:.1f}",
                    "readings/s": f"{rate:,.0f}",
                    "bar": f"{bar:,}",
                    "lost": 0,
                    "out of order": 0,
                }
            )
            print(rows[-1])
    if not given.dry:
        write_section(
            "Observations over MQTT",
            rows,
            note="Quality of service 1; each reading is on disk (fsync) before it is acknowledged towards the broker, "
            "and with the embedded one towards the client. Eight mosquitto_pub as clients on the same cores.",
        )


def _datastreams(keys: list[int]) -> Any:
    from talkoot.core.observations.models import Datastream

    return Datastream.objects.filter(pk__in=keys).select_related("thing")


@contextmanager
def broker(name: str, home: Path, folder: Path) -> Iterator[int]:
    """Run a broker with `talkoot mqtt` and yield its port."""
    if name == "Mosquitto":
        with (
            mosquitto(folder / "mosquitto") as port,
            mqtt(environment_of(home), TALKOOT_MQTT=f"mqtt://127.0.0.1:{port}"),
        ):
            yield port
        return
    port = free_port()
    with mqtt(environment_of(home), TALKOOT_MQTT_PORT=str(port)):
        yield port


def write_lines(folder: Path, stream: int, count: int) -> Path:
    """Write the readings of a stream, a second apart, as JSON lines."""
    file = folder / f"{stream}.jsonl"
    times = ((BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ") for number in range(count))
    file.write_text(
        "".join(f'{{"phenomenonTime":"{at}","result":{number % 997 + 0.5}}}\n' for number, at in enumerate(times))
    )
    return file


def publish(home: Path, port: int, secret: str, files: dict[int, Path], expected: int) -> float:
    """Publish all and return the seconds until the last is stored."""
    before = heartbeat(home)["stored"]
    began = time.perf_counter()
    clients = [
        publisher(port, f"v1.1/Datastreams({stream})/Observations", file, "-u", "token", "-P", secret)
        for stream, file in files.items()
    ]
    while stored(list(files)) < expected:
        if time.perf_counter() - began > LIMIT_SECONDS:
            raise SystemExit(f"only {heartbeat(home)['stored'] - before:.0f} of {expected} readings were stored")
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    for client in clients:
        if client.wait(LIMIT_SECONDS):
            raise SystemExit("a publisher failed")
    return seconds


def stored(streams: list[int]) -> int:
    """Return how many readings of these streams are in the store."""
    from talkoot.core.observations.readings import store

    return int(store().count(streams))


def verify(streams: list[int], count: int) -> None:
    """Check every reading of each stream: its value, and that it came in its turn."""
    from talkoot.core.observations.readings import store

    for stream in streams:
        rows = store().rows([stream], limit=count + 1)
        numbers = np.arange(count)
        if len(rows) != count or not np.array_equal(rows.value, numbers % 997 + 0.5):
            raise SystemExit(f"readings of stream {stream} are missing or wrong")
        if not np.all(np.diff(rows.n) > 0):
            raise SystemExit(f"readings of stream {stream} were stored out of order")


if __name__ == "__main__":
    main()
