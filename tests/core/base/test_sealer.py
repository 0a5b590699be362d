"""The chain shows every change to what was sealed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkoot.core.base import audit, heads, sealer
from talkoot.core.base.actors import operator
from talkoot.core.base.identifiers import new_uid
from talkoot.core.base.models import AuditEntry

pytestmark = pytest.mark.usefixtures("home")

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def write(count: int, detail: object = None) -> None:
    """Write entries as services do, one transaction each."""
    for index in range(count):
        with transaction.atomic(), audit.entry(operator(), f"test.verb_{index}"):
            audit.note(f"thing {index}", what=detail, index=index)


@pytest.mark.django_db
def test_numbers_and_chains_in_order_of_writing() -> None:
    write(7)
    assert sealer.seal_pending() == 7
    write(3)
    assert sealer.seal_pending() == 3
    assert sealer.seal_pending() == 0
    entries = AuditEntry.objects.order_by("id")
    assert [entry.number for entry in entries] == list(range(1, 11))
    found = sealer.verify()
    assert (found.ok, found.checked, found.heads, found.unsealed) == (True, 10, 2, 0)


@pytest.mark.django_db
def test_an_empty_trail_holds() -> None:
    found = sealer.verify()
    assert (found.ok, found.checked, found.heads) == (True, 0, 0)


@pytest.mark.django_db
def test_unsealed_entries_are_counted_and_not_checked() -> None:
    write(2)
    sealer.seal_pending()
    write(1)
    found = sealer.verify()
    assert (found.ok, found.checked, found.unsealed) == (True, 2, 1)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=JSON_VALUES)
def test_whatever_a_service_notes_can_be_sealed_and_verified(detail: object) -> None:
    write(1, detail)
    sealer.seal_pending()
    assert sealer.verify().ok


CHANGES: dict[str, Callable[[AuditEntry], object]] = {
    "actor": lambda entry: "person-000",
    "verb": lambda entry: entry.verb + "x",
    "door": lambda entry: "api" if entry.door != "api" else "page",
    "request_id": lambda entry: "0" * 32,
    "target": lambda entry: entry.target + " ",
    "detail": lambda entry: {**entry.detail, "index": -1},
    "at": lambda entry: entry.at + timedelta(microseconds=1),
    "uid": lambda entry: new_uid(),
    "digest": lambda entry: ("0" if entry.digest[0] != "0" else "1") + entry.digest[1:],
}


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(1, 6), change=st.sampled_from([*sorted(CHANGES), "delete", "insert", "swap", "renumber"]))
def test_any_single_tampering_is_found_where_it_was_done(position: int, change: str) -> None:
    with transaction.atomic():
        AuditEntry.objects.all().delete()
        heads.path().unlink(missing_ok=True)
        write(6)
        sealer.seal_pending()
        tamper(AuditEntry.objects.get(number=position), change)
        found = sealer.verify()
        transaction.set_rollback(True)
    first = min(position, position % 6 + 1) if change == "swap" else position
    assert found.number in (first, first + 1, 1000 if change == "renumber" else None)


def tamper(entry: AuditEntry, change: str) -> None:
    """Change the database behind the services' back."""
    one = AuditEntry.objects.filter(pk=entry.pk)
    if change in CHANGES:
        one.update(**{change: CHANGES[change](entry)})
    elif change == "delete":
        one.delete()
    elif change == "renumber":
        one.update(number=1000)
    elif change == "swap":
        other = AuditEntry.objects.exclude(pk=entry.pk).get(number=entry.number % 6 + 1)
        number = other.number
        AuditEntry.objects.filter(pk=other.pk).update(number=2000)
        one.update(number=number)
        AuditEntry.objects.filter(pk=other.pk).update(number=entry.number)
    else:
        for later in AuditEntry.objects.filter(number__gte=entry.number).order_by("-number"):
            AuditEntry.objects.filter(pk=later.pk).update(number=(later.number or 0) + 1)
        AuditEntry.objects.create(
            actor="system", verb="forged", door="page", request_id="r", number=entry.number, digest="0" * 64
        )


def chain_anew() -> None:
    """Do what somebody would who can write the whole database and knows how entries are chained."""
    before = sealer.FIRST
    for entry in AuditEntry.objects.filter(number__isnull=False).order_by("number"):
        row = tuple(getattr(entry, name) for name in sealer.FIELDS[:-1])
        before = sealer.digest_of(before, row)
        AuditEntry.objects.filter(pk=entry.pk).update(digest=before.hex())


@pytest.mark.django_db
def test_a_chain_computed_anew_differs_from_the_witnessed_heads() -> None:
    write(5)
    sealer.seal_pending()
    AuditEntry.objects.filter(number=2).update(actor="person-000")
    chain_anew()
    found = sealer.verify()
    assert "computed anew" in found.problem
    assert found.number == 5


@pytest.mark.django_db
def test_an_end_that_was_cut_off_is_missed_by_the_witnessed_heads() -> None:
    write(5)
    sealer.seal_pending()
    AuditEntry.objects.filter(number__gt=3).delete()
    assert "cut off" in sealer.verify().problem
    write(4)
    sealer.seal_pending()
    assert "computed anew" in sealer.verify().problem


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", ["changed", "removed", "unreadable", "swapped"])
def test_a_forged_line_of_the_heads_file_is_found(forgery: str) -> None:
    for _ in range(3):
        write(2)
        sealer.seal_pending()
    lines = heads.path().read_text().splitlines()
    if forgery == "changed":
        lines[1] = json.dumps({**json.loads(lines[1]), "digest": "0" * 64})
    elif forgery == "removed":
        del lines[1]
    elif forgery == "unreadable":
        lines[1] = "{"
    else:
        lines[0], lines[1] = lines[1], lines[0]
    heads.path().write_text("\n".join(lines) + "\n")
    assert "heads.jsonl" in sealer.verify().problem


@pytest.mark.django_db
def test_a_line_torn_by_a_kill_is_dropped_and_its_head_written_again() -> None:
    write(2)
    sealer.seal_pending()
    whole = heads.path().read_bytes()
    heads.path().write_bytes(whole[:-20])
    assert sealer.verify().ok
    sealer.seal_pending()
    assert len(heads.path().read_bytes().splitlines()) == 1
    assert sealer.verify().heads == 1


@pytest.mark.django_db
def test_the_heads_are_for_the_owner_only(home: Path) -> None:
    write(1)
    sealer.seal_pending()
    assert heads.path().is_relative_to(home)
    assert heads.path().stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db(transaction=True)
def test_writers_and_two_sealers_at_once_leave_one_whole_chain() -> None:
    writers = [threading.Thread(target=in_thread, args=(lambda: write(25),)) for _ in range(3)]
    sealers = [threading.Thread(target=in_thread, args=(seal_often,)) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in (*writers, *sealers):
        thread.join(60)
        assert not thread.is_alive()
    sealer.seal_pending()
    found = sealer.verify()
    assert (found.problem, found.checked, found.unsealed) == ("", 75, 0)


def seal_often() -> None:
    for _ in range(15):
        sealer.seal_pending()


def in_thread(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()
