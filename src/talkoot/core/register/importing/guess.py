"""What a file holds, and a mapping proposed for it: a planner confirms it instead of writing one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.programmes import kinds
from talkoot.core.register.importing.formats import CSV, OSM, format_of, open_table
from talkoot.core.register.importing.mapping import SourceFields, SourceMapping
from talkoot.core.register.importing.places import WGS84
from talkoot.core.register.importing.tables import Row, Table
from talkoot.core.register.importing.values import to_number, to_text

SHOWN: Final = 10
LOOKED_AT: Final = 500
# Of a larger file only the beginning is looked at: a person waits for the answer.
BEGINNING: Final = 4 * 1024 * 1024
CELL: Final = 200
IDS: Final = (
    "id",
    "tunnus",
    "tunniste",
    "fid",
    "gid",
    "objectid",
    "uuid",
    "kohdeid",
    "numero",
    "nro",
    "nr",
    "beteckning",
)
XS: Final = (
    "lon",
    "longitude",
    "lng",
    "x",
    "xkoord",
    "koordx",
    "itakoordinaatti",
    "e",
    "east",
    "easting",
    "pituusaste",
    "ost",
)
YS: Final = (
    "lat",
    "latitude",
    "y",
    "ykoord",
    "koordy",
    "pohjoiskoordinaatti",
    "n",
    "north",
    "northing",
    "leveysaste",
    "nord",
)
WKTS: Final = ("wkt", "geometry", "geom", "geometria", "thegeom", "shape")
NAMES: Final = {
    "fi": ("namefi", "nimifi", "nimi", "name", "nimisuomi"),
    "sv": ("namesv", "nimisv", "namn", "nimiruotsi", "namnsv"),
    "en": ("nameen", "nimien", "nimienglanti", "namnen"),
}
UNITS: Final = ("mm", "cm", "dm", "km", "m", "ft", "kmh", "mph", "kw", "w", "m2")
_UCUM: Final = {"kmh": "km/h", "kw": "kW", "w": "W"}
# Zones of the Finnish Gauss-Krüger plane (ETRS-GKn): the first two digits of an easting name the meridian.
GK_ZONES: Final = {zone: f"EPSG:{3854 + zone}" for zone in range(19, 32)}


@dataclass(frozen=True, slots=True)
class Description:
    """A file as a person confirms it: format, columns, the first rows as text, and the mapping proposed.

    `count` is of all its rows or, where the file is not looked at as a `whole`, of those looked at.
    """

    format: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int
    guess: dict[str, Any]
    whole: bool = True


def describe(path: str | Path, kind: str = "", *, layer: str = "") -> Description:
    """Describe a file and propose a mapping for it; `kind` is guessed from the file's name where it is not given.

    Of a file of more than `BEGINNING` bytes only its beginning is looked at. Raises InvalidError for a file that
    cannot be read, or an unknown kind. Of an OpenStreetMap extract there is nothing to map: columns and guess are
    empty.
    """
    path = Path(path)
    found = format_of(path)
    if found == OSM:
        return Description(found, (), (), 0, {})
    table = open_table(path, _any_mapping(layer), most=BEGINNING)
    sample = [row for row in islice(table.rows(), LOOKED_AT) if isinstance(row, Row)]
    whole = path.stat().st_size <= BEGINNING
    shown = tuple(
        tuple(to_text(row.values.get(column) or "")[:CELL] for column in table.columns) for row in sample[:SHOWN]
    )
    guess = _guess(path, found, table, sample, kind or _kind_by_name(path.stem), layer)
    return Description(found, tuple(table.columns), shown, table.count if whole else len(sample), guess, whole)


def guess_mapping(path: str | Path, kind: str = "") -> dict[str, Any]:
    """Return a mapping proposed for the file, as a dict ready to be written as YAML.

    The licence is left empty, since only a person can know it. Raises InvalidError as `describe` does.
    """
    return describe(path, kind).guess


def _any_mapping(layer: str) -> SourceMapping:
    return SourceMapping(kind="thing", source=SourceFields(code="", name="", licence=""), id="", layer=layer)


def _guess(path: Path, found: str, table: Table, sample: Sequence[Row], kind: str, layer: str) -> dict[str, Any]:
    declared = kinds().get(kind)
    if declared is None:
        known = ", ".join(sorted(kinds()))
        raise InvalidError(
            "kind", _("{kind!r} is no kind of thing.").format(kind=kind), _("Use one of: {known}.").format(known=known)
        )
    columns = table.columns
    guess: dict[str, Any] = {
        "kind": kind,
        "source": {"code": slugify(path.stem)[:60] or "source", "name": path.stem, "licence": ""},
        "id": _identifier(columns, sample),
    }
    if names := {language: column for language, words in NAMES.items() if (column := _first(columns, words))}:
        guess["name"] = names
    taken = {guess["id"], *names.values()}
    if found == CSV:
        guess |= _place(columns, sample)
        taken |= set(guess.get("geometry", {}).values())
    free = [column for column in columns if column not in taken]
    if attributes := dict(_attributes(free, declared.schema.get("properties", {}))):
        guess["attributes"] = attributes
    if layer:
        guess["layer"] = layer
    return guess


def plain(name: str) -> str:
    """Return a column's name in small plain letters and digits: "Korkeus (m)" as "korkeusm"."""
    flat = unicodedata.normalize("NFD", name.lower())
    return re.sub(r"[^a-z0-9]", "", "".join(sign for sign in flat if not unicodedata.combining(sign)))


