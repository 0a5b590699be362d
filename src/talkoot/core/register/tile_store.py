"""Tiles that were made, kept in files below the city's home until the register's next revision."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Final

from django.conf import settings

# So many files at most for a revision; each tile has at most some hundred kilobytes.
MAX_TILES: Final = 4096


class TileStore:
    """The tiles of one revision. Any process may read and write; what cannot be kept is made again."""

    def __init__(self, revision: str) -> None:
        self.root = Path(settings.HOME) / "tiles"
        self.folder = self.root / revision

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """Return the tile, or None where it is not kept or cannot be read."""
        try:
            return self._path(z, x, y).read_bytes()
        except OSError:
            return None

    def put(self, z: int, x: int, y: int, content: bytes) -> None:
        """Keep the tile, whole or not at all; the tiles of other revisions go when the first of this one comes."""
        with contextlib.suppress(OSError):  # no room, or another process went on to the next revision meanwhile
            if not self.folder.is_dir():
                self._forget_others()
                self.folder.mkdir(parents=True, exist_ok=True)
            kept = list(self.folder.iterdir())
            if len(kept) >= MAX_TILES:
                kept[0].unlink(missing_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(content)
            Path(file.name).replace(self._path(z, x, y))

    def _path(self, z: int, x: int, y: int) -> Path:
        return self.folder / f"{z}-{x}-{y}.mvt"

    def _forget_others(self) -> None:
        if self.root.is_dir():
            for folder in self.root.iterdir():
                shutil.rmtree(folder, ignore_errors=True)
