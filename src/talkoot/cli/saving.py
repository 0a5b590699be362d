"""Writes a backup of a running city. In an order that keeps it consistent: what is named is copied after its name.

The heads of the audit chain come before the database, so that none tells of an entry the database lacks; readings
come before the datastreams they belong to, jobs before runs; the lake comes after the rows that name its files, and
nothing is deleted from it meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from django.conf import settings

from talkoot.cli import dumps
from talkoot.cli.archive import Manifest, Writer
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.lake import lake, sync_folder
from talkoot.core.compute.expiry import lake_stays

Say = Callable[[str], None]
BEFORE: Final = ("audit",)
AFTER: Final = ("uploads", "keys")


def save(file: Path, say: Say) -> Manifest:
    """Write the city into `file`, whole or not at all, and return the manifest of what it holds.

    Raises InvalidError where the file cannot be written, ConflictError where there is no city or another backup
    writes the same file.
    """
    target = file.absolute()
    if target.is_dir() or not target.parent.is_dir():
        raise InvalidError("file", f"{file} cannot be written.", "Name a file in a folder that is there.")
    if not dumps.holds_city():
        raise ConflictError(f"There is no city in {settings.HOME}.")
    with _part(target) as part, lake_stays() as stay, _staging(target) as staging:
        manifest = Manifest(
            version=settings.VERSION,
            engine=dumps.engine(),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            migrations={},
        )
        with tarfile.open(fileobj=part, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _write(Writer(tar, manifest), staging, stay, say)
        part.flush()
        os.fsync(part.fileno())
        _part_of(target).rename(target)
    sync_folder(target.parent)
    return manifest


def _write(writer: Writer, staging: Path, stay: Callable[[], None], say: Say) -> None:
    for folder in BEFORE:
        _add_folder(writer, folder)
    say("Copying the database.")
    with dumps.dumped(staging / dumps.FOLDER) as (files, rows, migrations):
        writer.manifest.rows, writer.manifest.migrations = rows, migrations
        for path in files:
            stay()
            writer.add_path(f"{dumps.FOLDER}/{path.name}", path)
    say("Copying the lake.")
    for name in lake().files():
        stay()
        with lake().open_input(name) as source:
            size = source.seek(0, os.SEEK_END)
            source.seek(0)
            writer.add(f"lake/{name}", source, size)
    for folder in AFTER:
        _add_folder(writer, folder)
    writer.finish()


def _add_folder(writer: Writer, folder: str) -> None:
    top: Path = settings.HOME / folder
    for path in sorted(top.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with contextlib.suppress(FileNotFoundError):  # an upload that was done with meanwhile
                writer.add_path(path.relative_to(settings.HOME).as_posix(), path)


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


@contextmanager
def _part(target: Path) -> Iterator[IO[bytes]]:
    """Open the file that will become the backup; only one process may, and one that was killed does not count."""
    path = _part_of(target)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(f"Another backup is writing {target}.") from error
        if not path.exists() or path.stat().st_ino != os.fstat(file.fileno()).st_ino:
            raise ConflictError(f"Another backup has just written {target}.")
        file.truncate(0)
        try:
            yield file
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Give an empty folder beside the backup for the databases' copies; what a kill left there is cleared."""
    folder = target.with_name(f"{target.name}.staging")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
