"""The file of a backup: a tar of the database, the lake and the keys, and last a manifest with every file's digest."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from talkoot.core.base.errors import InvalidError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
BLOCK: Final = 1024 * 1024


@dataclass(slots=True)
class Manifest:
    """What a backup holds: of which version and database, how many rows a table, the digest of each file."""

    version: str
    engine: str
    made_at: str
    migrations: dict[str, list[str]]
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @classmethod
    def parse(cls, content: bytes) -> Manifest:
        """Read a manifest; raises InvalidError for one that this version cannot read."""
        try:
            found = cls(**json.loads(content))
        except (ValueError, TypeError) as error:
            raise InvalidError("file", "Its manifest cannot be read.", "Is it a backup of Talkoot?") from error
        if found.format != FORMAT:
            raise InvalidError("file", f"It is of format {found.format}.", f"This version reads format {FORMAT}.")
        return found


class Digester:
    """Reads a file through, keeping the SHA-256 digest of what passed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        part = self._file.read(size)
        self._digest.update(part)
        return part

    def blocks(self) -> Iterator[bytes]:
        """Read the file to its end in blocks."""
        while part := self.read(BLOCK):
            yield part

    def hexdigest(self) -> str:
        """Return the digest of what was read."""
        return self._digest.hexdigest()


class Writer:
    """Adds files to a backup and their digests to its manifest."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """Add a file of `size` bytes under `name`."""
        digester = Digester(file)
        self._tar.addfile(_entry(name, size), digester)
        self.manifest.files[name] = digester.hexdigest()

    def add_path(self, name: str, path: Path) -> None:
        """Add a file of this machine under `name`, as long as it is now, should it grow meanwhile."""
        with path.open("rb") as file:
            self.add(name, file, path.stat().st_size)

    def finish(self) -> None:
        """Add the manifest."""
        content = json.dumps(asdict(self.manifest), indent=1).encode()
        self._tar.addfile(_entry(MANIFEST, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


class _Source(io.FileIO):
    """The file of a backup, whose errors are told from those of whoever writes what it holds elsewhere."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on. Raises InvalidError where the disk or the network does not give it."""
        try:
            return super().read(size) or b""
        except OSError as error:
            raise _unreadable(Path(str(self.name)), error) from error


def _unreadable(path: Path, error: OSError) -> InvalidError:
    fix = "Check that the file is there, may be read and lies on a sound disk."
    return InvalidError("file", f"{path} cannot be read ({error.strerror or error}).", fix)


@contextmanager
def reading(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a backup; raises InvalidError for what is none, was cut short or cannot be read."""
    try:
        source = _Source(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        with source, tarfile.open(fileobj=source, mode="r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise InvalidError("file", f"{path} is no whole backup ({error}).", "Use another copy of it.") from error


def members(tar: tarfile.TarFile) -> Iterator[tuple[str, Any]]:
    """Yield name and open file of each member; raises InvalidError for anything but plain files below the top."""
    for entry in tar:
        file = tar.extractfile(entry) if entry.isreg() else None
        if file is None or entry.name.startswith("/") or ".." in Path(entry.name).parts:
            raise InvalidError("file", f"It holds {entry.name[:100]!r}, which no backup does.", "Do not use it.")
        yield entry.name, file
