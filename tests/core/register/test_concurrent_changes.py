"""Several who write the same thing at once: nobody's work is written over unseen, and who waits is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils.translation import override

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, NotAllowedError
from talkoot.core.base.models import AuditEntry
from talkoot.core.people.models import Organisation
from talkoot.core.register import bulk, services
from talkoot.core.register.models import Relation, Thing
from tests.core.register.conftest import ActorOf, AddThing

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 4
Work = Callable[[], Any]
Start = Callable[[Work], Future[Any]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start work in a thread with database connections of its own."""

    def alone(work: Work) -> Any:
        try:
            with override("en"):
                return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        yield lambda work: pool.submit(alone, work)


def outcome(future: Future[Any]) -> str:
    """Return what a writer was told: "written" or that somebody was faster."""
    try:
        future.result(60)
    except ConflictError as error:
        return str(error)
    return "written"


@pytest.mark.parametrize(
    "verb",
    [
        lambda actor, thing, number: services.change_thing(actor, thing, attributes={"height_m": number}),
        lambda actor, thing, number: services.close_thing(actor, thing),
        lambda actor, thing, number: services.undo_change(actor, thing),
    ],
    ids=["change_thing", "close_thing", "undo_change"],
)
def test_of_all_who_read_the_same_one_writes(add: AddThing, system: Actor, start: Start, verb: Any) -> None:
    lamp = services.change_thing(system, add(name="Lamppu"), name="Valo")
    entries = AuditEntry.objects.count()
    together = Barrier(WRITERS)

    def write(number: int) -> None:
        read = Thing.objects.get(pk=lamp.pk)
        together.wait(30)
        verb(system, read, number)

    outcomes = sorted(outcome(future) for future in [start(lambda n=n: write(n)) for n in range(WRITERS)])
    assert outcomes[-1] == "written"
    assert all("edit it again" in told for told in outcomes[:-1])
    assert lamp.versions.count() == 2
    assert AuditEntry.objects.count() == entries + 1


def test_what_was_read_before_a_change_is_not_written(add: AddThing, system: Actor) -> None:
    read = add(name="Lamppu")
    services.change_thing(system, read, attributes={"height_m": 8})
    for write in (
        lambda: services.change_thing(system, read, name="Valo"),
        lambda: services.close_thing(system, read),
        lambda: services.undo_change(system, read),
    ):
        with pytest.raises(ConflictError, match="Look at how it stands now, and edit it again"):
            write()
    now = Thing.objects.get()
    assert (str(now.name), now.attributes, now.is_open) == ("Lamppu", {"height_m": 8}, True)


@pytest.mark.parametrize("verb", ["change_thing", "relate"])
def test_who_loses_a_thing_while_waiting_for_it_writes_nothing(
    add: AddThing,
    system: Actor,
    actor_of: ActorOf,
    start: Start,
    city: Organisation,
    school: Organisation,
    verb: str,
) -> None:
    lamp, other, editor = add(owner=school), add(), actor_of("register_editor", school)
    write = {
        "change_thing": lambda: services.change_thing(editor, lamp, name="Koulun"),
        "relate": lambda: services.relate(editor, lamp, "at", other, source=lamp.source),
    }[verb]
    with transaction.atomic():
        services.change_thing(system, lamp, owner=city)
        waiting = start(write)
        time.sleep(0.3)
        assert not waiting.done()
    with pytest.raises(NotAllowedError):
        waiting.result(60)
    assert not Thing.objects.get(pk=lamp.pk).name
    assert not Relation.objects.exists()


def test_an_import_keeps_what_was_said_while_it_waited(
    add: AddThing, system: Actor, start: Start, city: Organisation
) -> None:
    lamp = add()
    with transaction.atomic():
        services.change_thing(system, lamp, owner=city)
        change = (lamp.pk, bulk.BulkThing("street_lamp", geometry=bytes(lamp.geometry or b"")))
        waiting = start(lambda: bulk.change_many(system, lamp.source, [change]))
        time.sleep(0.3)
    waiting.result(60)
    assert [version.state["owner"] for version in lamp.versions.order_by("pk")] == [None, "city"]
