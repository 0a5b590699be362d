"""The `talkoot` command. Groups are imported only when called, so that --help answers at once."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import click

from talkoot import __version__

# name: ("module:typer app", one line of help)
CORE_COMMANDS: Final = {
    "up": ("talkoot.cli.up:app", "Prepare the city where needed and serve it: web and worker, until Ctrl-C."),
    "worker": ("talkoot.core.compute.cli:worker_app", "Carry out queued jobs until stopped."),
    "jobs": ("talkoot.core.compute.cli:app", "List, follow and cancel jobs; compare and adopt runs."),
    "city": ("talkoot.core.register.cli:app", "Import sources into the register and look things up."),
    "audit": ("talkoot.core.base.cli:app", "Verify and read the audit trail."),
    "people": ("talkoot.core.people.cli:app", "Accounts, organisations and roles."),
    "backup": (
        "talkoot.cli.backup:backup_app",
        "Write the whole city into one file, consistent while it runs.",
    ),
    "restore": ("talkoot.cli.backup:restore_app", "Make a city of a backup."),
    "migrate": ("talkoot.cli.upgrade:app", "Bring the database to this version."),
}


class TalkootGroup(click.Group):
    """The top command: the core's groups and those the programmes declare, imported on use."""

    def _table(self) -> dict[str, tuple[str, str]]:
        from talkoot.core.base.programmes import programmes

        own = {
            programme.commands_name or programme.code: (programme.commands, programme.commands_help)
            for programme in programmes()
            if programme.commands
        }
        return {**CORE_COMMANDS, **own}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all groups."""
        return list(self._table())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the group of this name and return it as a click command."""
        if cmd_name not in (table := self._table()):
            return None
        import typer

        from talkoot.core.base.declare import resolve

        setup_django()
        command: click.Command = typer.main.get_command(resolve(table[cmd_name][0]))  # type: ignore[arg-type]
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of groups from their declared help, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._table().items()])


def setup_django() -> None:
    """Make Django ready for services; only a command that is really called pays for it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "talkoot.site.settings")
    import django

    django.setup()


@click.group(cls=TalkootGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="talkoot")
def talkoot() -> None:
    """Talkoot: the open-source platform of an intelligent community."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command; a service's error becomes one clear line on stderr and exit code 2."""
    from talkoot.core.base.errors import TalkootError

    try:
        talkoot.main(args=arguments, prog_name="talkoot")
    except TalkootError as error:
        click.echo(f"talkoot: {error}", err=True)
        sys.exit(2)
