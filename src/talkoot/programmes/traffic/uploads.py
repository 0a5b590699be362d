"""What planners send in: networks, trips and counts, checked as a whole before anything of them is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from talkoot.core.base import audit, lake
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.identifiers import new_uid
from talkoot.core.base.services import require, service
from talkoot.programmes.traffic.counters import HOURS, Counter
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.trips import Trips
from talkoot.programmes.traffic.input_files import NetworkFile, counts_in, network_in, told, trips_in
from talkoot.programmes.traffic.models import TrafficInput

PERMISSION: Final = "traffic.plan"
FOLDER: Final = "traffic/inputs"
MOST_BYTES: Final = 20_000_000
CHUNK: Final = 1 << 20
LONGEST_NAME: Final = 120
Kind = TrafficInput.Kind
ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    Kind.NETWORK: (".tntp", ".zip"),
    Kind.TRIPS: (".tntp",),
    Kind.COUNTS: (".csv",),
}


def upload(
    actor: Actor, kind: str, name: str, file_name: str, content: IO[bytes], *, length_unit: str = "km"
) -> TrafficInput:
    """Check a file that was sent in and keep it.

    Parameters
    ----------
    kind : str
        network, trips or counts.
    name, file_name : str
        What people call it; how the file was called, whose ending tells its format.
    content : binary file
        Read from where it stands; no more than 20 MB.
    length_unit : str
        What the lengths of a network are in: km, m, mi or ft.

    Raises
    ------
    InvalidError
        By field, for what is wrong with the file naming the line; nothing is kept then.
    NotAllowedError
        Where the actor may not model traffic.
    """
    require(actor, PERMISSION)
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidError("name", _("The name is empty or too long."), _("Give a name of at most 120 characters."))
    if kind not in Kind.values:
        raise InvalidError("kind", _("There are no such files."), _("Choose network, trips or counts."))
    if length_unit not in TrafficInput.Unit.values:
        raise InvalidError("length_unit", _("This unit is not known."), _("Choose km, m, mi or ft."))
    called = _safe_name(kind, file_name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / called
        size = _copied(content, path)
        summary = _checked(kind, path, length_unit)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        uid = new_uid()
        place = f"{FOLDER}/{uid}/{called}"
        try:
            _into_lake(path, place)
            return add_input(
                actor,
                uid=uid,
                kind=kind,
                name=name,
                file_name=called,
                path=place,
                digest=digest,
                bytes=size,
                length_unit=length_unit if kind == Kind.NETWORK else "",
                summary=summary,
            )
        except BaseException:
            lake.delete(f"{FOLDER}/{uid}")
            raise


@service(PERMISSION)
def add_input(actor: Actor, /, **values: Any) -> TrafficInput:
    """Enter a file that lies in the lake and was checked; `values` are those of its row."""
    made = TrafficInput.objects.create(author=actor.account, **values)
    audit.note(made, kind=made.kind, digest=made.digest)
    return made


@service(PERMISSION)
def delete_input(actor: Actor, item: TrafficInput) -> None:
    """Delete what was sent in; models that were made of it stay, and still tell its digest."""
    audit.note(item, kind=item.kind, digest=item.digest)
    folder = f"{FOLDER}/{item.uid}"
    item.delete()
    transaction.on_commit(lambda: lake.delete(folder))


def find(uid: UUID | str, kind: str = "") -> TrafficInput:
    """Return what was sent in, of a kind where one is named. Raises NotFoundError."""
    try:
        found = TrafficInput.objects.filter(uid=UUID(str(uid))).first()
    except ValueError:
        found = None
    if found is None or (kind and found.kind != kind):
        raise NotFoundError(_("There is no such network, trips or counts here; they may have been deleted."))
    return found


def network_of(item: TrafficInput) -> NetworkFile:
    """Return a network that was sent in. Raises NotFoundError where the lake has lost it."""
    with _from_lake(item) as path:
        return network_in(path, item.length_unit)


def trips_of(item: TrafficInput, zones: int) -> Trips:
    """Return trips that were sent in; raises InvalidError where they are not between so many zones."""
    with _from_lake(item) as path:
        try:
            return trips_in(path, zones)[0]
        except NetworkError as error:
            raise InvalidError("trips", error.problem, error.fix) from error


def counters_of(item: TrafficInput) -> list[Counter]:
    """Return counts that were sent in, by the link that was counted."""
    with _from_lake(item) as path:
        counts = counts_in(path)
    found: dict[str, Counter] = {}
    for count in counts:
        empty = Counter(count.link, np.full(HOURS, np.nan), np.full(HOURS, np.nan), simulated=False)
        counter = found.setdefault(count.link, empty)
        counter.flow[count.hour], counter.sd[count.hour] = count.vehicles, count.sd
    return list(found.values())


def _safe_name(kind: str, file_name: str) -> str:
    """Return a file name without a path and with plain characters only. Raises InvalidError for an unknown ending."""
    base = Path(file_name.replace("\\", "/")).name
    suffix = Path(base).suffix.lower()
    if suffix not in ENDINGS[kind]:
        known = ", ".join(ENDINGS[kind])
        raise InvalidError("file", _("Files of this type cannot be read here."), _("Send one of: %s.") % known)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", base[: -len(suffix)]).strip("-") or "file"
    return f"{stem[:60]}{suffix}"


def _copied(content: IO[bytes], path: Path) -> int:
    """Copy a file that was sent in and return its size. Raises InvalidError for one that is empty or too large."""
    size = 0
    with path.open("wb") as kept:
        while chunk := content.read(CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                limit = MOST_BYTES // 1_000_000
                raise InvalidError(
                    "file", _("The file is larger than %d MB.") % limit, _("Send a smaller one, or pack it as a zip.")
                )
            kept.write(chunk)
    if not size:
        raise InvalidError("file", _("The file is empty."), _("Choose the file again."))
    return size


def _checked(kind: str, path: Path, length_unit: str) -> dict[str, Any]:
    try:
        return told(kind, path, length_unit)
    except NetworkError as error:
        where = "" if error.field == path.name else f"{error.field}: "
        raise InvalidError("file", f"{where}{error.problem}", error.fix) from error


def _into_lake(path: Path, place: str) -> None:
    with path.open("rb") as source, lake.lake().writing(place) as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)


@contextmanager
def _from_lake(item: TrafficInput) -> Iterator[Path]:
    """Yield the file as one of this machine, for as long as the block lasts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / item.file_name
        with lake.open_input(item.path) as source, path.open("wb") as kept:
            while chunk := source.read(CHUNK):
                kept.write(chunk)
        yield path
