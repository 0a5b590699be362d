"""Rows of a city's own register as source objects, the way its mapping says."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import Text
from talkoot.core.register.importing.formats import open_table
from talkoot.core.register.importing.mapping import SourceMapping, check_columns, load_mapping, named_columns
from talkoot.core.register.importing.places import SWAP_FIX, WGS84, PlaceError, Placer
from talkoot.core.register.importing.records import Reading, Rejected, SourceObject, SourceSpec
from talkoot.core.register.importing.tables import BadRow, Row, Table, weight
from talkoot.core.register.importing.values import factor, is_empty, to_attribute, to_text

SAMPLE: Final = 1000


@dataclass(slots=True)
class TabularReader:
    """Reads a table of one kind of thing. The file is the whole truth about its source's things of that kind."""

    table: Table
    mapping: SourceMapping
    source: SourceSpec
    mend: bool
    _place: Placer = field(init=False)

    def __post_init__(self) -> None:
        self._place = Placer(self.mapping, self.mapping.crs or self.table.crs or WGS84)

    @classmethod
    def open(cls, path: Path, *, mapping: Any, source_code: str | None = None, mend: bool = False) -> TabularReader:
        """Check mapping and file against each other and return the reader.

        Raises InvalidError for a file or mapping that cannot be used, and where most of the first thousand places
        are in the city only with their coordinates exchanged.
        """
        said = load_mapping(mapping)
        table = open_table(path, said, wanted=frozenset(column for _, column in named_columns(said)))
        check_columns(said, table.columns)
        _check_units(said)
        _check_place(said, table)
        reader = cls(table, said, said.spec(source_code), mend or said.mend)
        reader._refuse_swapped()
        return reader

    @property
    def kinds(self) -> tuple[str, ...]:
        """The one kind that the mapping names."""
        return (self.mapping.kind,)

    @property
    def rows(self) -> int:
        """About how many rows come."""
        return self.table.count

    def __iter__(self) -> Reading:
        for row in self.table.rows():
            yield Rejected(row.label, row.reason) if isinstance(row, BadRow) else self._object(row)

    def _object(self, row: Row) -> SourceObject | Rejected:
        if is_empty(identifier := row.values.get(self.mapping.id)):
            empty = Problem(
                "id", _("The column {id!r} is empty.").format(id=self.mapping.id), _("Give every row an identifier.")
            )
            return Rejected(row.label, str(empty))
        external_id = to_text(identifier)
        where = f"{row.label}, {self.mapping.id} {external_id}"[:200]
        provenance: dict[str, str] = {}
        try:
            return SourceObject(
                external_id=external_id,
                kind=self.mapping.kind,
                geometry=self._place(row),
                name=self._name(row),
                attributes=self._attributes(row, provenance),
                provenance=provenance,
                tags=self._tags(row),
                row=where,
                weight=weight(row),
            )
        except (PlaceError, ValueError) as error:
            return Rejected(where, str(error), external_id)

    def _name(self, row: Row) -> Text:
        names = {language: row.values.get(column) for language, column in self.mapping.names.items()}
        return Text(**{language: to_text(name) for language, name in names.items() if not is_empty(name)})

    def _attributes(self, row: Row, provenance: dict[str, str]) -> dict[str, Any]:
        schema = kinds()[self.mapping.kind].schema.get("properties", {})
        attributes: dict[str, Any] = {}
        for code in self.mapping.attributes:
            fields = self.mapping.attribute(code)
            value = row.values.get(fields.column) if fields.column else None
            if is_empty(value):
                if fields.assumed is not None:
                    attributes[code] = fields.assumed
                    provenance[code] = "assumed:default of the mapping"
                continue
            try:
                attributes[code] = to_attribute(value, fields, schema.get(code, {}), self.mapping.decimal)
            except ValueError as error:
                raise ValueError(f"attributes.{code}: {error}") from error
        return attributes

    def _tags(self, row: Row) -> dict[str, Any]:
        kept = self.mapping.tags
        if kept is False:
            return {}
        names = row.values if kept is True else kept
        return {name: row.values[name] for name in names if row.values.get(name) not in (None, "")}

    def _refuse_swapped(self) -> None:
        rows = swapped = 0
        for row in islice(self.table.rows(), SAMPLE):
            rows += 1
            swapped += isinstance(row, Row) and self._place.is_swapped(row)
        if swapped * 2 > rows:
            words = _("Longitude and latitude are swapped in {swapped} of the first {rows} rows.").format(
                swapped=swapped, rows=rows
            )
            raise InvalidError("geometry", words, _(SWAP_FIX))


def _check_units(mapping: SourceMapping) -> None:
    properties = kinds()[mapping.kind].schema.get("properties", {})
    for code in mapping.attributes:
        if unit := mapping.attribute(code).unit:
            wanted = properties[code]["x-unit"]
            try:
                factor(unit, wanted)
            except InvalidError as error:
                fix = _("Name a unit such as m, cm, ft, km/h or mph, or give a scale.")
                raise InvalidError(
                    f"attributes.{code}.unit",
                    _("{unit!r} cannot be converted to {wanted}.").format(unit=unit, wanted=wanted),
                    fix,
                ) from error


def _check_place(mapping: SourceMapping, table: Table) -> None:
    if not table.has_geometry and not mapping.geometry.x and not mapping.geometry.wkt:
        columns = ", ".join(map(repr, table.columns))
        raise InvalidError(
            "geometry",
            _("The mapping names no column of the place."),
            _("Name x and y, or wkt. The file has: {columns}.").format(columns=columns),
        )
