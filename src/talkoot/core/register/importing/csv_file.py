"""CSV files as offices save them, and our own: any usual delimiter, UTF-8 or Latin-1, read in bounded memory."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Final, TextIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.spreadsheets import unguarded
from talkoot.core.register.importing.tables import MAX_VALUE, BadRow, Row, open_bytes, too_large

DELIMITERS: Final = ";,\t|"
SAMPLE: Final = 64 * 1024
PIECE: Final = 1024 * 1024
MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
FIX: Final = gettext_noop("Save the table as CSV with a header line, in UTF-8.")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file with a header line."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    count: int
    crs: str = ""
    has_geometry: bool = False
    most: int = 0

    @classmethod
    def open(cls, path: Path, *, encoding: str = "", delimiter: str = "", most: int = 0) -> CsvTable:
        """Find out how the file is written and whether it is whole; or only how its first `most` bytes are written.

        Raises InvalidError for a file that is no text, has no header or names a column twice.
        """
        encoding = encoding or encoding_of(path, most)
        try:
            with _open_text(path, encoding, most) as file:
                sample = file.read(SAMPLE)
        except (UnicodeDecodeError, LookupError) as error:
            raise InvalidError(
                "encoding",
                _("{name} is not {encoding}.").format(name=path.name, encoding=encoding),
                _("Name the right encoding."),
            ) from error
        if "\x00" in sample:
            raise InvalidError("file", _("{name} is no text.").format(name=path.name), _(FIX))
        if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n'):
            raise InvalidError(
                "delimiter",
                _("{delimiter!r} is no delimiter.").format(delimiter=delimiter),
                _("Use one character, such as ; or ,"),
            )
        delimiter = delimiter or delimiter_of(sample)
        columns = _header(path, sample, delimiter)
        count = _count_lines(path, most) - 1
        if count < 1 and not most:
            raise InvalidError("file", _("{name} has no rows below its header.").format(name=path.name), _(FIX))
        return cls(path, encoding, delimiter, columns, count, most=most)

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows in order. A row is labelled by the line on which it begins."""
        return _all_but_last(self._rows()) if self.most else self._rows()  # the last may be cut off

    def _rows(self) -> Iterator[Row | BadRow]:
        csv.field_size_limit(MAX_VALUE)
        with _open_text(self.path, self.encoding, self.most) as file:
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=self.delimiter)
            next(reader)
            while True:
                begins = lines.number + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    break
                except csv.Error:  # a quoted value over many lines that is longer than the limit
                    lines.leave_quotes()
                    yield too_large(_line(begins), MAX_VALUE)
                    continue
                yield from lines.taken_too_long()
                if cells:
                    yield self._row(begins, cells)
            yield from lines.taken_too_long()

    def _row(self, line: int, cells: list[str]) -> Row | BadRow:
        if len(cells) != len(self.columns):
            values, columns = len(cells), len(self.columns)
            reason = _("It has {values} values where the header has {columns} columns.").format(
                values=values, columns=columns
            )
            return BadRow(_line(line), reason)
        return Row(_line(line), dict(zip(self.columns, map(unguarded, cells), strict=True)))


class _Lines:
    """The lines of a file, but for those longer than `MAX_VALUE`, which are skipped piece by piece and noted."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0
        self._last = ""
        self._too_long: list[int] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while line := self._file.readline(MAX_VALUE):
            self.number += 1
            if line.endswith("\n") or len(line) < MAX_VALUE:
                self._last = line
                return line
            self._too_long.append(self.number)
            while (rest := self._file.readline(PIECE)) and not rest.endswith("\n"):
                pass
        raise StopIteration

    def leave_quotes(self) -> None:
        """Go on behind the line that ends the quoted value in which the last one was."""
        while self._last.count('"') % 2 == 0 and next(self, ""):
            pass

    def taken_too_long(self) -> Iterator[BadRow]:
        """Yield the lines skipped since the last call."""
        while self._too_long:
            yield too_large(_line(self._too_long.pop(0)), MAX_VALUE)


def _line(number: int) -> str:
    return _("line {number}").format(number=number)


def _all_but_last(rows: Iterator[Row | BadRow]) -> Iterator[Row | BadRow]:
    return (row for row, following in pairwise(rows))


def _open_text(path: Path, encoding: str, most: int) -> TextIO:
    """Open a file as text, or its first `most` bytes, the last of which may be half of a character."""
    errors = "replace" if most else "strict"
    return TextIOWrapper(open_bytes(path, most), encoding=encoding, errors=errors, newline="")


def encoding_of(path: Path, most: int = 0) -> str:
    """Return the encoding: by its mark, else UTF-8 if the file is that, else Windows' or ISO's Latin-1.

    The whole file is looked at, or its first `most` bytes.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    return next((name for name in ("utf-8", "cp1252") if _decodes(path, name, most)), "latin-1")


def _decodes(path: Path, encoding: str, most: int) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_bytes(path, most) as file:
        try:
            while piece := file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=not most)
        except UnicodeDecodeError:
            return False
    return True


def delimiter_of(sample: str) -> str:
    """Return the delimiter that gives the most lines of a sample the same number of columns, two or more."""
    lines = [line for line in sample.splitlines()[:50] if line.strip()]

    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            return (0, 0)
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return (times if width > 1 else 0, width)

    return max(DELIMITERS, key=score)


def _header(path: Path, sample: str, delimiter: str) -> tuple[str, ...]:
    cells = next(csv.reader(sample.splitlines()[:1], delimiter=delimiter), [])
    columns = tuple(unguarded(cell.strip()) for cell in cells)
    if not any(columns):
        raise InvalidError("file", _("{name} has no header line.").format(name=path.name), _(FIX))
    if doubled := sorted(name for name, times in Counter(columns).items() if times > 1):
        column = doubled[0]
        raise InvalidError(
            "file", _("The header has the column {column!r} twice.").format(column=column), _("Give each its own name.")
        )
    return columns


def _count_lines(path: Path, most: int) -> int:
    """Return about how many lines the file or its first `most` bytes have, but for empty ones at the end."""
    lines, last = 0, b"\n"
    with open_bytes(path, most) as file:
        while piece := file.read(PIECE):
            lines += piece.count(b"\n")
            last = piece[-1:]
    return lines + (not most and last not in b"\n\x00")
