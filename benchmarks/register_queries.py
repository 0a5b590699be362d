"""What the register answers on a million things: a box, the nearest, words; on SQLite and on PostgreSQL.

The bar: 50 ms each, warm median. Run: .venv/bin/python -m benchmarks.register_queries [--things 1000000]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.homes import DATABASES, city
from benchmarks.results import median_ms, write_section
from benchmarks.synthetic import CENTRE, fill

BAR_MS = 50.0


def questions() -> dict[str, Callable[[], list[Any]]]:
    """Return what is asked, by name; places vary from one question to the next, the same in each run."""
    from talkoot.core.register.queries import Box, nearest, search_things, things_in_box

    choose = random.Random(1)

    def place() -> tuple[float, float]:
        return choose.gauss(CENTRE[0], 0.02), choose.gauss(CENTRE[1], 0.01)

    def box(half: float) -> Box:
        lon, lat = place()
        return Box(lon - 2 * half, lat - half, lon + 2 * half, lat + half)

    return {
        "box of 0.9 x 0.9 km, 1000 returned": lambda: things_in_box(box(0.004)),
        "box of the whole city, 1000 returned": lambda: things_in_box(Box(24, 60, 26, 61)),
        "box of the whole city, one kind, page of 1000 in order": lambda: things_in_box(
            Box(24, 60, 26, 61), kinds=["tree"], after=500_000
        ),
        "box of 0.9 x 0.9 km, kind of 5 %, all": lambda: things_in_box(box(0.004), kinds=["service_place"]),
        "nearest 20": lambda: nearest(*place()),
        "nearest 20 of a kind of 5 %": lambda: nearest(*place(), kinds=["service_place"]),
        "nearest 20, 15 km outside the city": lambda: nearest(24.94, 60.45),
        "text, word of 350 000 things (rakennus)": lambda: search_things("rakennus"),
        "text, word of 6 000 things (kirjasto)": lambda: search_things("kirjasto"),
        "text, inflected (kirjastossa)": lambda: search_things("kirjastossa"),
        "text, rare word (a number)": lambda: search_things("kahvila 000"),
        "text, two words (Puistokatu 15)": lambda: search_things("puistokatu 15"),
        "text, two letters (ka)": lambda: search_things("ka"),
        "text, in one kind (koulu)": lambda: search_things("koulu", kinds=["service_place"]),
        "text, no such word": lambda: search_things("olematonta"),
    }


def measure(database: str, things: int, folder: Path | None) -> list[dict[str, Any]]:
    """Fill a city on the database and return a row for each question."""
    with city(database, folder):
        from django.db import connection

        from talkoot.core.register.models import Thing

        rows = []
        if not Thing.objects.exists():
            seconds = fill(things)
            rows.append(_row(database, "writing, per thing", seconds / things * 1000, things, None))
        if database == "postgresql":
            with connection.cursor() as cursor:  # as its own autovacuum does within a minute or so
                cursor.execute("VACUUM ANALYZE")
        rows += [_row(database, name, median_ms(ask), len(ask()), BAR_MS) for name, ask in questions().items()]
        return rows


def _row(database: str, name: str, ms: float, count: int, bar: float | None) -> dict[str, Any]:
    verdict = "" if bar is None else ("holds" if ms <= bar else "MISSED")
    return {
        "what": name,
        "database": database,
        "things": count,
        "median ms": f"{ms:.2f}",
        "bar ms": bar or "",
        "": verdict,
    }


def main() -> None:
    """Measure each database in a process of its own and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the cities here and use them again")
    parser.add_argument("--database", choices=DATABASES, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.database:
        given.rows.write_text(json.dumps(measure(given.database, given.things, given.folder)))
        return
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for database in DATABASES:
            out = Path(folder) / "rows.json"
            again = [
                sys.executable,
                "-m",
                "benchmarks.register_queries",
                "--things",
                str(given.things),
                "--database",
                database,
                "--rows",
                str(out),
            ]
            subprocess.run([*again, *(["--folder", str(given.folder)] if given.folder else [])], check=True)
            rows += json.loads(out.read_text())
    for row in rows:
        print(f"{row['database']:<12}{row['what']:<60}{row['median ms']:>10} ms  {row['']}")
    write_section(f"Register: questions to {given.things:,} things".replace(",", " "), rows)


if __name__ == "__main__":
    main()
