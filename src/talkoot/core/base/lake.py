"""The lake: files of results, in a folder or in object storage. A file is there whole, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Protocol

from talkoot.core.base.errors import InvalidError, NotFoundError

PART_SUFFIX: Final = ".part"


class Lake(Protocol):
    """Where files are kept. Paths are relative, with forward slashes, and never lead out of the lake."""

    def open_input(self, path: str) -> IO[bytes]:
        """Open a file for reading; raises NotFoundError where there is none."""
        ...

    def writing(self, path: str) -> Any:
        """Return a context with a file to write to, which takes its name only when the context ends well."""
        ...

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all below it; what is not there is deleted already."""
        ...

    def files(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of all whole files below a folder."""
        ...

    def folders(self, folder: str) -> Iterator[str]:
        """Yield the names of the folders right below a folder."""
        ...


def checked(path: str) -> str:
    """Return a lake path in its plain form; raises InvalidError for one that leads out of the lake."""
    plain = PurePosixPath(path)
    if plain.is_absolute() or ".." in plain.parts or "\\" in path or "\0" in path:
        raise InvalidError("path", f"{path!r} is no path of the lake.", "Use a relative path without '..'.")
    return "" if str(plain) == "." else str(plain)


class FolderLake:
    """A lake in a folder of this machine (or one that several machines mount)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _at(self, path: str) -> Path:
        return self.root / checked(path)

    def open_input(self, path: str) -> IO[bytes]:
        """Open a file for reading; raises NotFoundError where there is none."""
        try:
            return self._at(path).open("rb")
        except FileNotFoundError as error:
            raise NotFoundError(f"The lake holds no file {path!r}.") from error

    @contextmanager
    def writing(self, path: str) -> Iterator[IO[bytes]]:
        """Write beside the final name, force the bytes to disk, then rename: a kill leaves no half file."""
        final = self._at(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_name(f".{final.name}.{uuid.uuid4().hex}{PART_SUFFIX}")
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.rename(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(final.parent)

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all below it; what is not there is deleted already."""
        target = self._at(path)
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)

    def files(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of all whole files below a folder."""
        for parent, _, names in os.walk(self._at(folder)):
            for name in sorted(names):
                if not name.endswith(PART_SUFFIX):
                    yield (Path(parent) / name).relative_to(self.root).as_posix()

    def folders(self, folder: str) -> Iterator[str]:
        """Yield the names of the folders right below a folder."""
        at = self._at(folder)
        if at.is_dir():
            yield from sorted(entry.name for entry in at.iterdir() if entry.is_dir())


class ObjectLake:
    """A lake in object storage (s3://bucket/prefix and whatever else Arrow can open by its address)."""

    def __init__(self, address: str) -> None:
        from pyarrow import fs

        self._fs = fs
        found, root = fs.FileSystem.from_uri(address)
        self._store = fs.SubTreeFileSystem(root, found)

    def open_input(self, path: str) -> IO[bytes]:
        """Open a file for reading; raises NotFoundError where there is none."""
        try:
            opened: IO[bytes] = self._store.open_input_file(checked(path))
        except FileNotFoundError as error:
            raise NotFoundError(f"The lake holds no file {path!r}.") from error
        return opened

    @contextmanager
    def writing(self, path: str) -> Iterator[IO[bytes]]:
        """Write under a passing name, then move: an object appears whole, also where a writer is killed."""
        final = PurePosixPath(checked(path))
        part = str(final.with_name(f".{final.name}.{uuid.uuid4().hex}{PART_SUFFIX}"))
        self._store.create_dir(str(final.parent), recursive=True)
        try:
            with self._store.open_output_stream(part) as file:
                yield file
            self._store.move(part, str(final))
        except BaseException:
            self.delete(part)
            raise

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all below it; what is not there is deleted already."""
        plain = checked(path)
        info = self._store.get_file_info(plain)
        if info.type == self._fs.FileType.Directory:
            self._store.delete_dir(plain)
        elif info.type == self._fs.FileType.File:
            self._store.delete_file(plain)

    def files(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of all whole files below a folder."""
        for info in self._below(folder, recursive=True):
            if info.type == self._fs.FileType.File and not info.path.endswith(PART_SUFFIX):
                yield info.path

    def folders(self, folder: str) -> Iterator[str]:
        """Yield the names of the folders right below a folder."""
        for info in self._below(folder, recursive=False):
            if info.type == self._fs.FileType.Directory:
                yield info.base_name

    def _below(self, folder: str, *, recursive: bool) -> list[Any]:
        selector = self._fs.FileSelector(checked(folder), recursive=recursive, allow_not_found=True)
        return sorted(self._store.get_file_info(selector), key=lambda info: info.path)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, so that a rename in it outlasts a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def lake_at(address: str) -> Lake:
    """Return the lake at a folder's path or a storage's address."""
    return ObjectLake(address) if "://" in address else FolderLake(Path(address))


def lake() -> Lake:
    """Return the city's lake (settings.LAKE)."""
    from django.conf import settings  # here, since lakes are read by processes without Django too

    return lake_at(settings.LAKE)


def open_input(path: str) -> IO[bytes]:
    """Open a file of the city's lake for reading; raises NotFoundError where there is none."""
    return lake().open_input(path)


def read_bytes(path: str) -> bytes:
    """Return the content of a file of the city's lake; raises NotFoundError where there is none."""
    with open_input(path) as file:
        return file.read()


def delete(path: str) -> None:
    """Delete a file or folder of the city's lake; what is not there is deleted already."""
    lake().delete(path)
