"""`talkoot migrate`: brings the databases to this version, one process at a time, and never a newer one back."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from talkoot.core.base.errors import ConflictError

app = typer.Typer()
Say = Callable[[str], None]
# Any number, so long as nothing else in the house locks by it.
MIGRATION_LOCK: Final = 7_230_002


@app.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only tell what would be done; exit code 1 if anything.")
    ] = False,
) -> None:
    """Bring the database to this version."""
    if check:
        waiting = [f"{alias}: {step}" for alias in connections for step in pending(alias)]
        typer.echo("\n".join(waiting) or "The databases are of this version.")
        raise typer.Exit(1 if waiting else 0)
    migrate_all(typer.echo)


def migrate_all(say: Say) -> None:
    """Bring every database to this version, telling what is done; where nothing is to be done, this is quick.

    Raises ConflictError where a database is of a newer version than the code.
    """
    for alias in connections:
        refuse_newer(alias)
    if not any(pending(alias) for alias in connections):
        return
    with _alone():
        for alias in connections:
            if steps := pending(alias):
                say(f"Bringing the database '{alias}' to version {settings.VERSION}: {len(steps)} steps.")
                call_command("migrate", database=alias, verbosity=0, interactive=False)


def migrate_new_home(say: Say) -> None:
    """Make the tables of a home that has none; an older city is left to `talkoot migrate`."""
    if any(not connections[alias].introspection.table_names() for alias in connections):
        migrate_all(say)


def pending(alias: str) -> list[str]:
    """Return the migrations that the database lacks, in their order."""
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def refuse_newer(alias: str) -> None:
    """Raise ConflictError where the database has a migration of a room or programme that the code does not know."""
    executor = MigrationExecutor(connections[alias])
    known = executor.loader.disk_migrations
    apps = {app_label for app_label, _ in known}
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    if newer := sorted(f"{label}.{name}" for label, name in applied if label in apps and (label, name) not in known):
        raise ConflictError(
            f"The database '{alias}' is of a newer version than this code ({settings.VERSION}): it has "
            f"{', '.join(newer)}. Install the version that made it, or restore a backup of before."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock under which one process at a time migrates; the others wait and then find nothing to do."""
    connection = connections["default"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    else:
        with (settings.HOME / ".migrating").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
