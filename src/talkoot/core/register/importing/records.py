"""What every reader yields: objects as their source has them, and rows that could not be taken in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

import msgspec
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.text import Text
from talkoot.core.register.checks import BulkThing

DIGEST_BYTES: Final = 16


@dataclass(slots=True)
class SourceObject:
    """One object of a source, read and described but not yet in the register.

    `geometry` is WKB in WGS 84. `relations` pairs a relation's type with the external identifier of its object in
    the same source; objects that are related to come earlier in the reading. `row` says where in the file it is,
    where its identifier does not, `weight` about how many bytes its values take where they may be many.
    """

    external_id: str
    kind: str
    geometry: bytes | None = None
    name: Text = field(default_factory=Text)
    attributes: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    relations: tuple[tuple[str, str], ...] = ()
    row: str = ""
    weight: int = 0

    def rejected(self, reason: str) -> Rejected:
        """Return it as rejected for a reason."""
        return Rejected((self.row or self.external_id)[:200], reason, self.external_id)

    def digest(self) -> bytes:
        """Return 16 bytes over all that the register would hold of it: equal digests mean nothing changed."""
        content = (
            self.kind,
            self.geometry,
            self.name.as_dict(),
            self.attributes,
            self.provenance,
            self.tags,
            self.relations,
        )
        return hashlib.blake2b(_ENCODER.encode(content), digest_size=DIGEST_BYTES).digest()

    def as_thing(self, digest: bytes) -> BulkThing:
        """Return it in the form in which the register takes it."""
        return BulkThing(
            kind=self.kind,
            name=self.name,
            external_id=self.external_id,
            geometry=self.geometry,
            attributes=self.attributes,
            provenance=self.provenance,
            tags=self.tags,
            digest=digest,
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row or object that cannot be taken in: where it is in the file and the reason, with the fix.

    `external_id` is its identifier where it has one; what the register has of it then stays as it is.
    """

    row: str
    reason: str
    external_id: str = ""


Reading: TypeAlias = Iterator[SourceObject | Rejected]


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """The source that a file is from, as `ensure_source` takes it. Raises InvalidError for a code that is none."""

    code: str
    name: Text
    licence: str
    attribution: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if _CODE.fullmatch(self.code) is None:
            code = self.code[:80]
            fix = _("Use at most 60 of the letters a to z, digits, - and _, such as city-lamps.")
            raise InvalidError("source.code", _("{code!r} is no code of a source.").format(code=code), fix)


class Reader(Protocol):
    """A file that was read through once and found whole.

    `kinds` are those of which the file is the whole truth: what it does not show of them is closed; None means
    all kinds of the source. `mend` asks to mend areas that cross themselves. `rows` is about how many objects and
    rejected rows come.
    """

    @property
    def source(self) -> SourceSpec: ...
    @property
    def kinds(self) -> tuple[str, ...] | None: ...
    @property
    def mend(self) -> bool: ...
    @property
    def rows(self) -> int: ...
    def __iter__(self) -> Reading: ...


_CODE: Final = re.compile(r"[-a-zA-Z0-9_]{1,60}")
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
