"""`talkoot backup` and `talkoot restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from talkoot.cli import restoring, saving

backup_app = typer.Typer()
restore_app = typer.Typer()


@backup_app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; one that is there is replaced when all is done.")],
) -> None:
    """Write the whole city into one file, consistent while it runs."""
    manifest = saving.save(file, typer.echo)
    size = file.stat().st_size / 1e6
    typer.echo(f"{file}: {size:.1f} MB, {len(manifest.files)} files. It holds the city's keys: keep it safe.")


@restore_app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that talkoot backup wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the city that is here aside and restore in its place.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only verify the file.")] = False,
) -> None:
    """Make a city of a backup, in an empty home; stop web and worker first."""
    if check:
        manifest = restoring.verify(file)
        typer.echo(f"{file} is whole: {len(manifest.files)} files of {manifest.made_at}, version {manifest.version}.")
        return
    restoring.restore(file, typer.echo, replace=replace)
    typer.echo("The city is restored. Start it with: talkoot up")