def _first(columns: Iterable[str], words: Sequence[str]) -> str:
    by_name = {plain(column): column for column in reversed(list(columns))}
    return next((by_name[word] for word in words if word in by_name), "")


def _identifier(columns: Sequence[str], sample: Sequence[Row]) -> str:
    """Return the column that tells the rows apart: called so, else ending in "id", else the first that does."""

    def tells_apart(column: str) -> bool:
        values = [to_text(row.values.get(column) or "") for row in sample]
        return bool(values) and all(values) and len(set(values)) == len(values)

    called = [_first(columns, (word,)) for word in IDS]
    ending = [column for column in columns if plain(column).endswith(("id", "tunnus", "nro"))]
    return next((column for column in (*called, *ending, *columns) if column and tells_apart(column)), "")


def _place(columns: Sequence[str], sample: Sequence[Row]) -> dict[str, Any]:
    x, y = _first(columns, XS), _first(columns, YS)
    if x and y:
        return {"geometry": {"x": x, "y": y}, "crs": _crs(_middle(sample, x), _middle(sample, y))}
    if wkt := _first(columns, WKTS):
        return {"geometry": {"wkt": wkt}, "crs": WGS84}
    return {}


def _middle(sample: Sequence[Row], column: str) -> float:
    numbers = sorted(n for row in sample if (n := to_number(row.values.get(column))) is not None)
    return numbers[len(numbers) // 2] if numbers else 0.0


def _crs(x: float, y: float) -> str:
    """Return the coordinate system that coordinates of this size are usually in, in Finland or in degrees."""
    if abs(x) <= 180 and abs(y) <= 90:
        return WGS84
    if (zone := int(x // 1_000_000)) in GK_ZONES:
        return GK_ZONES[zone]
    return str(settings.PROJECTED_CRS)


def _attributes(columns: Sequence[str], properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield attribute -> column, found by the attribute's code or name in any language, with a unit it ends in."""
    for code, schema in properties.items():
        stem = plain(code.rsplit("_", 1)[0] if "x-unit" in schema and "_" in code else code)
        words = {plain(code), stem, *(plain(name) for name in schema.get("x-name", {}).values())}
        for column in columns:
            name = plain(column)
            if name in words:
                yield code, column
                break
            unit = next((unit for unit in UNITS if name.endswith(unit) and name.removesuffix(unit) in words), "")
            if unit and "x-unit" in schema:
                own = plain(str(schema["x-unit"])) == unit
                yield code, column if own else {"column": column, "unit": _UCUM.get(unit, unit)}
                break


def _kind_by_name(stem: str) -> str:
    """Return the kind that a file's name speaks of in any language, else that of anything."""
    said = plain(stem)
    for kind in kinds().values():
        names = [kind.code, *kind.name.as_dict().values(), *kind.plural.as_dict().values()]
        if any(len(plain(name)) > 3 and plain(name) in said for name in names):
            return kind.code
    return "thing"
