"""Files that staff send in: kept below the city's home under a random name until they are imported or too old."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.identifiers import new_uid
from talkoot.core.base.services import require
from talkoot.core.register.importing.formats import SUFFIXES

KEEP_DAYS: Final = 7
ENDINGS: Final = (".osm.pbf", *SUFFIXES)
ABOUT: Final = "about.json"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent in, and by whom."""

    uid: UUID
    path: Path
    account_uid: str


def folder() -> Path:
    """Return the folder of all uploads."""
    return Path(settings.HOME) / "uploads"


def safe_name(name: str) -> str:
    """Return a file name without a path and with plain characters only, its ending kept.

    Raises InvalidError for an ending that no reader knows.
    """
    base = Path(name.replace("\\", "/")).name
    ending = next((known for known in ENDINGS if base.lower().endswith(known)), "")
    if not ending:
        raise InvalidError(
            "file", _("Files of this type cannot be imported."), _("Send one of: %s.") % ", ".join(ENDINGS)
        )
    stem = re.sub(r"[^\w-]+", "-", base[: -len(ending)]).strip("-") or "file"
    return f"{stem[:50]}{ending}"  # 255 bytes at most, whatever the alphabet


def keep(actor: Actor, file: UploadedFile[Any]) -> Upload:
    """Keep a file that was sent in. Raises InvalidError for one that is empty or too large, and its type."""
    require(actor, "register.import")
    name = safe_name(file.name or "")
    if not file.size:
        raise InvalidError("file", _("The file is empty."), _("Choose the file again."))
    if file.size > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        raise InvalidError(
            "file", _("The file is larger than %d MB.") % limit, _("Split it, or import it in the shell.")
        )
    forget_old()
    uid = new_uid()
    place = folder() / str(uid)
    place.mkdir(parents=True, mode=0o700)
    with (place / name).open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    (place / ABOUT).write_bytes(msgspec.json.encode({"name": name, "account_uid": actor.account_uid}))
    return Upload(uid, place / name, actor.account_uid)


def find(actor: Actor, uid: UUID) -> Upload:
    """Return an upload of the actor's own. Raises NotFoundError for all others, and for those that are gone."""
    require(actor, "register.import")
    about = folder() / str(uid) / ABOUT
    if about.is_file():
        known = msgspec.json.decode(about.read_bytes())
        if known["account_uid"] == actor.account_uid:
            return Upload(uid, about.with_name(known["name"]), known["account_uid"])
    raise NotFoundError(_("This file is no longer here. Send it again."))


def forget_old() -> None:
    """Delete the uploads that are older than a week."""
    limit = time.time() - KEEP_DAYS * 24 * 3600
    for place in _places():
        if place.stat().st_mtime < limit:
            shutil.rmtree(place, ignore_errors=True)


def _places() -> Iterator[Path]:
    if folder().is_dir():
        yield from (place for place in folder().iterdir() if place.is_dir())
