"""One entry a verb, with its steps; nothing of a failed one; persons under keys."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import transaction

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.identifiers import new_uid
from talkoot.core.base.models import AuditEntry, PersonKey

pytestmark = pytest.mark.django_db


def test_an_inner_verb_joins_the_outer_ones_entry_and_is_counted() -> None:
    with audit.entry(operator(), "outer"):
        audit.note("first", rows=2, kind="lamp", exact=True)
        for _ in range(3):
            with audit.entry(operator(), "inner"):
                audit.note("second", rows=5, kind="pole", exact=True)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target) == ("outer", "first")
    assert entry.detail == {"rows": 17, "kind": "pole", "exact": True, "steps": {"inner": 3}}


def test_a_failed_verb_leaves_nothing_and_closes_its_entry() -> None:
    with pytest.raises(ValueError, match="no"), transaction.atomic(), audit.entry(operator(), "fails"):
        audit.note("x")
        raise ValueError("no")
    assert not AuditEntry.objects.exists()
    with pytest.raises(RuntimeError, match="outside a service"):
        audit.note("x")


def test_actors_stand_under_what_they_are() -> None:
    account = SimpleNamespace(uid=new_uid())
    for actor in (operator(), Actor(), Actor(account=account, door="api")):
        with audit.entry(actor, "acts"):
            pass
    names = list(AuditEntry.objects.order_by("id").values_list("actor", "door"))
    key = PersonKey.objects.get(account_uid=str(account.uid)).key
    assert names == [("system", "shell"), ("visitor", "page"), (key, "api")]
    assert str(account.uid) not in key


def test_a_long_request_id_or_target_is_cut_and_not_refused() -> None:
    with audit.entry(Actor(request_id="r" * 300), "acts"):
        audit.note("t" * 300)
    entry = AuditEntry.objects.get()
    assert (len(entry.request_id), len(entry.target)) == (64, 200)
