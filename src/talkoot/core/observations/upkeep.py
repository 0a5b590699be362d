"""What keeps the store of readings well: days are sealed, old files go, and /health tells how the writer is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from talkoot.core.compute import duties
from talkoot.core.compute.context import TaskContext
from talkoot.core.compute.expiry import LAKE_STAYS
from talkoot.core.observations.readings import store, writer
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.sealing import EPOCH, Sealer

PING_SECONDS: Final = 2.0


def sealer() -> Sealer:
    """Return what seals days of this city."""
    return Sealer(settings.HOME, store(), writer())


def seal_due(context: TaskContext) -> dict[str, Any]:
    """Seal the days that are due, then delete the files that nobody reads any more."""
    work = sealer()
    days = 0
    for sealed in work.seal_due():
        days += 1
        context.progress(0.0, str(EPOCH + timedelta(days=sealed.day)))
    return {"days": days, "files": clean(work)}


def clean(work: Sealer) -> int:
    """Delete files of sealed days that were replaced a while ago; none while a backup reads the lake."""
    return 0 if duties.any_held(LAKE_STAYS) else work.clean()


def health() -> dict[str, Any]:
    """Return whether the writer of readings answers and stores, and the seconds since it last did."""
    client = WriterClient(settings.HOME, seconds=PING_SECONDS)
    try:
        found = client.ping()
    except WriterError as error:
        return {"ok": False, "problem": str(error)}
    finally:
        client.close()
    return {"ok": not found["problem"], **found}
