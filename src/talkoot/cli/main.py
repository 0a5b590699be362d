"""The `talkoot` command. Groups are imported only when called, so that --help answers at once."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from talkoot import __version__
from talkoot.cli.framework import name_settings, setup_django

# name: ("module:typer app", one line of help)
CORE_COMMANDS: Final = {
    "up": ("talkoot.cli.up:app", "Prepare the city where needed and serve it: pages, jobs and readings, until Ctrl-C."),
    "web": ("talkoot.site.web:app", "Serve pages and interfaces until stopped."),
    "worker": ("talkoot.core.compute.cli:worker_app", "Carry out queued jobs until stopped."),
    "jobs": ("talkoot.core.compute.cli:app", "List, follow and cancel jobs; compare and adopt runs."),
    "observations": (
        "talkoot.core.observations.cli:app",
        "Prove that the store of readings is whole; seal days; see how it is.",
    ),
    "mqtt": ("talkoot.core.observations.mqtt.process:app", "Take readings in over MQTT until stopped."),
    "simulate": ("talkoot.cli.simulate:app", "Play devices over MQTT; what they send is labelled simulated."),
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
# Commands that decide themselves what becomes of a home without tables.
MAKE_THEIR_OWN: Final = frozenset({"up", "migrate", "backup", "restore"})

# Commands that start other processes before they read all of the code themselves.
STARTS_FIRST: Final = frozenset({"up"})
ALONE: Final = "talkoot.alone"  # whether the command at hand works on files, without a city


def _needs_no_city(args: list[str]) -> bool:
    """Tell whether these arguments name a programme's command that works on files alone."""
    from talkoot.core.base.programmes import programmes

    return any(
        [programme.commands_name or programme.code, command] == args[:2]
        for programme in programmes()
        for command in programme.commands_alone
    )


class TalkootGroup(TyperGroup):
    """The top command: the core's groups and those the programmes declare, imported on use."""

    def _table(self) -> dict[str, tuple[str, str]]:
        from talkoot.core.base.programmes import programmes

        own = {
            programme.commands_name or programme.code: (programme.commands, programme.commands_help)
            for programme in programmes()
            if programme.commands
        }
        return {**CORE_COMMANDS, **own}

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all groups."""
        return list(self._table())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the group of this name and return its command, or None where there is none."""
        if cmd_name not in (table := self._table()):
            return None
        from talkoot.core.base.declare import resolve

        if cmd_name in STARTS_FIRST or ctx.meta.get(ALONE):
            name_settings()
        else:
            setup_django()
        group: Any = resolve(table[cmd_name][0])
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; one that works on a city finds the tables of a new home made."""
        ctx.meta[ALONE] = _needs_no_city(args)
        name, command, rest = super().resolve_command(ctx, args)
        if name not in MAKE_THEIR_OWN and not ctx.meta[ALONE] and not {"--help", "-h"} & set(rest):
            from talkoot.cli.upgrade import migrate_new_home

            migrate_new_home(lambda line: typer.echo(line, err=True))
        return name, command, rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of groups from their declared help, importing none of them."""
        typer.echo("Usage: talkoot COMMAND [OPTIONS]\n\n  The open-source platform of an intelligent community.\n")
        table = self._table()
        width = max(map(len, table)) + 2
        typer.echo("\n".join(f"  {name:<{width}}{line}" for name, (_, line) in table.items()))
        typer.echo("\n  talkoot COMMAND --help tells the options; talkoot --version the version.")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


app = typer.Typer(cls=TalkootGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def talkoot(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """The open-source platform of an intelligent community."""


def main() -> None:
    """Run the command; a service's error becomes one clear line on stderr and exit code 2."""
    from talkoot.core.base.errors import TalkootError

    try:
        app(prog_name="talkoot")
    except TalkootError as error:
        typer.echo(f"talkoot: {error}", err=True)
        sys.exit(2)
