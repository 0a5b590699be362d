"""Readings of a deleted datastream are forgotten for certain, and no datastream begins with those of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from talkoot.core.base.actors import operator
from talkoot.core.observations import readings
from talkoot.core.observations.forgetting import forget_deleted
from talkoot.core.observations.models import DeletedDatastream
from talkoot.core.observations.services import delete_datastream
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.stores import batch
from tests.core.observations.store.writers import Writer, writing
from tests.observing import make_datastreams


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    with writing(tmp_path) as process:
        store = process.store()
        monkeypatch.setattr(readings, "store", lambda: store)
        monkeypatch.setattr(readings, "writer", lambda: WriterClient(tmp_path, seconds=2))
        yield process
        store.close()


def write(*streams: int) -> None:
    readings.write(batch({(stream, t, 0): (1.0, 0, None) for stream in streams for t in (1, 2)}))


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_readings_are_forgotten_although_the_writer_was_away(writer: Writer) -> None:
    kept, deleted, at_once = (stream for stream in make_datastreams(3))
    gone, first = deleted.pk, at_once.pk
    write(kept.pk, gone, first)
    delete_datastream(operator(), at_once)
    assert readings.store().count([first]) == 0
    writer.kill()
    delete_datastream(operator(), deleted)
    assert forget_deleted() == 0
    assert readings.store().count([gone]) == 2
    writer.start()
    assert forget_deleted() == 1
    assert forget_deleted() == 0
    write(gone)  # it was on its way
    assert [readings.store().count([stream]) for stream in (kept.pk, gone, first)] == [2, 0, 0]
    with readings.store().snapshot() as snapshot:
        assert verify(snapshot).ok


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_datastream_begins_without_readings_of_one_that_was_undone(writer: Writer) -> None:
    (before,) = make_datastreams(1)
    undone = before.pk + 1  # its number, and its readings, of a transaction that did not come to its end
    write(undone)
    made = make_datastreams(2)
    assert [stream.pk - undone for stream in made] == [1, 2]
    assert list(DeletedDatastream.objects.values_list("number", flat=True)) == [undone]
    assert readings.store().count([undone]) == 0


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_datastream_begins_under_no_number_whose_readings_were_let_go_of(writer: Writer) -> None:
    (before,) = make_datastreams(1)
    readings.forget_streams([before.pk + 1])
    (made,) = make_datastreams(1)
    assert made.pk == before.pk + 2
    write(made.pk)
    assert readings.store().count([made.pk]) == 2
