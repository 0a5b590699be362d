"""Where figures go: RESULTS.md, one section a benchmark, replaced in place by the benchmark's next run."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = "# Results\n\nWritten by the scripts beside this file; each replaces its own section.\n"
LIBRARIES = ("django", "shapely", "numpy", "duckdb", "pyarrow", "psycopg", "numba", "highspy")


def write_section(name: str, rows: Sequence[Mapping[str, Any]], *, note: str = "") -> None:
    """Write a benchmark's rows as the section `name` of RESULTS.md, with the machine, the date and the versions.

    All rows have the columns of the first. `note` says in a sentence how the figures came about.
    """
    columns = list(rows[0])
    lines = [
        f"## {name}",
        "",
        *([note, ""] if note else []),
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {versions()}.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(str(row[column]) for column in columns)} |" for row in rows),
    ]
    text = RESULTS.read_text() if RESULTS.exists() else HEAD
    others = [part for part in re.split(r"(?m)^(?=## )", text)[1:] if not part.startswith(f"## {name}\n")]
    sections = sorted(part.strip() for part in [*others, "\n".join(lines)])
    RESULTS.write_text("\n".join([HEAD, *(f"{section}\n" for section in sections)]))


def machine() -> str:
    """Return the processor, its cores in use here and the memory, in words."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*:\s*(.+)", info.read_text())):
        processor = found[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB"


def versions() -> str:
    """Return the versions of Python, SQLite and the libraries that figures depend on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}"


def median_ms(work: Callable[[], Any], *, repeats: int = 15) -> float:
    """Return the median milliseconds of `work`, warm: it is done once before the clock runs."""
    work()
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000
