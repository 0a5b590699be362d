"""A dataset written whole in one format, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from talkoot.core.base.errors import NotFoundError
from talkoot.core.catalogue.datasets import OpenDataset, Row
from talkoot.core.catalogue.formats import FORMATS, Format


def formats_of(dataset: OpenDataset) -> list[Format]:
    """Return the formats that a dataset can be had in."""
    return [found for found in FORMATS.values() if dataset.spatial or not found.spatial_only]


def format_of(dataset: OpenDataset, code: str) -> Format:
    """Return one of the dataset's formats. Raises NotFoundError, naming those there are."""
    offered = {found.code: found for found in formats_of(dataset)}
    if code not in offered:
        raise NotFoundError(f"{dataset.code} cannot be had as {code!r}. Choose one of: {', '.join(offered)}.")
    return offered[code]


def with_columns(dataset: OpenDataset) -> tuple[Sequence[str], Iterable[Row]]:
    """Return the codes of the columns and the rows; where no columns are declared, those of the first row."""
    if dataset.columns:
        return list(dataset.columns), dataset.rows()
    rows = iter(dataset.rows())
    first = next(rows, None)
    if first is None:
        return [], []
    return [code for code in first if code != "geometry"], chain([first], rows)


def write(dataset: OpenDataset, format_code: str) -> Iterator[bytes]:
    """Yield the dataset as bytes of the format. Raises NotFoundError for a format it does not have."""
    chosen = format_of(dataset, format_code)
    columns, rows = with_columns(dataset)
    return chosen.write(rows, columns, dataset.spatial)


def sample(dataset: OpenDataset, count: int) -> tuple[Sequence[str], list[list[Any]]]:
    """Return the column codes and the first `count` rows as values in the columns' order."""
    columns, rows = with_columns(dataset)
    found: list[list[Any]] = []
    for row in rows:
        found.append([row.get(code) for code in columns])
        if len(found) == count:
            break
    return columns, found
