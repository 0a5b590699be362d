"""Mapping files: which column of a city's own register is which value of the things in this one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.register.importing.records import SourceSpec

MAX_BYTES: Final = 1024 * 1024
SHOWN: Final = 40
_PLACE: Final = re.compile(r" - at `(?:key in )?\$\.?(?P<field>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<field>[^`]*)`")
_MISSING: Final = re.compile(r"missing required field `(?P<field>[^`]*)`")


class Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A part of a mapping; a field it does not know is an error."""


class SourceFields(Strict, frozen=True):
    """Who the data is from, and under which licence."""

    code: str
    name: str | dict[str, str]
    licence: str
    attribution: str = ""
    url: str = ""


class AttributeFields(Strict, frozen=True):
    """How an attribute comes from a column: in which unit, by which factor, under which words, and what if empty.

    `unit` is the column's own, as a UCUM code; the value is converted to the attribute's.
    `values` translates the column's words. `assumed` is taken where the column is empty, and told as assumed.
    """

    column: str = ""
    unit: str = ""
    scale: float = 1.0
    values: dict[str, Any] = {}
    assumed: Any = None


class GeometryFields(Strict, frozen=True):
    """The columns of the place: x and y (longitude and latitude where the CRS is geographic), or well-known text."""

    x: str = ""
    y: str = ""
    wkt: str = ""


class SourceMapping(Strict, frozen=True):
    """A whole mapping file.

    `decimal` settles whether "1,234" is 1.234 (",") or 1234 ("."); `drop_z` drops heights from coordinates;
    `mend` mends areas that cross themselves; `swap_xy` exchanges the coordinates; `tags` keeps the source's own
    columns with each thing (all of them, none, or those named).
    """

    kind: str
    source: SourceFields
    id: str
    name: str | dict[str, str] = {}
    attributes: dict[str, str | AttributeFields] = {}
    geometry: GeometryFields = GeometryFields()
    crs: str = ""
    layer: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    drop_z: bool = False
    mend: bool = False
    swap_xy: bool = False
    tags: bool | list[str] = True

    @property
    def names(self) -> dict[str, str]:
        """The column of the name in each language."""
        return {LANGUAGES[0]: self.name} if isinstance(self.name, str) else self.name

    def attribute(self, code: str) -> AttributeFields:
        """Return how the attribute comes about, spelled out."""
        given = self.attributes[code]
        return AttributeFields(column=given) if isinstance(given, str) else given

    def spec(self, source_code: str | None) -> SourceSpec:
        """Return the source, under another code where one is given."""
        fields = self.source
        return SourceSpec(
            source_code or fields.code, Text.of(fields.name), fields.licence, fields.attribution, fields.url
        )


def load_mapping(given: Any) -> SourceMapping:
    """Return a mapping from a path to YAML or JSON, such text itself, or its content as a dict.

    Raises InvalidError for each field that is unknown, missing or of a wrong type.
    """
    if given is None or given == "" or given == {}:
        raise InvalidError(
            "mapping",
            _("This format needs a mapping, which says which column is what."),
            _("Give a mapping file; `talkoot city describe FILE --kind KIND` proposes one."),
        )
    content = given if isinstance(given, Mapping) else _parsed(_text_of(given))
    try:
        mapping = msgspec.convert(content, SourceMapping)
    except msgspec.ValidationError as error:
        raise InvalidError([_as_problem(_named(str(error), content))]) from error
    if problems := list(_problems(mapping)):
        raise InvalidError(problems)
    return mapping


