"""Metrics for Prometheus: requests as they pass, and what rooms count when they are asked.

Web processes share their request figures through files in the home, so that any of them answers for all.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Histogram
    from prometheus_client.metrics_core import Metric

log = logging.getLogger(__name__)
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# Seconds; the bar for pages is 0.1.
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FILE_BYTES: Final = 4 << 20  # of a process: some 1,400 combinations of labels
Count = Callable[[], Mapping[str, float]]
_counts: dict[str, tuple[str, str, Count]] = {}
_with_room: set[int] = set()


def collect(name: str, help_text: str, label: str, count: Count) -> None:
    """Have `count()` asked for values by `label` whenever metrics are read; the last given for a name counts.

    A name that ends with "_total" is of a counter, which only grows while its process lives; others are gauges.
    """
    _counts[name] = (help_text, label, count)


def observe_request(route: str, method: str, status: int, seconds: float) -> None:
    """Record one answered request. `route` is the pattern of the address, never the address itself.

    What a caller can choose at will (a made-up method) does not become a label.
    """
    if _has_room(os.getpid()):
        _series(route, method if method in METHODS else "other", status).observe(seconds)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text exposition format."""
    from prometheus_client import CollectorRegistry, generate_latest

    _requests()
    registry = CollectorRegistry()
    _shared_values().MultiProcessCollector(registry, str(_folder()))  # type: ignore[attr-defined]
    registry.register(_Counts())
    return generate_latest(registry)


class _Counts:
    """Asks the rooms; one that fails is left out and the others are still told."""

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, (help_text, label, count) in sorted(_counts.items()):
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family: CounterMetricFamily | GaugeMetricFamily = kind(name, help_text, labels=[label])
            try:
                for value, number in count().items():
                    family.add_metric([value], number)
            except Exception:
                log.exception("the metric %s could not be counted", name)
                continue
            yield family


def _folder() -> Path:
    return Path(settings.HOME) / "metrics"


def _has_room(process_id: int) -> bool:
    """Tell whether the file of a process's figures has its place on the disk; else see to it.

    The library writes to it as to memory, and a page that finds no place on a full disk would end the process.
    """
    if process_id in _with_room:
        return True
    try:
        _shared_values()
        with (_folder() / f"histogram_{process_id}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, FILE_BYTES)
    except OSError:
        return False
    _with_room.add(process_id)
    return True


@cache
def _shared_values() -> object:
    """Return the library's module of shared values, told where they are before any value is made."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*_*.db"):
        if not _is_alive(file.stem.rsplit("_", 1)[-1]):
            file.unlink(missing_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from prometheus_client import multiprocess

    return multiprocess


def _is_alive(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


@cache
def _series(route: str, method: str, status: int) -> Histogram:
    """Return the histogram of these labels; the library checks them anew at each look."""
    return _requests().labels(route, method, str(status))


@cache
def _requests() -> Histogram:
    _shared_values()
    from prometheus_client import CollectorRegistry, Histogram

    own: CollectorRegistry = CollectorRegistry()
    return Histogram(
        "talkoot_request_seconds",
        "Time to answer requests.",
        ("route", "method", "status"),
        buckets=BUCKETS,
        registry=own,
    )
