"""Seals the audit trail: numbers its entries in one order and chains each to the one before by its digest.

The digest of entry *n* is SHA-256 over the digest of entry *n* - 1 (32 zero bytes before the first) and the entry
as JSON: an array of number, uid, time (UTC, microseconds), actor, verb, door, request, target and detail, with sorted
keys, no white space, in ASCII, and whole numbers without a fraction. Whoever changes, removes, inserts or reorders
sealed entries breaks the chain, unless all that follows is computed anew. Against that each sealing's head is also
written to a file that only grows, under a key that is not in the database (`heads`).
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connections, router, transaction
from django.db.models import QuerySet

from talkoot.core.base import heads
from talkoot.core.base.heads import Head
from talkoot.core.base.models import AuditEntry

BATCH: Final = 5000
FIRST: Final = bytes(32)
# Any number, so long as nothing else in the house locks by it.
SEALING_LOCK: Final = 7_230_001
FIELDS: Final = ("number", "uid", "at", "actor", "verb", "door", "request_id", "target", "detail", "digest")

encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
# Whatever may be a whole number written with a fraction or an exponent; only such details are looked through.
WHOLE_FLOAT: Final = re.compile(r"\.0[,\]}]|\.0$|e\+")

Row = tuple[Any, ...]
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found.

    `checked` sealed entries and `heads` witnessed heads agree; `unsealed` entries wait for the next sealing.
    `problem` says what is wrong first, at the entry of `number` and `uid` where one can be named; "" if nothing is.
    """

    checked: int
    unsealed: int
    heads: int
    seconds: float
    problem: str = ""
    number: int | None = None
    uid: str = ""

    @property
    def ok(self) -> bool:
        """Whether the trail is as it was sealed."""
        return not self.problem


def digest_of(before: bytes, row: Row) -> bytes:
    """Return the SHA-256 digest that chains an entry (its FIELDS but the last) to the digest `before`."""
    number, uid, at, *words, detail = row
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    facts = encode([number, str(uid), stamp, *words])
    content = f"{facts[:-1]},{_encode_detail(detail)}]"
    return hashlib.sha256(before + content.encode("ascii")).digest()


def _encode_detail(detail: Any) -> str:
    text = encode(detail)
    return encode(_canonical(detail)) if WHOLE_FLOAT.search(text) else text


def _canonical(value: Any) -> Any:
    """Return JSON data with whole floats as integers: databases differ in whether they keep the fraction of 1.0."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    return value


def seal_pending() -> int:
    """Seal every entry that is committed and not yet sealed, in order of writing; return how many.

    Several sealers may run at once: one waits for the other. The entries are sealed in batches, each in a transaction
    of its own and then witnessed, so that a kill between the two is made good by the next sealing.
    """
    sealed = 0
    with heads.locked() as witness:
        while batch := _seal_batch():
            sealed += batch
            _witness_head(witness)
        _witness_head(witness)
    return sealed


def _seal_batch() -> int:
    with transaction.atomic(using=router.db_for_write(AuditEntry)):
        _lock()
        last = _sealed().last()
        number, before = (last.number or 0, bytes.fromhex(last.digest)) if last else (0, FIRST)
        waiting = AuditEntry.objects.filter(number__isnull=True).order_by("id")
        marks = []
        for entry_id, *values in waiting.values_list("id", *FIELDS[1:-1])[:BATCH]:
            number += 1
            before = digest_of(before, (number, *values))
            marks.append((number, before.hex(), entry_id))
        _mark(marks)
    return len(marks)


def _lock() -> None:
    """Let only one sealer on: on SQLite the transaction itself does, since it is begun to write."""
    connection = connections[router.db_for_write(AuditEntry)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING_LOCK])


def _mark(marks: list[tuple[int, str, int]]) -> None:
    table = AuditEntry._meta.db_table
    with connections[router.db_for_write(AuditEntry)].cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET number = %s, digest = %s WHERE id = %s AND number IS NULL",  # noqa: S608
            marks,
        )


def _sealed() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(number__isnull=False).order_by("number")


def _witness_head(witness: heads.Witness) -> None:
    """Write the head of the chain to the heads' file, unless it stands there already."""
    last = _sealed().last()
    if last is not None and (last.number or 0) > witness.last_number:
        witness.append(Head(last.number or 0, last.digest, datetime.now(UTC)))


def verify(report: Report | None = None) -> VerifyReport:
    """Walk the chain from its first entry and compare it with every witnessed head; stop at the first fault.

    Takes memory for one batch of entries, whatever the length of the trail. `report(checked)` is called as it goes.
    """
    start = time.perf_counter()
    walk = _Walk(report)
    try:
        walk.run()
    except _BrokenError as broken:
        problem, number, uid = str(broken), broken.number, broken.uid
    else:
        problem, number, uid = "", None, ""
    return VerifyReport(
        checked=walk.checked,
        unsealed=AuditEntry.objects.filter(number__isnull=True).count(),
        heads=walk.heads,
        seconds=time.perf_counter() - start,
        problem=problem,
        number=number,
        uid=uid,
    )


class _BrokenError(Exception):
    """The first fault that a verification meets."""

    def __init__(self, problem: str, number: int | None = None, uid: object = "") -> None:
        super().__init__(problem)
        self.number = number
        self.uid = str(uid)


class _Walk:
    """One walk along the chain, beside the witnessed heads, which come in the same order."""

    def __init__(self, report: Report | None) -> None:
        self.checked = 0
        self.heads = 0
        self._report = report or (lambda checked: None)
        self._witnessed = heads.read()
        self._next: Head | None = None

    def run(self) -> None:
        """Check everything; raise _BrokenError at the first fault."""
        self._advance()
        before = FIRST
        for row in _rows():
            before = self._check(row, before)
            self.checked += 1
            if self.checked % BATCH == 0:
                self._report(self.checked)
        if self._next is not None:
            raise _BrokenError(
                f"The trail ends at entry {self.checked}, but entry {self._next.number} was sealed at "
                f"{self._next.at:%Y-%m-%d %H:%M:%S} UTC: its end was cut off.",
                self.checked + 1,
            )

    def _check(self, row: Row, before: bytes) -> bytes:
        number, uid = row[0], row[1]
        if number != self.checked + 1:
            raise _BrokenError(
                f"Entry {self.checked + 1} is missing: entry {number} follows {self.checked}.", number, uid
            )
        digest = digest_of(before, row[:-1])
        if digest.hex() != row[-1]:
            raise _BrokenError(
                f"Entry {number} (uid {uid}) is not what was sealed, or what precedes it was changed.", number, uid
            )
        if self._next is not None and self._next.number == number:
            if self._next.digest != row[-1]:
                raise _BrokenError(
                    f"The chain was computed anew at or before entry {number}: its digest differs from the head "
                    f"witnessed at {self._next.at:%Y-%m-%d %H:%M:%S} UTC.",
                    number,
                    uid,
                )
            self.heads += 1
            self._advance()
        return digest

    def _advance(self) -> None:
        try:
            self._next = next(self._witnessed, None)
        except heads.ForgedError as forged:
            raise _BrokenError(str(forged)) from forged


def _rows() -> Iterator[Row]:
    """Yield FIELDS of the sealed entries by number, read in batches."""
    last = 0
    while batch := list(_sealed().filter(number__gt=last).values_list(*FIELDS)[:BATCH]):
        yield from batch
        last = batch[-1][0]
