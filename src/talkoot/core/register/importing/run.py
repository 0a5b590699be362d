"""An import from beginning to end: the file is found whole, written in batches, and only then things are closed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.services import require, service
from talkoot.core.register.importing.batches import write_batch
from talkoot.core.register.importing.closing import close_vanished, vanished
from talkoot.core.register.importing.locks import sole_import
from talkoot.core.register.importing.overlaps import overlapping_buildings
from talkoot.core.register.importing.readers import open_reader
from talkoot.core.register.importing.records import Reader, Reading, Rejected, SourceObject
from talkoot.core.register.importing.seen import SeenThings
from talkoot.core.register.models import Import
from talkoot.core.register.services import ensure_source

BATCH: Final = 5000
BATCH_BYTES: Final = 32 * 1024 * 1024
CHUNK: Final = 1 << 20
# Shares of an import's time, for its progress.
SURVEYED: Final = 0.1
WRITTEN: Final = 0.9
# How many there are is not known before: the share grows ever slower, half of it by this many objects.
HALF_SURVEYED: Final = 500_000

Progress = Callable[[float, str], None]


def import_file(
    actor: Actor,
    path: str | Path,
    *,
    source_code: str | None = None,
    mapping: Any = None,
    mend: bool = False,
    progress: Progress | None = None,
) -> Import:
    """Read a file of a source into the register; return the import with its counts.

    Parameters: `mapping` is the path of a mapping file, its text or its content as a dict (not for .osm.pbf);
    `source_code` overrides the source's code; `mend` mends areas that cross themselves instead of rejecting them;
    `progress(share, message)` is called as the work goes on and may raise to stop it.

    The same file again changes nothing. An import that was stopped or killed is carried on by importing again.
    Raises InvalidError for a file or mapping that cannot be used, with nothing written, NotAllowedError without
    the permission register.import, and ConflictError while the source is being imported already.
    """
    require(actor, "register.import")
    path = Path(path)
    tell = progress or (lambda share, message: None)

    def surveyed(objects: int) -> None:
        tell(
            SURVEYED * objects / (objects + HALF_SURVEYED),
            _("{objects} objects surveyed in {name}").format(objects=objects, name=path.name),
        )

    tell(0.0, _("Reading {name}").format(name=path.name))
    reader = open_reader(path, source_code=source_code, mapping=mapping, mend=mend, progress=surveyed)
    count = reader.rows
    tell(SURVEYED, _("{count} objects in {name}").format(count=count, name=path.name))
    with sole_import(reader.source.code):
        reading = _begin(actor, reader, path.name, digest_of(path))
        seen = _write(actor, reading, reader, tell)
        _close(actor, reading, reader, seen, tell)
        _finish(actor, reading)
    tell(1.0, _("{name} is in the register").format(name=path.name))
    return reading


def _write(actor: Actor, reading: Import, reader: Reader, tell: Progress) -> SeenThings:
    seen = SeenThings()
    done = 0
    for items in batches(iter(reader)):
        write_batch(actor, reading, items, reader=reader, seen=seen)
        done += len(items)
        share = SURVEYED + (WRITTEN - SURVEYED) * min(1.0, done / max(reader.rows, 1))
        tell(share, _("{done} objects read").format(done=done))
    return seen


def batches(reading: Reading) -> Iterator[list[SourceObject | Rejected]]:
    """Yield the objects in batches of at most `BATCH` objects or, where they are heavy, about `BATCH_BYTES`."""
    batch: list[SourceObject | Rejected] = []
    size = 0
    for item in reading:
        batch.append(item)
        size += item.weight if isinstance(item, SourceObject) else 0
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _close(actor: Actor, reading: Import, reader: Reader, seen: SeenThings, tell: Progress) -> None:
    keys = vanished(reader, reading.source, seen)
    total = len(keys)
    for closed in close_vanished(actor, reading, keys):
        tell(
            WRITTEN + (1 - WRITTEN) * closed / total,
            _("{closed} of {total} vanished things closed").format(closed=closed, total=total),
        )


@service("register.import")
def _begin(actor: Actor, reader: Reader, file_name: str, digest: str) -> Import:
    spec = reader.source
    source = ensure_source(
        actor,
        code=spec.code,
        name=spec.name,
        licence=spec.licence,
        attribution=spec.attribution,
        url=spec.url,
    )
    reading = Import.objects.create(source=source, file_name=file_name[:255], file_digest=digest)
    audit.note(reading, source=spec.code)
    return reading


@service("register.import")
def _finish(actor: Actor, reading: Import) -> None:
    if any(reading.counts.get(what) for what in ("added", "changed", "reopened")):
        reading.counts = {**reading.counts, **overlapping_buildings(reading)}
    reading.finished_at = timezone.now()
    reading.save(update_fields=["counts", "finished_at"])
    audit.note(reading, **{name: count for name, count in reading.counts.items() if isinstance(count, int)})


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
