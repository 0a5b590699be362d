"""`talkoot observations summary`: sum readings up over a long time, into a file."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any, Final

import typer

from talkoot.core.base import lake
from talkoot.core.base.actors import operator
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.spreadsheets import guarded
from talkoot.core.compute import results
from talkoot.core.compute.cli import progress_bar
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import ResultSet, Run, State
from talkoot.core.compute.services import start_run

TABLE: Final = "summary"


def summary(
    from_: Annotated[str, typer.Option("--from", help="A day or a moment: 2026-01-31 or 2026-01-31T12:00.")],
    to: Annotated[str, typer.Option(help="A day or a moment that counts no more.")],
    out: Annotated[Path, typer.Option(help="Write here: FILE.csv or FILE.parquet.")],
    width: Annotated[str, typer.Option(help="Length of a period: a number and s, min, h or d.")] = "1h",
    property_: Annotated[str, typer.Option("--property", help="Of this observed property only.")] = "",
) -> None:
    """Count, sum, mean, least and greatest value of public datastreams by periods, as a run that stays.

    It uses all cores of this machine, or the cluster of TALKOOT_CLUSTER.
    """
    write = _FORMATS.get(out.suffix)
    if write is None:
        raise InvalidError("out", "The name of the file does not tell its format.", "Let it end in .csv or .parquet.")
    given = {"from": from_, "to": to, "width": width, "property": property_}
    run = start_run(operator(), "observations.summary", given)
    with progress_bar("observations.summary") as show:
        finish_run(run, show)
    if run.state != State.SUCCEEDED:
        typer.echo(f"talkoot: {run.error or run.state}", err=True)
        raise typer.Exit(2)
    part = out.with_name(f".{out.name}.part")
    with part.open("wb") as file:
        write(run, file)
    part.rename(out)
    typer.echo("{datastreams} datastreams, {rows} periods, {readings} readings.".format(**run.summary))


def _write_parquet(run: Run, file: IO[bytes]) -> None:
    with lake.open_input(results.result(run, TABLE, ResultSet.Type.TABLE).path) as found:
        shutil.copyfileobj(found, file)


def _write_csv(run: Run, file: IO[bytes]) -> None:
    columns, rows = results.rows(run, TABLE)
    with io.TextIOWrapper(file, "utf-8", newline="", write_through=True) as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows([_cell(row[name]) for name in columns] for row in rows)


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else guarded(value)


_FORMATS: Final = {".csv": _write_csv, ".parquet": _write_parquet}