def _text_of(given: str | Path) -> str:
    path = Path(given) if isinstance(given, Path) or "\n" not in given else None
    if path is None:
        return str(given)
    if not path.is_file():
        raise InvalidError(
            "mapping", _("There is no file {name}.").format(name=path.name), _("Give the path of a YAML or JSON file.")
        )
    if path.stat().st_size > MAX_BYTES:
        raise InvalidError(
            "mapping", _("{name} is larger than 1 MiB.").format(name=path.name), _("Give a mapping, not the data.")
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(
            "mapping", _("{name} is not UTF-8 text.").format(name=path.name), _("Save it as UTF-8.")
        ) from error


def _parsed(text: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)  # JSON is YAML too
    except yaml.YAMLError as error:
        raise InvalidError(
            "mapping", _("This is neither YAML nor JSON: {error}.").format(error=error), _("Mend the line named.")
        ) from error
    if not isinstance(content, dict):
        known = _known(SourceMapping)
        raise InvalidError("mapping", _("The mapping holds no fields."), _("It has: {known}.").format(known=known))
    return content


def _known(struct: type[msgspec.Struct]) -> str:
    return ", ".join(struct.__struct_fields__)


def _named(message: str, content: Mapping[str, Any]) -> str:
    """Return msgspec's finding with the attribute's name, where it only says that it is one of them."""
    attributes = content.get("attributes")
    if "`$.attributes[...]" not in message or not isinstance(attributes, Mapping):
        return message
    for code, fields in attributes.items():
        try:
            msgspec.convert(fields, str | AttributeFields)
        except msgspec.ValidationError:
            return message.replace("attributes[...]", f"attributes.{code}")
    return message


def _as_problem(message: str) -> Problem:
    """Return msgspec's finding as a problem that names the field and the fix."""
    place = _PLACE.search(message)
    where = place["field"] if place else ""
    if found := _UNKNOWN.search(message):
        known = _known(_struct_at(where))
        field = ".".join(filter(None, (where, found["field"])))
        return Problem(field, _("A mapping has no such field."), _("It has: {known}.").format(known=known))
    if found := _MISSING.search(message):
        known = _known(_struct_at(where))
        field = ".".join(filter(None, (where, found["field"])))
        return Problem(field, _("The mapping must say this."), _("It has: {known}.").format(known=known))
    said = _PLACE.sub("", message)
    return Problem(where or "mapping", f"{said}.", _("Compare the page on imports."))


def _struct_at(where: str) -> type[msgspec.Struct]:
    parts: dict[str, type[msgspec.Struct]] = {"source": SourceFields, "geometry": GeometryFields}
    return AttributeFields if where.startswith("attributes") else parts.get(where, SourceMapping)


def _problems(mapping: SourceMapping) -> Iterator[Problem]:
    """Yield what is wrong with the mapping whatever the file."""
    kind = kinds().get(mapping.kind)
    if kind is None:
        known = ", ".join(sorted(kinds()))
        yield Problem(
            "kind",
            _("{kind!r} is no kind of thing.").format(kind=mapping.kind),
            _("Use one of: {known}.").format(known=known),
        )
        return
    if not mapping.id:
        yield Problem("id", _("This names no column."), _("Name the column that tells the source's objects apart."))
    properties = kind.schema.get("properties", {})
    for code in mapping.attributes:
        field = f"attributes.{code}"
        if code not in properties and kind.schema.get("additionalProperties", True) is False:
            known = ", ".join(properties)
            fix = _("It has: {known}. What has no attribute stays in the tags.").format(known=known)
            yield Problem(field, _("A {kind} has no such attribute.").format(kind=mapping.kind), fix)
        fields = mapping.attribute(code)
        if not fields.column and fields.assumed is None:
            yield Problem(field, _("This names no column."), _("Name one, or give the value to be assumed (assumed)."))
        if fields.unit and "x-unit" not in properties.get(code, {}):
            yield Problem(f"{field}.unit", _("This attribute has no unit."), _("Leave the unit out."))
    for language in mapping.names:
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            yield Problem(
                f"name.{language}", _("The language is not known."), _("Use one of: {known}.").format(known=known)
            )
    if bool(mapping.geometry.x) != bool(mapping.geometry.y):
        missing = "y" if mapping.geometry.x else "x"
        yield Problem(f"geometry.{missing}", _("This names no column."), _("Name both x and y."))
    if mapping.decimal not in ("", ",", "."):
        yield Problem(
            "decimal", _("{decimal!r} is no decimal sign.").format(decimal=mapping.decimal), _('Use "," or ".".')
        )


def check_columns(mapping: SourceMapping, columns: Sequence[str]) -> None:
    """Raise InvalidError for each field of the mapping that names a column the file does not have."""
    missing = [
        Problem(field, _("The file has no column {column!r}.").format(column=column), _columns_fix(column, columns))
        for field, column in named_columns(mapping)
        if column not in columns
    ]
    if missing:
        raise InvalidError(missing)


def named_columns(mapping: SourceMapping) -> Iterator[tuple[str, str]]:
    """Yield (field of the mapping, column it names)."""
    yield "id", mapping.id
    for language, column in mapping.names.items():
        yield f"name.{language}" if isinstance(mapping.name, dict) else "name", column
    for code in mapping.attributes:
        if column := mapping.attribute(code).column:
            yield f"attributes.{code}", column
    for part in ("x", "y", "wkt"):
        if column := getattr(mapping.geometry, part):
            yield f"geometry.{part}", column
    if isinstance(mapping.tags, list):
        for column in mapping.tags:
            yield "tags", column


def _columns_fix(column: str, columns: Iterable[str]) -> str:
    listed = list(columns)
    shown = ", ".join(map(repr, listed[:SHOWN])) + (", ..." if len(listed) > SHOWN else "")
    close = next(iter(difflib.get_close_matches(column, listed, n=1)), None)
    if close is None:
        return _("The file has: {shown}.").format(shown=shown)
    return _("Did you mean {close!r}? The file has: {shown}.").format(close=close, shown=shown)
