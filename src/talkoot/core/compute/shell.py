"""What commands have in common that ask for a run: options of its parameters, its progress, what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from talkoot.core.base.shell import ended, write_text

if TYPE_CHECKING:
    from talkoot.core.compute.models import Run


def option_of(schema: Mapping[str, Any], *flags: str, shown: str | None = None) -> Any:
    """Return the option of a parameter: its explanation, unit and default (or `shown` for it) are the schema's."""
    unit = f" ({schema['x-unit']})" if schema.get("x-unit", "1") != "1" else ""
    default = schema["default"]
    told = shown or (str(default) if default not in ("", []) else False)
    return typer.Option(*flags, help=f"{schema['description']}{unit}", show_default=told)


def finish(run: Run, doing: str) -> None:
    """Carry a run out, showing how far it is; ends the command where it does not succeed."""
    from talkoot.core.compute.following import finish_run
    from talkoot.core.compute.models import State

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(doing, total=1.0)
        finish_run(run, lambda share, message: bars.update(bar, completed=share, description=message or doing))
    if run.state != State.SUCCEEDED:
        raise ended(str(run.error or run.state))


def tell(report: Mapping[str, Any], words: str, json_file: Path | None) -> None:
    """Write a report where `--json` says, and the words for people unless it went to standard output."""
    if json_file is not None:
        write_text(json_file, json.dumps(report, ensure_ascii=False, indent=2) + "\n", option="--json")
    if str(json_file) != "-":
        typer.echo(words)
