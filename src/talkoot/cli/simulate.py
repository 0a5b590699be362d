"""`talkoot simulate`: plays what a demo city has nobody for. Each programme names its own plays."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from talkoot.core.base.declare import resolve
from talkoot.core.base.programmes import programmes


class PlayGroup(TyperGroup):
    """The declared plays, imported on use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all plays."""
        return sorted(_plays())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the play of this name, or None where there is none."""
        if (reference := _plays().get(cmd_name)) is None:
            return None
        play: Any = resolve(reference)
        command = typer.main.get_command(play)
        command.name = cmd_name
        return command


def _plays() -> dict[str, str]:
    return {name: reference for programme in programmes() for name, reference in programme.simulators.items()}


app = typer.Typer(cls=PlayGroup, no_args_is_help=True)


@app.callback()
def simulate() -> None:
    """Play what a demo city has nobody for; all of it is labelled simulated."""
