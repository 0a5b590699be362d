"""How long an import takes, and how much memory: Kamppi, and synthetic cities of growing size.

    python -m benchmarks.import_city --objects 250000 500000 1000000 --databases sqlite postgresql

Each import runs in a process and a home of its own. Bars: Kamppi 15 s; 1,000,000 objects 10 min and 3 GiB, linear.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import homes, synthetic_osm
from benchmarks.results import write_section

SECTION = "Import of a city"
NOTE = (
    "A synthetic city has buildings, lamps, trees, services and streets, all tagged; junctions are made on the way. "
    "Peak memory is that of the importing process. Linear: seconds for each 1,000 objects stay the same."
)


def measure(database: str, path: Path) -> dict[str, Any]:
    """Import `path` into an empty city on `database`, then once more, in this process; return the figures."""
    with homes.city(database):
        from talkoot.core.base.actors import operator
        from talkoot.core.register.importing import import_file

        figures: dict[str, Any] = {}
        for name in ("first", "again"):
            began, processor = time.perf_counter(), time.process_time()
            reading = import_file(operator(), path)
            figures[name] = time.perf_counter() - began
            figures[f"{name}_cpu"] = time.process_time() - processor
            figures[f"{name}_counts"] = reading.counts
            figures[f"{name}_peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return figures


def in_a_process(database: str, path: Path) -> dict[str, Any]:
    """Return the figures of an import that runs in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.import_city", "--measure", database, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def row(what: str, database: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a row of results: medians over the runs."""

    def median(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    things = runs[0]["first_counts"]["added"]
    if runs[0]["again_counts"].get("unchanged") != things:
        raise AssertionError(f"the second import changed something: {runs[0]['again_counts']}")
    return {
        "city": what,
        "database": database,
        "things": f"{things:,}",
        "import s": f"{median('first'):.1f}",
        "of it processor s": f"{median('first_cpu'):.1f}",
        "ms a thing": f"{1000 * median('first') / things:.3f}",
        "peak MiB": f"{median('first_peak'):.0f}",
        "again, unchanged s": f"{median('again'):.1f}",
    }


def main() -> None:
    """Measure what the command line asks for and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, nargs="*", default=[250_000, 500_000, 1_000_000])
    parser.add_argument("--databases", nargs="*", choices=homes.DATABASES, default=["sqlite"])
    parser.add_argument("--repeats", type=int, default=3, help="imports of Kamppi, of which the median counts")
    parser.add_argument("--measure", nargs=2, metavar=("DATABASE", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], Path(arguments.measure[1]))))
        return
    from talkoot.core.register.demo import kamppi

    rows = []
    with tempfile.TemporaryDirectory(prefix="talkoot-benchmark-") as folder:
        for database in arguments.databases:
            runs = [in_a_process(database, kamppi()) for _ in range(arguments.repeats)]
            rows.append(row("Kamppi", database, runs))
            print(rows[-1], flush=True)
            for objects in arguments.objects:
                path = Path(folder) / f"{objects}.osm.pbf"
                written = synthetic_osm.write(path, objects)
                rows.append(row(f"synthetic, {written:,} tagged objects", database, [in_a_process(database, path)]))
                print(rows[-1], flush=True)
    write_section(SECTION, rows, note=NOTE)


if __name__ == "__main__":
    main()
