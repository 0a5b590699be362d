"""`talkoot traffic transit`: what journeys by public transport take between zones, from a timetable; no city needed."""

from __future__ import annotations

import csv
import json
import time
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from talkoot.core.base.shell import effort, ended, write_text
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.tables import Tables

if TYPE_CHECKING:
    from talkoot.programmes.traffic.engine.los.transit import TransitLevel

MOST_ZONES: Final = 5000
COLUMNS: Final = ("time", "riding", "walking", "waiting", "transfers", "reached")
NAMED: Final = 5


def transit(
    gtfs: Annotated[Path, typer.Option(help="The timetable, a folder or zip in GTFS.")],
    zones: Annotated[Path, typer.Option(help="Zones, CSV with zone, lon, lat.")],
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The day.")],
    after: Annotated[datetime, typer.Option(formats=["%H:%M"], help="People leave from this time on.")],
    before: Annotated[datetime, typer.Option(formats=["%H:%M"], help="People leave before this time.")],
    step: Annotated[float, typer.Option(help="Minutes between two departures.")] = 1.0,
    longest: Annotated[float, typer.Option(help="Minutes that a journey may take.")] = 180.0,
    walk: Annotated[float, typer.Option(help="Metres to a stop, in a straight line.")] = 1000.0,
    change: Annotated[float, typer.Option(help="Minutes that a change at a stop takes.")] = 1.0,
    matrix: Annotated[Path | None, typer.Option(help="Write minutes for each pair of zones here (CSV).")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here; - for standard output.")
    ] = None,
) -> None:
    """Find what journeys by public transport take between zones, as a mean over all departures in a window."""
    from talkoot.programmes.traffic.engine.los.gtfs import read_timetable
    from talkoot.programmes.traffic.engine.los.transit import level_of_service

    start = time.perf_counter()
    try:
        names, points = _zones(zones)
        timetable = read_timetable(gtfs, day.date())
        level = level_of_service(
            timetable,
            points,
            after=_minutes(after),
            before=_minutes(before),
            step=step,
            longest=longest,
            access_m=walk,
            change=change,
        )
    except NetworkError as error:
        raise ended(str(error)) from error
    except OSError as error:
        raise ended(f"{error.filename} cannot be read ({error.strerror}). Name a file of yours.") from error
    unreached = np.argwhere(np.isinf(level.time)).tolist()
    report: dict[str, Any] = {
        "zones": len(names),
        "stops": len(timetable.stops),
        "trips": timetable.trips,
        "connections": len(timetable.connections.trip),
        "unread": timetable.unread,
        "unreached_pairs": len(unreached),
        **effort(start),
    }
    if matrix is not None:
        write_text(matrix, _table(names, level), option="--matrix")
    if json_file is not None:
        write_text(json_file, json.dumps(report, indent=2) + "\n", option="--json")
    if "-" not in (str(json_file), str(matrix)):
        typer.echo(
            f"{report['trips']} trips, {report['zones']} zones, {report['cpu_seconds']:.2f} s of processor time."
        )
    if unreached:
        named = ", ".join(f"{names[a]} to {names[b]}" for a, b in unreached[:NAMED])
        more = f" and {len(unreached) - NAMED} more pairs" if len(unreached) > NAMED else ""
        typer.echo(f"No journey leads from {named}{more}.", err=True)


def _minutes(moment: datetime) -> float:
    return float(moment.hour * 60 + moment.minute)


def _zones(path: Path) -> tuple[list[str], list[tuple[float, float]]]:
    """Read zones' names and places; raises NetworkError naming line and field, OSError."""
    found: dict[str, tuple[float, float]] = {}
    for row in Tables(path.parent).rows(path.name, needs=("zone", "lon", "lat")):
        name = row.need("zone")
        if name in found:
            raise row.error("zone", f"{name!r} is a zone already.", "Give each zone a name of its own.")
        found[name] = row.number("lon", least=-180.0, most=180.0), row.number("lat", least=-90.0, most=90.0)
    if not 0 < len(found) <= MOST_ZONES:
        raise NetworkError(path.name, f"it has {len(found)} zones.", f"Give 1 to {MOST_ZONES}.")
    return list(found), list(found.values())


def _table(names: list[str], level: TransitLevel) -> str:
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("origin", "destination", *COLUMNS))
    for a, origin in enumerate(names):
        columns = [getattr(level, name)[a].tolist() for name in COLUMNS]
        rows.writerows((origin, names[b], *values) for b, values in enumerate(zip(*columns, strict=True)) if b != a)
    return text.getvalue()
