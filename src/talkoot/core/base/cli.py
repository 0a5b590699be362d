"""`talkoot audit`: verify, seal and read the audit trail; see the events that did not arrive."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from talkoot.core.base import outbox, sealer
from talkoot.core.base.actors import operator
from talkoot.core.base.trail import Filter, entries

app = typer.Typer(no_args_is_help=True)


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False) -> None:
    """Walk the whole chain; exit code 1, and where, if it is not as it was sealed."""
    found = sealer.verify()
    if as_json:
        facts = {name: getattr(found, name) for name in found.__dataclass_fields__}
        typer.echo(json.dumps({"ok": found.ok, **facts}))
    else:
        typer.echo(
            f"{found.checked} sealed entries and {found.heads} witnessed heads checked in {found.seconds:.1f} s; "
            f"{found.unsealed} entries not yet sealed."
        )
        typer.echo("The audit trail is as it was sealed." if found.ok else f"BROKEN: {found.problem}", err=not found.ok)
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def seal() -> None:
    """Seal what was written since the last sealing, which the worker else does every few seconds."""
    typer.echo(f"{sealer.seal_pending()} entries sealed.")


@app.command("list")
def list_entries(
    verb: Annotated[str, typer.Option(help="Only verbs that contain this.")] = "",
    actor: Annotated[str, typer.Option(help="Only this key, or: system, visitor.")] = "",
    target: Annotated[str, typer.Option(help="Only this target.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only from this time on (the city's time).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only before this time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List entries of the trail, newest first."""
    chosen = Filter(verb=verb, actor=actor, target=target, since=since, until=until)
    for entry in entries(chosen)[:limit]:
        if as_json:
            typer.echo(json.dumps(entry.as_dict(), ensure_ascii=False))
        else:
            number = entry.number if entry.number is not None else "-"
            typer.echo(f"{number}\t{entry.at:%Y-%m-%d %H:%M:%S}\t{entry.actor}\t{entry.verb}\t{entry.target}")


@app.command("dead-events")
def dead_events(
    revive: Annotated[bool, typer.Option("--revive", help="Let every one of them be tried anew.")] = False,
) -> None:
    """List domain events that were given up after too many failures, with their last error."""
    for event in outbox.dead():
        typer.echo(f"{event.pk}\t{event.topic}\t{event.subscriber}\t{event.error.strip().splitlines()[-1]}")
    if revive:
        typer.echo(f"{outbox.revive(operator())} events will be tried anew.")
