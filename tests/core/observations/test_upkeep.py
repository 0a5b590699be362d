"""Datastreams lose what they keep no longer, and /health tells how the writer of readings is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import operator
from talkoot.core.compute.context import TaskContext
from talkoot.core.compute.models import Job
from talkoot.core.observations import upkeep
from talkoot.core.observations.store.batch import DAY, HOUR
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import FOLDER
from tests.core.observations.store.stores import batch
from tests.core.observations.store.writers import writing
from tests.observing import make_datastreams

CONTEXT = TaskContext(operator(), Job(), lambda share, message: None)


@pytest.mark.django_db(databases="__all__")
def test_datastreams_lose_what_is_older_than_they_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    kept, short, summed = make_datastreams(3)
    short.keep_days = short.keep_hourly_days = summed.keep_days = 2
    for stream in (short, summed):
        stream.save()
    today = int(time.time()) // 86_400 * DAY
    times = [today - days * DAY for days in (5, 3, 2, 0)]
    with writing(tmp_path) as writer:
        store = writer.store()
        monkeypatch.setattr(upkeep, "store", lambda: store)
        monkeypatch.setattr(upkeep, "writer", lambda: WriterClient(tmp_path))
        upkeep.writer().write(batch({(one.pk, t, 0): (1.0, 0, None) for one in (kept, short, summed) for t in times}))
        settings.HOME = tmp_path
        assert upkeep.seal_due(CONTEXT)["days"] == 3
        assert upkeep.lose_old(CONTEXT) == {"datastreams": 2}
        assert upkeep.lose_old(CONTEXT) == {"datastreams": 0}
        assert [store.count([one.pk]) for one in (kept, short, summed)] == [4, 2, 2]
        hours = [len(store.buckets([one.pk], times[0], today + DAY, HOUR)) for one in (kept, short, summed)]
        assert hours == [4, 2, 4]
        store.close()


def test_health_tells_whether_readings_are_stored(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path
    assert upkeep.health()["ok"] is False
    with writing(tmp_path) as writer:
        assert upkeep.health()["ok"] is True
        writer.kill()
        assert "cannot be reached" in upkeep.health()["problem"]
        assert (tmp_path / FOLDER).is_dir()
