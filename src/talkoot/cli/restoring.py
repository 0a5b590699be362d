"""Makes a city of a backup: everything is verified first, and the database comes into place last.

A home without its database holds no city, so that a restore that was killed half way is simply run again.
"""

from __future__ import annotations

import errno
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connections

from talkoot.cli import dumps
from talkoot.cli.archive import MANIFEST, Digester, Manifest, members, reading
from talkoot.core.base import sealer
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.lake import FolderLake, lake, sync_folder
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.verify import verify as verify_readings
from talkoot.core.observations.store.writer import is_served

Say = Callable[[str], None]
STAGING: Final = ".restoring"
ASIDE: Final = "before-"
LAKE: Final = "lake/"
DATABASES: Final = ("register.sqlite3", "jobs.sqlite3", dumps.READINGS)
KEPT_FOLDERS: Final = ("keys", "audit", "uploads")
SILENT_SECONDS: Final = 30.0
AGAIN: Final = "Then run the same command again."
_ROOM: Final = "Make room there."
_RIGHT: Final = "Give this account the right to write there."
FIXES: Final = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "Raise the limit on the size of files there.",
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
    errno.EROFS: _RIGHT,
}


def verify(file: Path) -> Manifest:
    """Read a backup through and compare every file with its digest; return the manifest.

    Raises InvalidError for a file that is no backup, was cut short or changed.
    """
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    with reading(file) as tar:
        for name, content in members(tar):
            digester = Digester(content)
            if name == MANIFEST:
                manifest = Manifest.parse(digester.read())
            else:
                for _ in digester.blocks():
                    pass
                found[name] = digester.hexdigest()
    if manifest is None:
        raise InvalidError("file", f"{file} has no manifest: it was cut short.", "Use another copy of it.")
    if found != manifest.files:
        wrong = sorted(name for name in found.keys() | manifest.files if found.get(name) != manifest.files.get(name))
        raise InvalidError("file", f"It was changed or is incomplete: {', '.join(wrong[:5])}.", "Use another copy.")
    return manifest


def restore(file: Path, say: Say, *, replace: bool = False) -> None:
    """Make this home the city of the backup and check that it is the same.

    Raises InvalidError for a bad file, ConflictError where a city is here (unless `replace`) or at work, or where the
    home cannot be written.
    """
    say("Verifying the backup.")
    manifest = verify(file)
    _refuse_unfit(manifest)
    with _telling_what_fails():
        _bring_into_place(file, say, replace=replace)
    _compare(manifest, say)


@contextmanager
def _telling_what_fails() -> Iterator[None]:
    """Say what keeps the home from being written: by now the backup itself was found whole."""
    try:
        yield
    except OSError as error:
        where = error.filename or settings.HOME
        what = error.strerror or error
        fix = FIXES.get(error.errno or 0, "Mend that.")
        raise ConflictError(f"{where} cannot be written ({what}). The backup is whole. {fix} {AGAIN}") from error


def _bring_into_place(file: Path, say: Say, *, replace: bool) -> None:
    home: Path = settings.HOME
    staging = home / STAGING
    with reading(file) as tar:  # open before anything is put aside: the backup may lie in this home itself
        if dumps.holds_city():
            if not replace:
                raise ConflictError(f"{home} holds a city already. Choose an empty home, or add --replace.")
            _refuse_working()
            _put_aside(home, say)
        connections.close_all()
        shutil.rmtree(staging, ignore_errors=True)
        say("Restoring the lake, keys and uploads.")
        _unpack(tar, staging)
    for folder in KEPT_FOLDERS:
        _move_into_place(staging / folder, home / folder)
    say("Restoring the database.")
    _restore_database(staging / dumps.FOLDER, home)
    shutil.rmtree(staging)


def _refuse_unfit(manifest: Manifest) -> None:
    if manifest.engine != dumps.engine():
        raise ConflictError(
            f"The backup is of {manifest.engine}, this city uses {dumps.engine()}: set or unset TALKOOT_DATABASE_URL."
        )
    from django.db.migrations.loader import MigrationLoader

    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    apps = {name.partition(".")[0] for name in known}
    applied = {name for names in manifest.migrations.values() for name in names if name.partition(".")[0] in apps}
    if newer := sorted(applied - known):
        raise ConflictError(
            f"The backup is of a newer version ({manifest.version}) than this code ({settings.VERSION}): "
            f"{', '.join(newer[:5])}. Install that version first."
        )


