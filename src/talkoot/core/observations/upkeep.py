"""What keeps the store of readings well: days are sealed, what is old goes, and /health tells how the writer is."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from typing import Any, Final

import numpy as np
from django.conf import settings

from talkoot.core.compute import duties
from talkoot.core.compute.context import TaskContext
from talkoot.core.compute.expiry import LAKE_STAYS
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.readings import store, writer
from talkoot.core.observations.store.batch import DAY, MIN_TIME
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.sealing import EPOCH, Sealer

PING_SECONDS: Final = 2.0


def sealer() -> Sealer:
    """Return what seals days of this city."""
    return Sealer(settings.HOME, store(), writer())


def seal_due(context: TaskContext) -> dict[str, Any]:
    """Seal the days that are due, then delete the files that nobody reads any more; nothing while another seals."""
    work = sealer()
    days = files = 0
    with contextlib.suppress(BlockingIOError):
        for sealed in work.seal_due():
            days += 1
            context.progress(0.0, str(EPOCH + timedelta(days=sealed.day)))
        files = clean(work)
    return {"days": days, "files": files}


def lose_old(context: TaskContext) -> dict[str, Any]:
    """Let datastreams lose the readings and hourly summaries that they are to keep no longer."""
    today = int(time.time()) // 86_400
    with store().snapshot() as snapshot:
        cuts = snapshot.manifest.cuts
    lost = 0
    wanted = Datastream.objects.exclude(keep_days=None).values_list("pk", "keep_days", "keep_hourly_days")
    for stream, days, hourly_days in wanted.iterator():
        assert days is not None
        raw_before = (today - days) * DAY
        hours_before = MIN_TIME if hourly_days is None else min(raw_before, (today - hourly_days) * DAY)
        key = np.array([stream])
        if raw_before > cuts.before(key)[0] or hours_before > cuts.hours_before(key)[0]:
            writer().cut(stream, raw_before, hours_before)
            lost += 1
            context.progress(0.0, str(lost))
    return {"datastreams": lost}


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


def states() -> dict[str, float]:
    """Return whether the writer of readings stores (0 or 1) and the seconds since it last did, for /metrics."""
    found = health()
    silent = {"seconds_since_commit": found["seconds_since_commit"]} if "seconds_since_commit" in found else {}
    return {"ok": float(found["ok"]), **silent}
