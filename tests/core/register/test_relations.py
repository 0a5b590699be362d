"""Relations between things: declared, once while they hold, and ended."""

from __future__ import annotations

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.register import services
from talkoot.core.register.models import Relation, Source
from talkoot.core.register.relations import relation_types
from tests.core.register.conftest import AddThing


def test_a_relation_holds_once_and_may_hold_again(add: AddThing, system: Actor, source: Source) -> None:
    lamp, road = add(), add(kind="thing")
    first = services.relate(system, lamp, "at", road, source=source)
    assert services.relate(system, lamp, "at", road, source=source) == first
    services.end_relation(system, first)
    with pytest.raises(ConflictError, match="ended"):
        services.end_relation(system, first)
    services.relate(system, lamp, "at", road, source=source)
    assert Relation.objects.filter(valid_to__isnull=True).count() == 1
    assert Relation.objects.count() == 2


def test_a_relation_is_of_a_declared_type_and_between_two(add: AddThing, system: Actor, source: Source) -> None:
    lamp, other = add(), add()
    with pytest.raises(InvalidError, match="type"):
        services.relate(system, lamp, "loves", other, source=source)
    with pytest.raises(InvalidError, match="object"):
        services.relate(system, lamp, "at", lamp, source=source)
    assert not Relation.objects.exists()


def test_every_declared_type_has_a_name_in_each_language() -> None:
    assert {"mounted_on", "part_of", "succeeded_by"} <= relation_types().keys()
    assert all(len(name.as_dict()) == 3 for name in relation_types().values())