def _refuse_working() -> None:
    """Refuse to restore under the feet of a worker (one that is silent does not count) or the writer of readings."""
    from talkoot.core.compute.checks import worker_ages

    if "compute_worker" in connections[settings.JOBS_DATABASE].introspection.table_names():
        at_work = [name for name, age in worker_ages().items() if age < SILENT_SECONDS]
        if at_work:
            raise ConflictError(f"The city is at work ({', '.join(at_work)}). Stop web and worker first.")
    if is_served(settings.HOME):
        raise ConflictError("The city is at work (observer). Stop web, worker and observer first.")


def _put_aside(home: Path, say: Say) -> None:
    """Move what is here out of the way, the database first: from then on no city is here."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = home / f"{ASIDE}{stamp}"
    aside.mkdir(mode=0o700)
    connections.close_all()
    if dumps.engine() == "postgresql":
        schema = f"before_{stamp.replace('-', '_')}"
        with connections["default"].cursor() as cursor:
            cursor.execute(f"ALTER SCHEMA public RENAME TO {schema}; CREATE SCHEMA public")
        say(f"The old database is kept in the schema {schema}.")
    databases = [path for name in DATABASES for path in sorted(home.glob(f"{name}*"))]
    others = [path for path in home.iterdir() if not path.name.startswith((ASIDE, STAGING))]
    for path in dict.fromkeys([*databases, *others]):
        path.rename(aside / path.name)
    found = lake()
    if isinstance(found, FolderLake) and found.root.exists():  # one that is not in the home
        found.root.rename(found.root.with_name(f"{found.root.name}-{aside.name}"))
    say(f"What was here is kept in {aside}.")


def _unpack(tar: tarfile.TarFile, staging: Path) -> None:
    for name, content in members(tar):
        if name.startswith(LAKE):
            with lake().writing(name.removeprefix(LAKE)) as target:
                shutil.copyfileobj(content, target)
        else:
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            with path.open("wb") as target:
                shutil.copyfileobj(content, target)


def _move_into_place(source: Path, target: Path) -> None:
    """Put a folder in place of what an empty home made by itself, such as a fresh key."""
    if source.exists():
        if target.exists():
            shutil.rmtree(target)
        source.rename(target)


def _restore_database(folder: Path, home: Path) -> None:
    for name in reversed(DATABASES):  # the register last: it makes the home a city
        if (folder / name).exists():
            for left in home.glob(f"{name}*"):
                left.unlink()
            (folder / name).rename(home / name)
    sync_folder(home)
    if dumps.engine() == "postgresql":
        dumps.restore_postgresql(folder / dumps.POSTGRESQL_DUMP)


def _compare(manifest: Manifest, say: Say) -> None:
    """Compare the restored city with the manifest and walk its audit trail."""
    if (rows := _rows()) != manifest.rows:
        wrong = sorted(name for name in rows.keys() | manifest.rows if rows.get(name) != manifest.rows.get(name))
        raise ConflictError(f"The restored database differs from the backup in: {', '.join(wrong[:5])}.")
    say(f"{sum(rows.values())} rows in {len(rows)} tables are as they were.")
    report = sealer.verify()
    if not report.ok:
        raise ConflictError(f"The audit trail does not hold: {report.problem}")
    say(f"The audit trail holds: {report.checked} sealed entries.")
    with Store(settings.HOME, lake()).snapshot() as snapshot:
        readings, count = verify_readings(snapshot), snapshot.count()
    if not readings.ok:
        raise ConflictError(f"The store of readings does not hold: {'; '.join(readings.problems[:5])}.")
    say(f"The store of readings holds: {count} readings.")


def _rows() -> dict[str, int]:
    readings: Path = settings.HOME / dumps.READINGS
    rows: dict[str, int] = dumps.sqlite_file_rows(readings) if readings.exists() else {}
    if dumps.engine() == "postgresql":
        with connections["default"].cursor() as cursor:
            return {**rows, **dumps.postgresql_rows(cursor)}
    for alias in connections:
        rows.update(dumps.sqlite_file_rows(Path(str(settings.DATABASES[alias]["NAME"]))))
    return rows
