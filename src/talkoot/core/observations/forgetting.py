"""Readings of datastreams that are no more are let go of for certain, however long the writer is away.

The number of a deleted datastream is kept in the transaction that deletes it. Readings are forgotten after that,
and again where the store still has some: a chore compares the two.
"""

from __future__ import annotations

import logging

import numpy as np
from django.db import transaction

from talkoot.core.observations import readings
from talkoot.core.observations.models import Datastream, DeletedDatastream
from talkoot.core.observations.store.batch import MAX_TIME
from talkoot.core.observations.store.frames import WriterError

log = logging.getLogger(__name__)


def forget(datastream: Datastream) -> None:
    """Within a transaction: delete a datastream, and its readings once that is certain."""
    DeletedDatastream.objects.get_or_create(number=datastream.pk)
    datastream.delete()
    transaction.on_commit(forget_deleted)


def save_new(datastream: Datastream) -> None:
    """Within a transaction: save a new datastream under a number that no reading has, and that lost none.

    Readings that a datastream came with are stored before its transaction ends. Where that was undone they are still
    there, and SQLite gives the number out again. A number whose readings were let go of would lose new ones too.
    """
    datastream.save()
    with readings.store().snapshot() as snapshot:
        while datastream.pk in snapshot.manifest.cuts.streams or snapshot.count([datastream.pk]):
            forget(datastream)
            datastream.save()


def forget_deleted() -> int:
    """Let go of the readings of deleted datastreams that the store still has; return of how many.

    While the writer is away they wait: nobody sees them.
    """
    deleted = np.array(list(DeletedDatastream.objects.order_by("number").values_list("number", flat=True)), np.int64)
    with readings.store().snapshot() as snapshot:
        left = deleted[snapshot.manifest.cuts.before(deleted) < MAX_TIME]
    try:
        readings.forget_streams(left.tolist())
    except WriterError as error:
        log.info("readings of %d deleted datastreams wait to be forgotten: %s", len(left), error)
        return 0
    return len(left)
