"""Changing, closing and undoing: the present, and what stays of the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.models import AuditEntry
from talkoot.core.people.models import Organisation
from talkoot.core.register import history, revision, services
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import Box, search_things, things_in_box
from tests.core.register.conftest import AddThing, point, square


def test_a_change_replaces_what_is_named_and_keeps_the_rest(add: AddThing, system: Actor, city: Organisation) -> None:
    lamp = add(name="Vanha", attributes={"height_m": 8}, tags={"ref": "17"}, external_id="17")
    changed = services.change_thing(system, lamp, name={"fi": "Uusi"}, attributes={"height_m": 10}, owner=city)
    assert (str(changed.name), changed.attributes, changed.owner) == ("Uusi", {"height_m": 10}, city)
    assert (changed.tags, changed.external_id, changed.uid) == ({"ref": "17"}, "17", lamp.uid)


def test_a_moved_thing_is_found_where_it_is_and_not_where_it_was(add: AddThing, system: Actor) -> None:
    lamp = add(name="Lamppu")
    moved = services.change_thing(system, lamp, geometry=point(25.0, 60.2), name="Valo")
    assert things_in_box(Box(24.93, 60.16, 24.94, 60.17)) == []
    assert things_in_box(Box(24.99, 60.19, 25.01, 60.21)) == [lamp]
    assert search_things("lamppu") == []
    assert search_things("valo") == [lamp]
    services.change_thing(system, moved, geometry=None)
    assert things_in_box(Box(24, 60, 26, 61)) == []


def test_a_change_that_changes_nothing_leaves_nothing(add: AddThing, system: Actor) -> None:
    lamp = add(attributes={"height_m": 8})
    before = revision.current()
    services.change_thing(system, lamp, attributes={"height_m": 8})
    assert not lamp.versions.exists()
    assert revision.current() == before


def test_a_wrong_change_changes_nothing(add: AddThing, system: Actor) -> None:
    lamp = add(attributes={"height_m": 8})
    for wrong in ({"attributes": {"height_m": -8}}, {"geometry": square()}, {"uid": "1"}, {"colour": "red"}):
        with pytest.raises(InvalidError):
            services.change_thing(system, lamp, **wrong)
    assert Thing.objects.get().attributes == {"height_m": 8}
    assert not lamp.versions.exists()


def test_nothing_stands_within_itself(add: AddThing, system: Actor) -> None:
    site = add(kind="site", geometry=None)
    building = add(kind="building", geometry=None, within=site)
    room = add(kind="room", geometry=None, within=building)
    for within in (site, building, room):
        with pytest.raises(InvalidError, match="within"):
            services.change_thing(system, site, within=within)
    services.change_thing(system, room, within=site)
    services.change_thing(system, building, within=None)
    assert [thing.within for thing in Thing.objects.order_by("pk")] == [None, None, site]


def test_the_tree_has_a_depth(add: AddThing) -> None:
    above = None
    with pytest.raises(InvalidError, match="deeper"):
        for _ in range(30):
            above = add(kind="site", geometry=None, within=above)
    assert Thing.objects.count() == 20


def test_a_closed_thing_stays_in_the_register_and_leaves_the_city(add: AddThing, system: Actor) -> None:
    lamp = add(name="Lamppu")
    closed = services.close_thing(system, lamp)
    assert not closed.is_open
    assert things_in_box(Box(24, 60, 26, 61)) == []
    assert search_things("lamppu") == []
    with pytest.raises(ConflictError, match="closed"):
        services.close_thing(system, closed)
    assert AuditEntry.objects.filter(target=str(lamp.uid)).count() == 2


def test_a_thing_may_close_in_the_future_but_not_before_it_began(add: AddThing, system: Actor) -> None:
    began = datetime(2020, 1, 1, tzinfo=UTC)
    lamp = add(valid_from=began)
    with pytest.raises(InvalidError, match="on"):
        services.close_thing(system, lamp, on=began - timedelta(days=1))
    closing = services.close_thing(system, lamp, on=timezone.now() + timedelta(days=1))
    assert closing.is_open
    assert things_in_box(Box(24, 60, 26, 61)) == [lamp]


def test_undo_says_again_what_was_said_and_undoing_that_redoes_it(
    add: AddThing, system: Actor, city: Organisation
) -> None:
    site = add(kind="site", geometry=None)
    first = add(kind="building", name="Talo", geometry=square(), attributes={"height_m": 8}, within=site, owner=city)
    changed = services.change_thing(
        system, first, name="Torni", geometry=square(side=0.002), attributes={}, within=None, owner=None
    )
    undone = services.undo_change(system, changed)
    assert history.state(undone) == history.state(first)
    assert str(services.undo_change(system, undone).name) == "Torni"
    assert first.versions.count() == 3


def test_undo_opens_what_was_closed(add: AddThing, system: Actor) -> None:
    closed = services.close_thing(system, add())
    assert services.undo_change(system, closed).is_open


def test_what_never_changed_cannot_be_undone(add: AddThing, system: Actor) -> None:
    with pytest.raises(ConflictError, match="not been changed"):
        services.undo_change(system, add())


def test_what_is_gone_cannot_be_changed(add: AddThing, system: Actor) -> None:
    lamp = add()
    Thing.objects.filter(pk=lamp.pk).delete()
    with pytest.raises(NotFoundError):
        services.change_thing(system, lamp, name="Lamppu")
