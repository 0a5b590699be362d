"""Whole databases into files and back: SQLite by its online backup, PostgreSQL by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connections, transaction

from talkoot.core.base.errors import ConflictError

FOLDER: Final = "database"
POSTGRESQL_DUMP: Final = "postgresql.dump"
READINGS: Final = "observations.sqlite3"


def engine() -> str:
    """Return "sqlite" or "postgresql"."""
    return str(connections["default"].vendor)


def holds_city() -> bool:
    """Tell whether the database holds anything; where SQLite has no file yet, none is made by asking."""
    if engine() == "sqlite" and not Path(str(settings.DATABASES["default"]["NAME"])).exists():
        return False
    return bool(connections["default"].introspection.table_names())


@contextmanager
def dumped(folder: Path) -> Iterator[tuple[list[Path], dict[str, int], dict[str, list[str]]]]:
    """Dump the databases into `folder`; give the files, the rows of each table and the applied migrations.

    Each database is seen as it was at one moment: readings first, since each belongs to a datastream of the register;
    then jobs, since a run that is not there yet is made good from its job's absence, while a job without its run
    would stand for nothing.
    """
    folder.mkdir(parents=True)
    readings, counts = _dump_readings(folder)
    files, rows, migrations = _dump_postgresql(folder) if engine() == "postgresql" else _dump_sqlite(folder)
    yield [*readings, *files], {**counts, **rows}, migrations


def _dump_readings(folder: Path) -> tuple[list[Path], dict[str, int]]:
    """Copy the database of recent readings, where there is one."""
    path: Path = settings.HOME / READINGS
    if not path.exists():
        return [], {}
    copy = folder / READINGS
    return [copy], _copy(path, copy)[0]


def _copy(path: Path, copy: Path) -> tuple[dict[str, int], list[str]]:
    """Copy a SQLite database as it is at one moment; return the rows of its tables and its applied migrations."""
    with closing(sqlite3.connect(path, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        counts = {f"{path.stem}.{table}": count for table, count in _sqlite_rows(target).items()}
        is_django_s = f"{path.stem}.django_migrations" in counts
        return counts, _applied(target.execute(_APPLIED).fetchall()) if is_django_s else []


def _dump_sqlite(folder: Path) -> tuple[list[Path], dict[str, int], dict[str, list[str]]]:
    files: list[Path] = []
    rows: dict[str, int] = {}
    migrations: dict[str, list[str]] = {}
    for alias in sorted(connections, reverse=True):  # jobs, then default
        path = Path(str(settings.DATABASES[alias]["NAME"]))
        copy = folder / path.name
        counts, migrations[alias] = _copy(path, copy)
        rows.update(counts)
        files.append(copy)
    return files, rows, migrations


_APPLIED: Final = "SELECT app, name FROM django_migrations ORDER BY app, name"


def _applied(rows: list[tuple[Any, ...]]) -> list[str]:
    return [f"{app}.{name}" for app, name in rows]


def sqlite_file_rows(path: Path) -> dict[str, int]:
    """Return the rows of each table of a file, keyed "<file>.<table>". Raises ConflictError for a broken file."""
    with closing(sqlite3.connect(path)) as file:
        if (found := file.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise ConflictError(f"{path.name} is broken: {found}")
        return {f"{path.stem}.{table}": count for table, count in _sqlite_rows(file).items()}


def _sqlite_rows(file: sqlite3.Connection) -> dict[str, int]:
    # Tables of virtual ones (full text, R*Tree) are counted through the tables they index.
    tables = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
    names = [str(name) for (name,) in file.execute(tables)]
    return {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def _dump_postgresql(folder: Path) -> tuple[list[Path], dict[str, int], dict[str, list[str]]]:
    dump = folder / POSTGRESQL_DUMP
    connection = connections["default"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--schema=public",
             f"--snapshot={snapshot}", f"--file={dump}")  # fmt: skip
        rows = postgresql_rows(cursor)
        cursor.execute(_APPLIED)
        migrations = {"default": _applied(cursor.fetchall())}
    return [dump], rows, migrations


def postgresql_rows(cursor: Any) -> dict[str, int]:
    """Return the rows of each table of the public schema."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    rows = {}
    for (name,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM public."{name}"')  # noqa: S608
        rows[str(name)] = int(cursor.fetchone()[0])
    return rows


def restore_postgresql(dump: Path) -> None:
    """Load a dump into the database, all of it or nothing."""
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
         "--schema=public", f"--dbname={_name()}", str(dump))  # fmt: skip


def _run(tool: str, *arguments: str) -> None:
    wanted = [_find(tool), *arguments, *([] if tool == "pg_restore" else [f"--dbname={_name()}"])]
    done = subprocess.run(wanted, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConflictError(f"{tool} failed: {done.stderr.strip()[:1000]}")


def _find(tool: str) -> str:
    found = shutil.which(tool, path=settings.PG_BIN or None)
    if found is None:
        where = settings.PG_BIN or "the path"
        raise ConflictError(
            f"{tool} is not in {where}. Install PostgreSQL's client programs, or set TALKOOT_PG_BIN to their folder."
        )
    return found


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _environment() -> dict[str, str]:
    """Return what libpq's programs read: the address and password never stand in a list of processes."""
    database = settings.DATABASES["default"]
    given = {
        "PGHOST": database.get("HOST", ""),
        "PGPORT": database.get("PORT", ""),
        "PGUSER": database.get("USER", ""),
        "PGPASSWORD": database.get("PASSWORD", ""),
        **{f"PG{name.upper()}": value for name, value in database.get("OPTIONS", {}).items() if name.startswith("ssl")},
    }
    return {**os.environ, **{name: str(value) for name, value in given.items() if value}}
