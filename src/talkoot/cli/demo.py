"""The demo city: made on the first start, step by step, each step safe to repeat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from talkoot.core.base.declare import resolve
from talkoot.core.base.programmes import CORE_ROOMS, programmes
from talkoot.core.people.models import Organisation
from talkoot.core.register.models import Source

MARK: Final = "demo-in-the-making"


def _mark() -> Path:
    path: Path = settings.HOME / MARK
    return path


def is_wanted() -> bool:
    """Tell whether the demo city is to be made: the database is empty, or a making was cut short."""
    is_empty = not Organisation.objects.exists() and not Source.objects.exists()
    return _mark().exists() or is_empty


def make_core(console: Console) -> None:
    """Make what the core's rooms declare for the demo city: its people, its register."""
    _mark().touch()
    _make(console, lambda code: code in CORE_ROOMS)


def make_programmes(console: Console) -> None:
    """Make what the programmes declare; the worker must be running, since their long work are jobs."""
    _make(console, lambda code: code not in CORE_ROOMS)
    _mark().unlink(missing_ok=True)


def _make(console: Console, wanted: Callable[[str], bool]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[message]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        for programme in programmes():
            for reference in programme.demo if wanted(programme.code) else ():
                bar = bars.add_task(programme.title.in_language("en"), total=1.0, message="")

                def show(share: float, message: str, bar: int = bar) -> None:
                    bars.update(bar, completed=share, message=message[:60])  # type: ignore[arg-type]

                resolve(reference)(show)
                show(1.0, "")
