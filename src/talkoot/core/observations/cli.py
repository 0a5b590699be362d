"""`talkoot observations`: prove that database and lake agree, seal days, and see how the store is."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from talkoot.core.base.errors import ConflictError
from talkoot.core.observations import keys_cli, overview, summary_cli, upkeep
from talkoot.core.observations.readings import store
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.sealing import EPOCH
from talkoot.core.observations.store.verify import verify as verify_store

app = typer.Typer(no_args_is_help=True)
app.add_typer(keys_cli.app, name="keys")
app.command()(summary_cli.summary)


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False) -> None:
    """Read every reading and prove that database and lake agree; exit code 1, and what, if they do not."""
    started = time.monotonic()
    with store().snapshot() as snapshot:
        found = verify_store(snapshot)
    seconds = time.monotonic() - started
    overview.note_verified(len(found.problems))
    if as_json:
        typer.echo(json.dumps({"ok": found.ok, **asdict(found), "seconds": round(seconds, 1)}))
    else:
        typer.echo(
            f"{found.sealed_rows} readings of {found.days} sealed days and {found.recent_rows} recent ones, "
            f"of {found.streams} datastreams, checked in {seconds:.1f} s."
        )
        for problem in found.problems:
            typer.echo(f"BROKEN: {problem}", err=True)
        if found.ok:
            typer.echo("Database and lake agree.")
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def seal(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="This day (UTC); else all due.")] = None,
) -> None:
    """Move days from the database into the lake, which the worker else does when it is time."""
    work = upkeep.sealer()
    days = 0
    try:
        for sealed in work.seal_due() if day is None else [work.seal((day.date() - EPOCH).days)]:
            days += 1
            typer.echo(f"{sealed.file}: {sealed.rows} readings, {sealed.bytes} bytes")
        upkeep.clean(work)
    except BlockingIOError as error:
        raise ConflictError("Another process seals now. Try again when it is done.") from error
    except WriterError as error:
        raise ConflictError(str(error)) from error
    typer.echo(f"{days} days sealed.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False) -> None:
    """Tell how many readings there are, and how the process is that writes them; exit code 1 if it is not well."""
    writer = upkeep.health()
    with store().snapshot() as snapshot:
        facts = {
            "readings": snapshot.count(),
            "datastreams": len(snapshot.known_streams()),
            "recent_rows": sum(hot for _, hot in snapshot.hot_days()),
            "sealed_days": len(snapshot.manifest.sealed),
            "sealed_bytes": sum(one.bytes for one in snapshot.manifest.sealed.values()),
            "writer": writer,
        }
    lines = (f"{name}: {fact}" for name, fact in facts.items())
    typer.echo(json.dumps({"ok": writer["ok"], **facts}) if as_json else "\n".join(lines))
    if not writer["ok"]:
        raise typer.Exit(1)
