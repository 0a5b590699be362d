"""What Django's expressions lack, on SQLite and PostgreSQL alike: values out of JSON by their type, sets of keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

from django.db.models import BooleanField, Field, FloatField, Func, TextField
from django.db.models.expressions import Expression

Scalar = Literal["text", "number", "boolean"]
LARGEST: Final = "1.7e308"  # numbers in JSON know no bounds, those of the database do

_SQLITE: Final[dict[Scalar, str]] = {
    "text": "CASE WHEN json_type({0}, %s) = 'text' THEN json_extract({0}, %s) END",
    "number": "CASE WHEN json_type({0}, %s) IN ('integer', 'real') THEN CAST(json_extract({0}, %s) AS REAL) END",
    "boolean": "CASE json_type({0}, %s) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
}
_POSTGRESQL: Final[dict[Scalar, str]] = {
    "text": "CASE WHEN jsonb_typeof({0} #> %s::text[]) = 'string' THEN {0} #>> %s::text[] END",
    "number": (
        "CASE WHEN jsonb_typeof({0} #> %s::text[]) = 'number' THEN "
        f"LEAST(GREATEST(({{0}} #>> %s::text[])::numeric, -{LARGEST}), {LARGEST})::double precision END"
    ),
    "boolean": "CASE WHEN jsonb_typeof({0} #> %s::text[]) = 'boolean' THEN ({0} #>> %s::text[])::boolean END",
}
_FIELDS: Final[dict[Scalar, type[Field[Any, Any]]]] = {
    "text": TextField,
    "number": FloatField,
    "boolean": BooleanField,
}
Compiled = tuple[str, tuple[Any, ...]]


class JsonValue(Func):
    """A value of one type out of a JSON column, at the keys; null where there is none of this type."""

    def __init__(self, column: Any, keys: Sequence[str], scalar: Scalar) -> None:
        super().__init__(column, output_field=_FIELDS[scalar]())
        self.keys = tuple(keys)
        self.scalar = scalar

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for SQLite."""
        return _filled(self, compiler, _SQLITE[self.scalar], sqlite_path(self.keys))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for PostgreSQL."""
        return _filled(self, compiler, _POSTGRESQL[self.scalar], list(self.keys))


class JsonText(Func):
    """What stands in a JSON column at the keys as text, of whatever type; null for nothing and for JSON's null."""

    def __init__(self, column: Any, keys: Sequence[str]) -> None:
        super().__init__(column, output_field=TextField())
        self.keys = tuple(keys)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for SQLite, where the text keeps JSON's quotation marks."""
        return _filled(self, compiler, "NULLIF({0} -> %s, 'null')", sqlite_path(self.keys))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for PostgreSQL, where the text keeps JSON's quotation marks."""
        return _filled(self, compiler, "NULLIF(({0} #> %s::text[])::text, 'null')", list(self.keys))


class TextAt(Func):
    """What a column of texts by language has for one language; null for a language that is absent."""

    def __init__(self, column: Any, language: str) -> None:
        super().__init__(column, output_field=TextField())
        self.language = language

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for SQLite."""
        return _filled(self, compiler, "json_extract({0}, %s)", sqlite_path([self.language]))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for PostgreSQL."""
        return _filled(self, compiler, "({0} ->> %s)", self.language)


class Among(Func):
    """Whether a whole number is one of many, given to the database as one parameter however many they are."""

    conditional = True

    def __init__(self, number: Any, members: Sequence[int]) -> None:
        super().__init__(number, output_field=BooleanField())
        self.members = tuple(members)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for SQLite."""
        members = json.dumps(self.members)
        return _filled(self, compiler, "{0} IN (SELECT value FROM json_each(%s))", members)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for PostgreSQL."""
        return _filled(self, compiler, "{0} = ANY(%s::bigint[])", list(self.members))


class ByCodePoint(Func):
    """A text that is ordered by its signs' code points, whatever the database's own order is."""

    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for SQLite, which orders so."""
        return _filled(self, compiler, "{0}")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Compiled:
        """Return the statement's part for PostgreSQL."""
        return _filled(self, compiler, '{0} COLLATE "C"')


def _filled(function: Func, compiler: Any, template: str, argument: Any = None) -> Compiled:
    """Return the template with the function's source in place of each {0}, and the parameters in their order.

    Wherever the template has a placeholder of its own, it takes `argument`.
    """
    source, parameters = compiler.compile(_source(function))
    pieces = template.split("{0}")
    found: list[Any] = []
    for number, piece in enumerate(pieces):
        found += [argument] * piece.count("%s")
        if number < len(pieces) - 1:
            found += parameters
    return source.join(pieces), tuple(found)


def _source(function: Func) -> Expression:
    source: Expression = function.get_source_expressions()[0]
    return source


def sqlite_path(keys: Sequence[str]) -> str:
    """Return keys as SQLite's JSON functions have them; whole numbers are places in lists."""
    return "$" + "".join(f"[{key}]" if key.isdigit() else f".{json.dumps(key, ensure_ascii=False)}" for key in keys)
