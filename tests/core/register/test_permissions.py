"""The twins of the register's verbs: who may call each of them, and on what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.people.models import Organisation
from talkoot.core.register import bulk, services
from talkoot.core.register.models import Relation, Source, Thing
from tests.core.register.conftest import ActorOf, AddThing, point

Verb = Callable[[Actor, Thing, Thing], Any]

ON_A_THING: dict[str, Verb] = {
    "change_thing": lambda actor, thing, other: services.change_thing(actor, thing, name="Toinen"),
    "close_thing": lambda actor, thing, other: services.close_thing(actor, thing),
    "undo_change": lambda actor, thing, other: services.undo_change(actor, thing),
    "relate": lambda actor, thing, other: services.relate(actor, thing, "at", other, source=thing.source),
    "end_relation": lambda actor, thing, other: services.end_relation(actor, thing.relations_out.get(type="to")),
    "add_thing": lambda actor, thing, other: services.add_thing(
        actor, kind="street_lamp", name="", source=thing.source, geometry=point(), owner=thing.owner
    ),
}
FOR_THE_WHOLE_CITY: dict[str, Verb] = {
    "ensure_source": lambda actor, thing, other: services.ensure_source(actor, code="x", name="X", licence="CC0-1.0"),
    "add_many": lambda actor, thing, other: bulk.add_many(actor, thing.source, [bulk.BulkThing("tree")]),
    "change_many": lambda actor, thing, other: bulk.change_many(
        actor, thing.source, [(thing.pk, bulk.BulkThing("tree"))]
    ),
    "close_many": lambda actor, thing, other: bulk.close_many(actor, thing.source, [thing.pk], timezone.now()),
    "relate_many": lambda actor, thing, other: bulk.relate_many(actor, thing.source, [(thing.pk, "at", other.pk)]),
}


@pytest.fixture
def lamp(add: AddThing, system: Actor, school: Organisation) -> Thing:
    """A lamp that is the school's, has changed once and relates to another."""
    made = add(owner=school)
    services.relate(system, made, "to", add(), source=made.source)
    return services.change_thing(system, made, name="Lamppu")


@pytest.mark.parametrize("verb", [*ON_A_THING, *FOR_THE_WHOLE_CITY])
def test_visitors_and_other_roles_may_not(
    verb: str, lamp: Thing, add: AddThing, actor_of: ActorOf, city: Organisation
) -> None:
    other = add()
    before = list(Thing.objects.order_by("pk").values()), list(Relation.objects.values()), list(Source.objects.values())
    for actor in (Actor(), actor_of("planner", city)):
        with pytest.raises(NotAllowedError, match=r"register\."):
            {**ON_A_THING, **FOR_THE_WHOLE_CITY}[verb](actor, lamp, other)
    after = list(Thing.objects.order_by("pk").values()), list(Relation.objects.values()), list(Source.objects.values())
    assert after == before


@pytest.mark.parametrize("role", ["register_editor", "manager"])
@pytest.mark.parametrize("verb", [*ON_A_THING, *FOR_THE_WHOLE_CITY])
def test_the_citys_editors_and_managers_may(
    verb: str, role: str, lamp: Thing, add: AddThing, actor_of: ActorOf, city: Organisation
) -> None:
    {**ON_A_THING, **FOR_THE_WHOLE_CITY}[verb](actor_of(role, city), lamp, add())


@pytest.mark.parametrize("verb", ON_A_THING)
def test_an_organisations_editor_may_on_its_own_things_only(
    verb: str, lamp: Thing, add: AddThing, actor_of: ActorOf, system: Actor, school: Organisation, city: Organisation
) -> None:
    editor = actor_of("register_editor", school)
    theirs = services.change_thing(system, add(owner=city), name="Kaupungin")
    services.relate(system, theirs, "to", lamp, source=theirs.source)
    with pytest.raises(NotAllowedError):
        ON_A_THING[verb](editor, theirs, lamp)
    ON_A_THING[verb](editor, lamp, theirs)


@pytest.mark.parametrize("verb", FOR_THE_WHOLE_CITY)
def test_an_organisations_editor_may_not_for_the_whole_city(
    verb: str, lamp: Thing, add: AddThing, actor_of: ActorOf, school: Organisation
) -> None:
    with pytest.raises(NotAllowedError):
        FOR_THE_WHOLE_CITY[verb](actor_of("register_editor", school), lamp, add())


def test_nobody_gives_a_thing_to_an_organisation_that_is_not_theirs(
    lamp: Thing, actor_of: ActorOf, school: Organisation, city: Organisation
) -> None:
    with pytest.raises(NotAllowedError):
        services.change_thing(actor_of("register_editor", school), lamp, owner=city)


def test_nobody_gives_a_thing_back_that_was_given_to_them(
    add: AddThing, actor_of: ActorOf, system: Actor, school: Organisation, city: Organisation
) -> None:
    lamp = services.change_thing(system, add(owner=city), owner=school)
    with pytest.raises(NotAllowedError):
        services.undo_change(actor_of("register_editor", school), lamp)
    assert services.undo_change(actor_of("register_editor", city), lamp).owner == city
