"""GeoJSON (RFC 7946) feature collections of any size, cut into features without holding the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.importing.tables import MAX_ROW, MAX_VALUE, BadRow, Row, open_bytes, too_large

PIECE: Final = 1024 * 1024
SAMPLE: Final = 1000
# A string outside the features is read again with the next piece while it is shorter than this.
LONGEST_KEY: Final = 1024 * 1024
FIX: Final = gettext_noop("Give a whole FeatureCollection, as RFC 7946, section 3.3 has it.")
# A whole string, or the sign that opens or closes something; a lone quote begins a string cut off by the piece.
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_IN_STRING: Final = re.compile(rb'["\\]')


@dataclass(slots=True)
class FeatureCutter:
    """Cuts the features out of a collection, piece by piece: only their outlines are followed, in C.

    A feature larger than `MAX_ROW` is passed over and comes as None.
    """

    file: BinaryIO
    depth: int = 0
    in_features: bool = False
    found_features: bool = False
    _key: bytes = b""
    _in_string: bool = False
    _skip: int = 0
    _parts: list[bytes] | None = None
    _size: int = 0

    def __iter__(self) -> Iterator[bytes | None]:
        carried = b""
        while piece := self.file.read(PIECE):
            carried = yield from self._cut(carried + piece)

    @property
    def whole(self) -> bool:
        """Whether the collection was closed in the end."""
        return self.found_features and self.depth == 0 and not self._in_string

    def _cut(self, piece: bytes) -> Any:
        """Yield the features that end in this piece; return what is to be read again with the next."""
        position = begins = 0
        while position < len(piece):
            if self._in_string:
                position = self._leave_string(piece, position)
                continue
            token = _TOKEN.search(piece, position)
            if token is None:
                break
            position = token.end()
            sign = token[0]
            if sign == b'"':
                if self._parts is None and len(piece) - token.start() < LONGEST_KEY:
                    return piece[token.start() :]
                self._in_string = True
            elif sign in (b"{", b"["):
                if self._opens(sign):
                    begins = token.start()
            elif sign in (b"}", b"]"):
                if self._closes(sign):
                    yield self._feature(piece[begins:position])
            elif self.depth == 1:
                self._key = sign
        if self._parts is not None:
            self._keep(piece[begins:])
        return b""

    def _leave_string(self, piece: bytes, position: int) -> int:
        if self._skip:
            self._skip = 0
            return position + 1
        end = _IN_STRING.search(piece, position)
        if end is None:
            return len(piece)
        if end[0] == b"\\":
            self._skip = 1
        else:
            self._in_string = False
        return end.end()

    def _opens(self, sign: bytes) -> bool:
        """Count an opening sign; tell whether a feature begins with it."""
        begins = self.in_features and self.depth == 2 and sign == b"{"
        if self.depth == 1 and sign == b"[" and self._key == b'"features"':
            self.in_features = self.found_features = True
        self.depth += 1
        if begins:
            self._parts, self._size = [], 0
        return begins

    def _closes(self, sign: bytes) -> bool:
        """Count a closing sign; tell whether a feature ends with it."""
        self.depth -= 1
        if self.depth == 1:
            self.in_features = False
        return self._parts is not None and self.depth == 2

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._parts is not None:
            if self._size > MAX_ROW:
                self._parts.clear()
            else:
                self._parts.append(part)

    def _feature(self, last: bytes) -> bytes | None:
        self._keep(last)
        whole = b"".join(self._parts or ())
        self._parts = None
        return whole if self._size <= MAX_ROW else None


@dataclass(frozen=True, slots=True)
class GeoJsonTable:
    """A feature collection. A feature's own `id` is a column too where no property is called so."""

    path: Path
    columns: tuple[str, ...]
    count: int
    crs: str = ""
    has_geometry: bool = True
    most: int = 0

    @classmethod
    def open(cls, path: Path, wanted: frozenset[str] = frozenset(), *, most: int = 0) -> GeoJsonTable:
        """Read the collection once to see that it is whole and which properties there are; or its first `most` bytes.

        Properties are gathered from the first thousand features, and on until those `wanted` are found. Raises
        InvalidError for what is no whole feature collection.
        """
        columns: dict[str, None] = {}
        count = 0
        with open_bytes(path, most) as file:
            cutter = FeatureCutter(file)
            for text in cutter:
                count += 1
                if text is not None and (count <= SAMPLE or not wanted <= columns.keys()):
                    columns.update(dict.fromkeys(_values(_decoded(text))))
        if not cutter.found_features:
            raise InvalidError("file", _("{name} is no GeoJSON feature collection.").format(name=path.name), _(FIX))
        if not cutter.whole and not most:
            raise InvalidError(
                "file", _("{name} is cut off: its collection does not end.").format(name=path.name), _(FIX)
            )
        if not count and not most:
            raise InvalidError("file", _("{name} has no features.").format(name=path.name), _(FIX))
        return cls(path, tuple(columns), count, most=most)

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the features in order."""
        with open_bytes(self.path, self.most) as file:
            for number, text in enumerate(FeatureCutter(file), start=1):
                label = _("feature {number}").format(number=number)
                if text is None:
                    yield too_large(label, MAX_ROW)
                    continue
                feature = _decoded(text)
                if feature is None:
                    yield BadRow(label, _("It is no JSON object."))
                elif any(isinstance(value, str) and len(value) > MAX_VALUE for value in _values(feature).values()):
                    yield too_large(label, MAX_VALUE)
                else:
                    yield Row(label, _values(feature), feature.get("geometry"))


def _decoded(text: bytes) -> dict[str, Any] | None:
    try:
        feature = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            feature = json.loads(text)  # takes NaN, which is then told by its name
        except (ValueError, RecursionError):
            return None
    return feature if isinstance(feature, dict) else None


def _values(feature: dict[str, Any] | None) -> dict[str, Any]:
    if feature is None:
        return {}
    properties = feature.get("properties")
    values = dict(properties) if isinstance(properties, dict) else {}
    if "id" in feature:
        values.setdefault("id", feature["id"])
    return values
