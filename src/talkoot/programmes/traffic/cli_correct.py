"""`talkoot traffic correct`: trips corrected to counted flows, on files; no city is needed."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from talkoot.core.base.shell import effort, ended, write_text
from talkoot.programmes.traffic.engine.files import NamedNetwork, network_from, trips_from
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from talkoot.programmes.traffic.engine.demand import Correction

NOISE: Final = 0.05  # of a count, where its file does not say


def correct(
    network: Annotated[Path, typer.Option(help="The network: a TNTP file, or a folder or zip in GMNS.")],
    trips: Annotated[
        Path, typer.Option(help="Trips between its zones: TNTP, or CSV with origin, destination, volume.")
    ],
    counts: Annotated[Path, typer.Option(help="Counts: CSV with from, to, count and, if known, sd.")],
    out: Annotated[Path, typer.Option(help="Write the corrected trips here (CSV).")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here; - for standard output.")
    ] = None,
) -> None:
    """Correct trips to counted flows, and tell how sure they are. Ctrl-C ends with the best so far."""
    from talkoot.programmes.traffic.engine.demand import correct as find_trips

    start = time.perf_counter()
    try:
        named = network_from(network)
        with _turns() as progress:
            found = find_trips(
                named.network, trips_from(trips, named.zones), counts_from(counts, named), progress=progress
            )
    except NetworkError as error:
        raise ended(str(error)) from error
    except OSError as error:
        raise ended(f"{error.filename} cannot be read ({error.strerror}). Name a file of yours.") from error
    report = {**_report(named, found), **effort(start)}
    write_text(out, _table(named, found), option="--out")
    if json_file is not None:
        write_text(json_file, json.dumps(report, indent=2) + "\n", option="--json")
    if "-" not in (str(json_file), str(out)):
        typer.echo(_in_words(report))


def counts_from(path: Path, named: NamedNetwork) -> dict[int, tuple[float, float]]:
    """Read counts by link: the flow and its standard deviation, 5 % of the flow where the file has none.

    Raises NetworkError for a row whose link is none, or is counted twice; OSError.
    """
    network = named.network
    ends = zip(network.tail.tolist(), network.head.tolist(), strict=True)
    links = {(named.nodes[tail], named.nodes[head]): link for link, (tail, head) in enumerate(ends)}
    counts: dict[int, tuple[float, float]] = {}
    for row in Tables(path.parent).rows(path.name):
        pair = row.need("from"), row.need("to")
        if pair not in links:
            raise row.error("from", f"no link leads from {pair[0][:40]} to {pair[1][:40]}.", "Name one of the network.")
        if links[pair] in counts:
            raise row.error("from", f"{pair[0]} to {pair[1]} is counted already.", "Give one count a link.")
        count = row.number("count")
        counts[links[pair]] = count, row.number("sd") if row.values.get("sd") else NOISE * count
    return counts


@contextmanager
def _turns() -> Iterator[Callable[[int, float], bool]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("Correcting", total=None)

        def show(turn: int, error: float) -> bool:
            bars.update(bar, description=f"turn {turn + 1}, error {error:.3g}")
            return True

        yield show


def _report(named: NamedNetwork, found: Correction) -> dict[str, Any]:
    ends = [[named.nodes[node[link]] for link in found.after.link] for node in (named.network.tail, named.network.head)]
    columns = (found.after.counted, found.before.modelled, found.after.modelled, found.before.geh, found.after.geh)
    rows = zip(*ends, *(column.tolist() for column in columns), strict=True)
    names = ("from", "to", "counted", "before", "after", "geh_before", "geh_after")
    return {
        "trips": float(found.trips.vehicles.sum()),
        "trips_low": found.total_low,
        "trips_high": found.total_high,
        "counts_met_before": found.before.met,
        "counts_met": found.after.met,
        "error": found.error,
        "turns": found.turns,
        "converged": found.converged,
        "variations": vars(found.variations),
        "counts": [dict(zip(names, row, strict=True)) for row in rows],
    }


def _table(named: NamedNetwork, found: Correction) -> str:
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("origin", "destination", "volume", "low", "high"))
    zones = ([named.zones[zone] for zone in ends.tolist()] for ends in (found.trips.origin, found.trips.destination))
    amounts = (found.trips.vehicles.tolist(), found.low.tolist(), found.high.tolist())
    rows.writerows(zip(*zones, *amounts, strict=True))
    return text.getvalue()


def _in_words(report: dict[str, Any]) -> str:
    end = "" if report["converged"] else " (ended before it settled)"
    return (
        f"{report['trips']:.6g} trips ({report['trips_low']:.6g} to {report['trips_high']:.6g}){end}; "
        f"{100 * report['counts_met']:.0f} % of counts with GEH below 5, "
        f"{100 * report['counts_met_before']:.0f} % before."
    )
