"""Tables on pages: columns that sort by their address, rows of cells, what to say when there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from talkoot.core.ui.templatetags.ui import badge_words, shown


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its code in the address, its heading, its unit; numbers stand to the right."""

    code: str
    title: str
    unit: str = ""
    numeric: bool = False
    sortable: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in a table, leading somewhere where `url` is given; `badge` tells how the value came about."""

    value: Any
    url: str = ""
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """A way to take the table along: the format's name and the address."""

    format: str
    url: str


@dataclass(slots=True)
class Table:
    """What ui/table.html shows. `sort` is a column's code, with "-" before it for descending order."""

    caption: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell | Any]]
    id: str = "table"
    sort: str = ""
    empty: str = ""
    exports: Sequence[Export] = field(default_factory=tuple)
    caption_hidden: bool = False

    def headings(self) -> list[Heading]:
        """Return the columns with how they are sorted now and what the next click would do."""
        return [Heading(column, self._order(column), self._next(column)) for column in self.columns]

    def body(self) -> list[SafeString]:
        """Return the rows as HTML, their values escaped: a template would take several times as long for each cell."""
        return [
            format_html_join(
                "", "{}", ((self._cell(column, cell),) for column, cell in zip(self.columns, row, strict=True))
            )
            for row in self.rows
        ]

    @staticmethod
    def _cell(column: Column, given: Cell | Any) -> SafeString:
        cell = given if isinstance(given, Cell) else Cell(given)
        words: Any = shown(cell.value)
        if cell.url:
            words = format_html('<a href="{}">{}</a>', cell.url, words)
        if cell.badge:
            words = format_html('{} <span class="badge {}">{}</span>', words, cell.badge, badge_words(cell.badge))
        return format_html('<td class="numeric">{}</td>' if column.numeric else "<td>{}</td>", words)

    def _order(self, column: Column) -> str:
        return {column.code: "ascending", f"-{column.code}": "descending"}.get(self.sort, "none")

    def _next(self, column: Column) -> str:
        return f"-{column.code}" if self.sort == column.code else column.code


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: `order` is the value of aria-sort, `next` the sort parameter of its link."""

    column: Column
    order: str
    next: str


def sort_key(given: str, columns: Sequence[Column], default: str) -> str:
    """Return the sort parameter where it names a sortable column, else the default."""
    known = {column.code for column in columns if column.sortable}
    return given if given.removeprefix("-") in known else default
