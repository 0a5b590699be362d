"""Pages under eight visitors at once, on the demo city, as the server itself measures them.

Bar: 95 % of the home, thing and plan pages under 100 ms server-side, without a page cache. Run it as
`.venv/bin/python -m benchmarks.pages`; the time is what the response's Server-Timing says, so that the client's
share does not count.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx
from benchmarks.results import write_section
from tests.cities import City, running_city

VISITORS: Final = 8
REQUESTS: Final = 240
BAR_MS: Final = 100.0
TIMING: Final = re.compile(r"app;dur=([\d.]+)")


def addresses(city: City) -> dict[str, list[str]]:
    """Return the pages by name; a page of many things is opened on many of them."""
    things = {
        kind: [
            f"/fi/things/{feature['properties']['uri'].rsplit('/', 1)[1]}/"
            for feature in city.get(f"/fi/datasets/register.{kind}/rows.geojson").json()["features"][:50]
        ]
        for kind in ("building", "street_lamp", "service_place")
    }
    return {
        "home": ["/fi/", "/sv/", "/en/"],
        "thing": [address for found in things.values() for address in found],
        "plan": ["/fi/poles/"],
        "map": ["/fi/map/"],
        "list in view": ["/fi/map/in-view/?bbox=24.935,60.165,24.945,60.172&layer=lamps&layer=services"],
        "list of things": ["/fi/things/", "/fi/things/?kind=street_lamp", "/fi/things/?q=kirjasto"],
        "search": ["/fi/search/?q=kirjasto", "/en/search/?q=library", "/sv/search/?q=skola"],
        "suggestions": ["/fi/search/suggest/?q=kir", "/fi/search/suggest/?q=manner"],
        "services": ["/fi/services/"],
        "datasets": ["/fi/datasets/", "/fi/datasets/register.building/"],
        "runs": ["/fi/runs/"],
    }


def measured(city: City, pages: list[str], requests: int = REQUESTS) -> list[float]:
    """Return the server's milliseconds of `requests` requests that `VISITORS` visitors make without a pause."""

    def visit(numbers: range) -> list[float]:
        times = []
        with httpx.Client(base_url=city.address, timeout=60) as visitor:
            for number in numbers:
                response = visitor.get(pages[number % len(pages)])
                response.raise_for_status()
                times.append(float(TIMING.search(response.headers["Server-Timing"])[1]))  # type: ignore[index]
        return times

    with ThreadPoolExecutor(VISITORS) as visitors:
        shares = [range(start, requests, VISITORS) for start in range(VISITORS)]
        return [time for times in visitors.map(visit, shares) for time in times]


def row(name: str, times: list[float]) -> dict[str, Any]:
    """Return a page's line of the results."""
    quantiles = statistics.quantiles(times, n=20)
    return {
        "page": name,
        "requests": len(times),
        "median ms": round(statistics.median(times), 1),
        "95 % ms": round(quantiles[18], 1),
        "most ms": round(max(times), 1),
        f"bar {BAR_MS:.0f} ms": "met" if quantiles[18] < BAR_MS else "missed",
    }


def main() -> int:
    """Serve the demo city, visit it, write the section; 1 where a page misses the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests for each page")
    parser.add_argument("--dry", action="store_true", help="print only; leave RESULTS.md as it is")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="talkoot-pages-") as folder,
        running_city(Path(folder) / "home", demo=True, workers=0) as city,
    ):
        rows = []
        for name, pages in addresses(city).items():
            measured(city, pages, 4 * VISITORS)  # warm: templates, statements, caches of the process
            rows.append(row(name, measured(city, pages, given.requests)))
    sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    if not given.dry:
        note = f"{VISITORS} visitors without a pause on the demo city; milliseconds as the server measures them."
        write_section("Pages", rows, note=note)
    return 0 if all(line[f"bar {BAR_MS:.0f} ms"] == "met" for line in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
