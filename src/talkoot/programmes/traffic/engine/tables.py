"""Tables of text files (CSV) in a folder or a zip, row by row, with errors that name file, line and field."""

from __future__ import annotations

import csv
import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Final

from talkoot.programmes.traffic.engine.network import NetworkError

MOST_BYTES: Final = 2_000_000_000  # of one table, unpacked
MOST_ROWS: Final = 50_000_000


class Row:
    """A row of a table: its values by the names of the columns."""

    __slots__ = ("file", "line", "values")

    def __init__(self, file: str, line: int, values: dict[str, str]) -> None:
        self.file, self.line, self.values = file, line, values

    def error(self, name: str, problem: str, fix: str) -> NetworkError:
        """Return the error that a field of this row is wrong."""
        return NetworkError(f"{self.file} line {self.line}, {name}", problem, fix)

    def text(self, name: str) -> str:
        """Return a value without spaces around it; empty where there is none."""
        return self.values.get(name, "")

    def need(self, name: str) -> str:
        """Return a value; raises NetworkError where there is none."""
        if not (said := self.text(name)):
            raise self.error(name, "it is empty.", "Give a value.")
        return said

    def number(self, name: str, otherwise: float | None = None, *, least: float = 0.0, most: float = math.inf) -> float:
        """Return a number from `least` to `most`, `otherwise` where there is none; raises NetworkError."""
        said = self.text(name)
        if not said:
            if otherwise is None:
                raise self.error(name, "it is empty.", "Give a number.")
            return otherwise
        try:
            value = float(said)
        except ValueError:
            raise self.error(name, f"{said[:40]!r} is no number.", "Give a number.") from None
        if not math.isfinite(value) or not least <= value <= most:
            fix = f"Give {least:g} or more." if math.isinf(most) else f"Give {least:g} to {most:g}."
            raise self.error(name, f"{said[:40]} is out of range.", fix)
        return value


class Tables:
    """The tables of a folder or a zip; raises NetworkError where it is neither, OSError. Close it, or use `with`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self._members: dict[str, str] = {}
        if path.is_dir():
            return
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise NetworkError(
                path.name, "it is neither a folder nor a zip.", "Name the one with the tables."
            ) from None
        for member in self._zip.infolist():
            if not member.is_dir() and not PurePosixPath(member.filename).name.startswith("."):
                self._members.setdefault(PurePosixPath(member.filename).name, member.filename)

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._zip is not None:
            self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members if self._zip is not None else (self._path / name).is_file()

    def rows(self, name: str, needs: Sequence[str] = ()) -> Iterator[Row]:
        """Yield the rows of a table, one after the other; raises NetworkError, also where a column is missing."""
        if name not in self:
            raise NetworkError(self._path.name, f"there is no {name} in it.", "Add the file.")
        try:
            with self._open(name) as file:
                yield from self._read(name, file, needs)
        except UnicodeDecodeError as error:
            raise NetworkError(name, f"byte {error.start} is no UTF-8.", "Save the file as UTF-8.") from None
        except csv.Error as error:
            raise NetworkError(name, f"it is no CSV ({error}).", "Save the file as CSV.") from None
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
            raise NetworkError(name, "it cannot be unpacked.", "Pack it again, without a password.") from None

    def _read(self, name: str, file: IO[str], needs: Sequence[str]) -> Iterator[Row]:
        reader = csv.reader(file, strict=True)
        head = [column.strip() for column in next(reader, [])]
        if missing := [column for column in needs if column not in head]:
            raise NetworkError(
                f"{name} line 1", f"there is no column {missing[0]}.", "Name the columns as the format does."
            )
        for count, values in enumerate(reader):
            if count >= MOST_ROWS:
                raise NetworkError(name, f"it has more than {MOST_ROWS} rows.", "Is it the right file?")
            if len(values) > len(head):
                problem = f"it has {len(values)} values for {len(head)} columns."
                raise NetworkError(
                    f"{name} line {reader.line_num}", problem, "Put values with commas in quotation marks."
                )
            if any(values):
                told = {column: value.strip() for column, value in zip(head, values, strict=False)}
                yield Row(name, reader.line_num, told)

    def _open(self, name: str) -> IO[str]:
        if self._zip is None:
            path = self._path / name
            _require_size(name, path.stat().st_size)
            return path.open(encoding="utf-8-sig", newline="")
        member = self._zip.getinfo(self._members[name])
        _require_size(name, member.file_size)
        return TextIOWrapper(self._zip.open(member), encoding="utf-8-sig", newline="")


def _require_size(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise NetworkError(name, f"it is larger than {MOST_BYTES / 1e9:g} GB.", "Is it the right file?")
