"""Calibrations: said here, with who and when, and from here taken to the store of readings, which reads by them.

What is stored stays raw, so that a calibration that is set, changed or taken back changes all that is read, at once.
The store has them from the process that writes readings; while that is away they wait, and a chore sees to it that
the two are equal.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, Problem
from talkoot.core.base.services import service
from talkoot.core.observations.checks import require_storable
from talkoot.core.observations.models import Calibration, Datastream
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.readings import store, writer
from talkoot.core.observations.store.batch import MAX_TIME, MIN_TIME
from talkoot.core.observations.store.calibrations import MAX_RULES, Rule
from talkoot.core.observations.store.frames import WriterError

log = logging.getLogger(__name__)
CALIBRATE: Final = "observations.calibrate"
LARGEST: Final = 1e12  # of factors and offsets


@service(CALIBRATE, subject="datastream")
def set_calibration(
    actor: Actor,
    datastream: Datastream,
    *,
    valid_from: datetime,
    offset: float = 0.0,
    factor: float = 1.0,
    note: str = "",
) -> Calibration:
    """Say how raw values become right ones from a moment on: value = raw * factor + offset.

    It holds until the datastream's next calibration; one of the same moment is replaced. Raises InvalidError with
    each field that is wrong, ConflictError for a datastream that cannot be calibrated.
    """
    _require_calibratable(datastream)
    if problems := [*_of_moment(valid_from), *_of_numbers(offset=offset, factor=factor)]:
        raise InvalidError(problems)
    values = {"offset": float(offset), "factor": float(factor), "note": note}
    require_storable(Calibration(datastream=datastream, valid_from=valid_from, **values))
    others = Calibration.objects.filter(datastream=datastream).exclude(valid_from=valid_from)
    if others.count() >= MAX_RULES:
        raise ConflictError(f"A datastream has at most {MAX_RULES} calibrations. Delete some that matter no longer.")
    made, _ = Calibration.objects.update_or_create(datastream=datastream, valid_from=valid_from, defaults=values)
    audit.note(f"datastream {datastream.pk}", valid_from=valid_from.isoformat(), offset=offset, factor=factor)
    transaction.on_commit(partial(apply, datastream.pk))
    return made


@service(CALIBRATE, subject="datastream")
def delete_calibration(actor: Actor, datastream: Datastream, *, valid_from: datetime) -> None:
    """Take back the calibration from a moment on; the one before it holds again. ConflictError where there is none."""
    deleted, _ = Calibration.objects.filter(datastream=datastream, valid_from=valid_from).delete()
    if not deleted:
        raise ConflictError("There is no calibration from this moment on.")
    audit.note(f"datastream {datastream.pk}", valid_from=valid_from.isoformat(), deleted=1)
    transaction.on_commit(partial(apply, datastream.pk))


def _require_calibratable(datastream: Datastream) -> None:
    if datastream.is_multi:
        raise ConflictError("A datastream of several observed properties is not calibrated: its results are lists.")
    if datastream.sensor.procedure:
        raise ConflictError("The values of this datastream are modelled: there is no instrument to calibrate.")


def _of_moment(valid_from: datetime) -> list[Problem]:
    if timezone.is_naive(valid_from) or not MIN_TIME <= microseconds(valid_from) < MAX_TIME:
        fix = "Give a time with its time zone, such as 2026-05-01T12:00+03:00."
        return [Problem("valid_from", "This is no moment of the years 1 to 9999.", fix)]
    return []


def _of_numbers(**numbers: float) -> list[Problem]:
    fix = f"Give a number between {-LARGEST:g} and {LARGEST:g}."
    problems = [
        Problem(name, "This is no number to calculate with.", fix)
        for name, number in numbers.items()
        if not math.isfinite(number) or abs(number) > LARGEST
    ]
    if numbers["factor"] == 0:
        problems.append(Problem("factor", "A factor of 0 would make all values one.", "Give another factor."))
    return problems


def apply(stream: int) -> bool:
    """Have the store read a datastream by its calibrations; tell whether it does.

    False where the process that writes readings cannot be reached: then `apply_all` does it when that is back.
    """
    told: list[Rule] | None = None
    try:
        while told != (said := _said(stream)):  # again where another change came in between
            writer().calibrate(stream, said)
            told = said
    except WriterError as error:
        log.warning("the calibrations of datastream %d wait: %s", stream, error)
        return False
    return True


def apply_all() -> int:
    """Make the store's calibrations equal to those said here; return of how many datastreams they were not."""
    said: dict[int, list[Rule]] = defaultdict(list)
    rows = Calibration.objects.order_by("datastream", "valid_from")
    for each in rows.iterator():
        said[each.datastream_id].append(_rule(each))
    held = _held()
    waiting = [stream for stream in said.keys() | held.keys() if said.get(stream) != held.get(stream)]
    for stream in sorted(waiting):
        if not apply(stream):
            break
    return len(waiting)


def is_applied(stream: int, calibrations: Iterable[Calibration]) -> bool:
    """Tell whether what is read of a datastream is by these calibrations, which are all that it has, in their order."""
    return [_rule(each) for each in calibrations] == _held().get(stream, [])


def _said(stream: int) -> list[Rule]:
    return [_rule(each) for each in Calibration.objects.filter(datastream=stream).order_by("valid_from")]


def _held() -> dict[int, list[Rule]]:
    with store().snapshot() as snapshot:
        return snapshot.manifest.calibrations.by_stream()


def _rule(calibration: Calibration) -> Rule:
    return microseconds(calibration.valid_from), calibration.factor, calibration.offset
