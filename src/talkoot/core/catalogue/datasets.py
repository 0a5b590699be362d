"""The open datasets: what the programmes declare, and one for every kind of thing in the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from talkoot.core.base.declare import Dataset, Kind, resolve
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.programmes import declared, kinds
from talkoot.core.base.text import Text
from talkoot.core.catalogue.things import columns_of, rows_of
from talkoot.core.register import revision
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.queries import counts_by_kind

REGISTER: Final = "register."

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenDataset:
    """A dataset that anyone may take: its terms, its columns, and where its rows come from.

    `count` is the number of rows where it is known without reading them, else None.
    """

    code: str
    title: Text
    description: Text
    licence: str
    attribution: str
    spatial: bool
    columns: Mapping[str, Text]
    rows: Callable[[], Iterable[Row]]
    count: int | None = None


def datasets() -> list[OpenDataset]:
    """Return every dataset that has something in it: the programmes' first, then the register's by kind."""
    own = [_declared(dataset) for dataset in declared("datasets")]
    counts, terms = counts_by_kind(), _terms_at(revision.current())
    return own + [_of_kind(kind, counts[kind.code], terms) for kind in kinds().values() if counts.get(kind.code)]


def dataset(code: str) -> OpenDataset:
    """Return one dataset. Raises NotFoundError where there is none of this code."""
    if code.startswith(REGISTER) and (kind := kinds().get(code.removeprefix(REGISTER))):
        return _of_kind(kind, counts_by_kind().get(kind.code, 0), _terms_at(revision.current()))
    for found in declared("datasets"):
        if found.code == code:
            return _declared(found)
    raise NotFoundError(f"There is no dataset {code!r}.")


def _declared(found: Dataset) -> OpenDataset:
    def rows() -> Iterator[Row]:
        yield from resolve(found.rows)()

    return OpenDataset(
        code=found.code,
        title=found.title,
        description=found.description,
        licence=found.licence,
        attribution=found.attribution,
        spatial=found.spatial,
        columns=found.columns,
        rows=rows,
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms under which the sources of a kind's things may be used, together."""

    licence: str = ""
    attribution: str = ""


@lru_cache(maxsize=2)
def _terms_at(at: str) -> dict[str, Terms]:
    """Return the terms of every kind, found once for each revision of the register."""
    sources = {source.pk: source for source in Source.objects.order_by("code")}
    of_kind: dict[str, list[Source]] = {}
    for kind, source in Thing.objects.values_list("kind", "source").order_by("kind", "source").distinct():
        of_kind.setdefault(kind, []).append(sources[source])
    return {kind: _together(found) for kind, found in of_kind.items()}


def _together(sources: Iterable[Source]) -> Terms:
    found = list(sources)
    return Terms(
        licence=" AND ".join(sorted({source.licence for source in found})),
        attribution="; ".join(dict.fromkeys(source.attribution for source in found if source.attribution)),
    )


def _of_kind(kind: Kind, count: int, of_kinds: Mapping[str, Terms]) -> OpenDataset:
    terms = of_kinds.get(kind.code, Terms())
    return OpenDataset(
        code=f"{REGISTER}{kind.code}",
        title=kind.plural,
        description=kind.description,
        licence=terms.licence,
        attribution=terms.attribution,
        spatial=True,
        columns=columns_of(kind),
        rows=lambda: rows_of(kind),
        count=count,
    )
