"""Things' rows as they are written: the same few statements for one thing and for a million.

The object-relational mapper would cost several times the database's own work here; what is written is what
its models declare, and the constraints of the tables hold as for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
import shapely
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from talkoot.core.base.errors import ConflictError
from talkoot.core.base.identifiers import new_uid
from talkoot.core.register.checks import BulkThing
from talkoot.core.register.documents import document
from talkoot.core.register.geometries import read_wkb
from talkoot.core.register.models import Thing, ThingText
from talkoot.core.register.prominence import detail

TABLE: Final = Thing._meta.db_table
TEXTS: Final = ThingText._meta.db_table
SAID: Final = (
    "kind",
    "name",
    "external_id",
    "geometry",
    "attributes",
    "provenance",
    "tags",
    "within_id",
    "owner_id",
    "valid_from",
    "source_digest",
    "min_lon",
    "min_lat",
    "max_lon",
    "max_lat",
    "detail",
    "recorded_at",
    "valid_to",
)
PART: Final = 500
NOWHERE: Final = (None, None, None, None, None)

T = TypeVar("T")


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def insert(source_id: int, drafts: Sequence[BulkThing], at: datetime) -> list[int]:
    """Write new things of a source, recorded at `at`; return their primary keys, in order.

    The drafts are valid. Raises ConflictError where the source has an external identifier already.
    """
    keys = _reserve(len(drafts))
    rows = [(key, new_uid().hex, source_id, *said) for key, said in zip(keys, _said(keys, drafts, at), strict=True)]
    _insert(TABLE, ("id", "uid", "source_id", *SAID), rows)
    _write_texts(keys, drafts)
    return keys


def update(keys: Sequence[int], drafts: Sequence[BulkThing], at: datetime, valid_to: datetime | None = None) -> None:
    """Write over things what the valid drafts say of them, recorded at `at`, ending at `valid_to`.

    Raises ConflictError where the source has another thing of an external identifier already.
    """
    _each(
        f"UPDATE {TABLE} SET {', '.join(f'{column} = %s' for column in SAID)} WHERE id = %s",  # noqa: S608
        [(*said, key) for key, said in zip(keys, _said(keys, drafts, at, valid_to), strict=True)],
    )
    for part in _parts(keys):
        ThingText.objects.filter(pk__in=part).delete()
    _write_texts(keys, drafts)


def end(ends: Sequence[tuple[int, datetime]], at: datetime) -> None:
    """Write that things (by primary key) are no longer there from a moment on, recorded at `at`."""
    recorded = _moment(at)
    _each(
        f"UPDATE {TABLE} SET valid_to = %s, recorded_at = %s WHERE id = %s",  # noqa: S608
        [(_moment(moment), recorded, key) for key, moment in ends],
    )


def _said(
    keys: Sequence[int], drafts: Sequence[BulkThing], at: datetime, valid_to: datetime | None = None
) -> list[tuple[Any, ...]]:
    """Return the values of `SAID` for each draft, as the database takes them."""
    bounds = shapely.bounds(read_wkb([draft.geometry for draft in drafts])).tolist()
    recorded, ending = _moment(at), _moment(valid_to)
    return [
        (
            draft.kind,
            _encode(draft.name.as_dict()),
            draft.external_id,
            draft.geometry,
            _encode(draft.attributes),
            _encode(draft.provenance),
            _encode(draft.tags),
            draft.within_id,
            draft.owner_id,
            _moment(draft.valid_from),
            draft.digest,
            *((*box, detail(key, draft.kind, draft.attributes, box)) if draft.geometry is not None else NOWHERE),
            recorded,
            ending,
        )
        for key, draft, box in zip(keys, drafts, bounds, strict=True)
    ]


def _write_texts(keys: Sequence[int], drafts: Sequence[BulkThing]) -> None:
    texts = (document(draft.kind, draft.name, draft.attributes, draft.tags) for draft in drafts)
    rows = [(key, terms) for key, terms in zip(keys, texts, strict=True) if terms]
    _insert(TEXTS, ("thing_id", "terms"), rows)


def _reserve(count: int) -> list[int]:
    """Return `count` primary keys that nobody else will have; SQLite's writer is alone in its transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [TABLE])
            last = (cursor.fetchone() or (0,))[0]
            return list(range(last + 1, last + 1 + count))
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [TABLE, count])
        return [key for (key,) in cursor.fetchall()]


def _insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    names = ", ".join(columns)
    with _refusing_doubles(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        # Many rows in a statement: SQLite's text index writes itself to disk after each.
        places = f"({', '.join(['%s'] * len(columns))})"
        for part in _parts(rows):
            cursor.execute(
                f"INSERT INTO {table} ({names}) VALUES {', '.join([places] * len(part))}",  # noqa: S608
                [value for row in part for value in row],
            )


def _each(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with _refusing_doubles(), connection.cursor() as cursor:
        if rows:
            cursor.executemany(statement, rows)


@contextmanager
def _refusing_doubles() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        words = _("The source has a thing with one of these external identifiers already.")
        raise ConflictError(words) from error


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), PART):
        yield rows[start : start + PART]


def _moment(moment: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
