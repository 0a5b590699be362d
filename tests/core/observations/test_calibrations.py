"""Calibrations reach the store of readings, at once or when its writer is back, and every door reads by them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.models import AuditEntry
from talkoot.core.observations import calibrations, queries, readings
from talkoot.core.observations.calibrations import apply_all, is_applied
from talkoot.core.observations.live import Live
from talkoot.core.observations.models import Alert, Calibration, Datastream
from talkoot.core.observations.services import delete_calibration, delete_datastream, set_calibration
from talkoot.core.observations.sta.observed import observations
from talkoot.core.observations.store.batch import Batch, Readings
from talkoot.core.observations.store.client import AsyncWriterClient, WriterClient
from tests.alerting import NOON, MakeRule, Station
from tests.core.observations.test_live import listening, next_readings

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def nothing_calibrated(station: Station) -> Iterator[None]:
    """Leave a store without calibrations."""
    yield
    Calibration.objects.all().delete()
    apply_all()


def calibrate(
    commits: DjangoCaptureOnCommitCallbacks, datastream: Datastream, minute: float = 0, **numbers: Any
) -> None:
    """Set a calibration from a minute after noon on."""
    with commits(execute=True):
        set_calibration(operator(), datastream, valid_from=NOON + timedelta(minutes=minute), **numbers)


def values(datastream: Datastream) -> list[float]:
    """Return the values of a datastream as they are read."""
    found: list[float] = readings.store().rows([datastream.pk]).value.tolist()
    return found


def test_it_changes_what_is_read_at_once_and_is_taken_back(
    station: Station, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    known, commits = station.streams[0], django_capture_on_commit_callbacks
    station.send([(-1, 10), (0, 10), (1, 20), (2, 30)])
    calibrate(commits, known, factor=-2, offset=1)
    assert values(known) == [10, -19, -39, -59]
    calibrate(commits, known, 2, offset=0.5)
    assert values(known) == [10, -19, -39, 30.5]
    latest = queries.latest([known])[known.pk]
    assert latest.value == 30.5
    picture = queries.pictures([known.pk], NOON - timedelta(hours=1), NOON + timedelta(hours=1), points=2)[known.pk]
    assert picture.low.tolist()[1] == -39
    assert picture.high.tolist()[1] == 30.5
    [block] = queries.blocks(known.pk, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    assert block.raw.tolist() == [10, 10, 20, 30]
    for minute in (0, 2):
        with commits(execute=True):
            delete_calibration(operator(), known, valid_from=NOON + timedelta(minutes=minute))
    assert values(known) == [10, 10, 20, 30]
    assert not queries.is_calibrated(known.pk)
    [said] = AuditEntry.objects.filter(target=f"datastream {known.pk}", verb__contains="calibration").order_by("-pk")[
        :1
    ]
    assert said.detail["deleted"] == 1


def test_the_same_again_is_no_correction_of_a_calibrated_reading(
    station: Station, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    known = station.streams[0]
    station.send([(0, 10)])
    calibrate(django_capture_on_commit_callbacks, known, factor=2)
    _, status = readings.writer().write(Batch.of([known.pk], [queries.microseconds(NOON)], [10.0]))
    assert status.tolist() == [1]
    assert values(known) == [20]


def test_what_waits_for_the_writer_is_made_equal_when_it_is_back(
    station: Station,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    known, other = station.streams[:2]
    station.send([(0, 10)])
    with monkeypatch.context() as away:
        away.setattr(calibrations, "writer", lambda: WriterClient(tmp_path))
        calibrate(django_capture_on_commit_callbacks, known, factor=3)
        assert not is_applied(known.pk, known.calibrations.all())
        assert apply_all() == 1
        assert values(known) == [10]
    assert apply_all() == 1
    assert is_applied(known.pk, known.calibrations.all())
    assert values(known) == [30]
    readings.writer().calibrate(other.pk, [(0, 2.0, 0.0)])  # which nobody said
    assert apply_all() == 1
    assert apply_all() == 0
    assert is_applied(other.pk, [])


def test_a_change_that_came_in_between_is_not_lost(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    known = station.streams[0]
    set_calibration(operator(), known, valid_from=NOON, factor=2)
    told: list[Any] = []

    class Slow:
        """A way to the writer on which a second change is said while the first one travels."""

        def calibrate(self, stream: int, rules: Any) -> None:
            if not told:
                set_calibration(operator(), known, valid_from=NOON, factor=5)
            told.append(rules)
            readings.writer().calibrate(stream, rules)

    monkeypatch.setattr(calibrations, "writer", Slow)
    assert calibrations.apply(known.pk)
    assert [rules[0][1] for rules in told] == [2, 5]
    assert is_applied(known.pk, known.calibrations.all())


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("factor", {"factor": 0}),
        ("factor", {"factor": float("nan")}),
        ("offset", {"offset": 1e13}),
        ("note", {"note": "x" * 301}),
        ("valid_from", {"valid_from": datetime(2026, 1, 1)}),
        ("valid_from", {"valid_from": datetime.fromisoformat("0001-01-01T00:00+03:00")}),
    ],
)
def test_what_is_wrong_is_told(station: Station, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        set_calibration(operator(), station.streams[0], **{"valid_from": NOON, **given})
    assert [problem.field for problem in caught.value.problems] == [field]
    assert not station.streams[0].calibrations.exists()


def test_lists_and_modelled_values_are_not_calibrated(station: Station) -> None:
    known = station.streams[0]
    known.is_multi = True
    with pytest.raises(ConflictError, match="several"):
        set_calibration(operator(), known, valid_from=NOON, factor=2)
    known.is_multi, known.sensor.procedure = False, "air.model"
    with pytest.raises(ConflictError, match="modelled"):
        set_calibration(operator(), known, valid_from=NOON, factor=2)


def test_alerts_judge_by_calibrated_values(
    station: Station, hot: MakeRule, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hot()
    calibrate(django_capture_on_commit_callbacks, station.streams[0], offset=5)
    station.send([(0, 27)])
    station.evaluate(1)
    assert Alert.objects.get().is_open
    calibrate(django_capture_on_commit_callbacks, station.streams[0], offset=0)
    station.send([(2, 20)])
    station.evaluate(3)
    assert not Alert.objects.get().is_open


def test_those_who_listen_are_told_calibrated_values(
    station: Station, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    known = station.streams[0]
    calibrate(django_capture_on_commit_callbacks, known, factor=0.5, offset=1)

    async def run() -> tuple[list[dict[str, Any]], Readings]:
        writer = AsyncWriterClient(settings.HOME)
        following = aiter(writer.subscribe([known.pk]))
        events = await listening(Live(writer.subscribe), [known.pk])
        next_rows = asyncio.ensure_future(anext(following))
        while (await writer.ping())["subscribers"] < 2:
            await asyncio.sleep(0.01)
        await writer.write(Batch.of([known.pk], [queries.microseconds(NOON)], [20.0]))
        told = await next_readings(events)
        await events.aclose()
        await writer.close()
        return told, await next_rows

    [told], rows = asyncio.run(asyncio.wait_for(run(), 20))
    assert told["result"] == 11
    assert told["time"] == NOON.astimezone(UTC).isoformat().replace("+00:00", "Z")
    [observation] = observations(rows)  # which MQTT tells
    assert (observation.result, observation.parameters) == (11, {"rawResult": 20})


def test_a_deleted_datastream_leaves_none(
    station: Station, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    last = station.streams[-1]  # its number has no readings any more, in a module whose numbers come again
    calibrate(django_capture_on_commit_callbacks, last, factor=2)
    with django_capture_on_commit_callbacks(execute=True):
        delete_datastream(operator(), Datastream.objects.get(pk=last.pk))
    assert apply_all() == 1
    assert not queries.is_calibrated(last.pk)
