"""Many things at once: the same checks, one audit entry a batch, history and both indexes as for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import shapely

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.models import AuditEntry
from talkoot.core.base.text import Text
from talkoot.core.people.models import Organisation
from talkoot.core.register import bulk, history, revision, services
from talkoot.core.register.bulk import BulkThing
from talkoot.core.register.models import Relation, Source, Thing, ThingVersion
from talkoot.core.register.queries import Box, search_things, things_in_box

CITY = Box(24, 60, 26, 61)
ENDED = datetime(2025, 6, 1, tzinfo=UTC)


def lamp(number: int, **values: Any) -> BulkThing:
    """Return a lamp of its own place and name."""
    place = shapely.to_wkb(shapely.Point(round(24.9 + number / 10_000, 4), 60.17))
    return BulkThing(
        **{
            "kind": "street_lamp",
            "name": Text(fi=f"Lamppu {number}"),
            "external_id": str(number),
            "geometry": place,
            "attributes": {"height_m": 8},
            "digest": number.to_bytes(16, "big"),
            **values,
        }
    )


def test_added_things_are_those_that_single_ones_would_be(system: Actor, source: Source, city: Organisation) -> None:
    [site] = bulk.add_many(system, source, [BulkThing("site")])
    things = [lamp(number, within_id=site, owner_id=city.pk) for number in range(1203)]
    keys = bulk.add_many(system, source, things)
    kept = Thing.objects.in_bulk(keys)
    assert [kept[key].external_id for key in keys] == [str(number) for number in range(1203)]
    assert {(thing.within_id, thing.owner_id) for thing in kept.values()} == {(site, city.pk)}
    one, alone = (
        kept[keys[7]],
        services.add_thing(
            system,
            kind="street_lamp",
            name="Lamppu 7",
            source=source,
            geometry={"type": "Point", "coordinates": [24.9007, 60.17]},
            attributes={"height_m": 8},
            within=Thing.objects.get(pk=site),
            owner=city,
        ),
    )
    assert {**history.state(one), "external_id": ""} == history.state(alone)
    assert (one.min_lon, one.max_lat) == (alone.min_lon, alone.max_lat)
    assert len(things_in_box(CITY, limit=5000)) == 1204
    assert search_things("lamppu 1202") == [kept[keys[1202]]]


def test_a_batch_is_one_entry_in_the_trail_and_one_revision(system: Actor, source: Source) -> None:
    number = int(revision.current().split("-")[0])
    keys = bulk.add_many(system, source, [lamp(number) for number in range(20)])
    bulk.change_many(system, source, [(key, lamp(100 + key)) for key in keys[:5]])
    bulk.close_many(system, source, keys[:3], ENDED)
    bulk.relate_many(system, source, [(keys[0], "at", keys[1])])
    entries = AuditEntry.objects.filter(target="survey", verb__contains="_many").order_by("pk")
    assert [entry.detail for entry in entries] == [{"added": 20}, {"changed": 5}, {"closed": 3}, {"related": 1}]
    assert int(revision.current().split("-")[0]) == number + 4


def test_nothing_of_a_batch_is_written_when_one_is_wrong(system: Actor, source: Source) -> None:
    wrong = [lamp(1), lamp(2, attributes={"height_m": -1}), lamp(3, kind="castle"), lamp(4, geometry=b"junk")]
    with pytest.raises(InvalidError) as raised:
        bulk.add_many(system, source, wrong)
    assert [problem.field for problem in raised.value.problems] == [
        "things[1].attributes.height_m",
        "things[2].kind",
        "things[3].geometry",
    ]
    assert [bool(problems) for problems in bulk.check_many(wrong)] == [False, True, True, True]
    assert not Thing.objects.exists()


@pytest.mark.parametrize("values", [{"within_id": 10**9}, {"owner_id": 10**9}])
def test_others_must_exist(system: Actor, source: Source, values: dict[str, int]) -> None:
    with pytest.raises(InvalidError, match=next(iter(values)).removesuffix("_id")):
        bulk.add_many(system, source, [lamp(1, **values)])


def test_a_double_in_a_batch_or_in_the_register_writes_nothing(system: Actor, source: Source) -> None:
    with pytest.raises(ConflictError):
        bulk.add_many(system, source, [lamp(1), lamp(1)])
    bulk.add_many(system, source, [lamp(1)])
    with pytest.raises(ConflictError):
        bulk.add_many(system, source, [lamp(2), lamp(1)])
    assert Thing.objects.count() == 1


def test_changes_leave_versions_and_new_words(system: Actor, source: Source) -> None:
    keys = bulk.add_many(system, source, [lamp(number) for number in range(3)])
    bulk.change_many(system, source, [(keys[1], lamp(1, name=Text(fi="Katuvalo"), attributes={}))])
    assert [str(thing.name) for thing in Thing.objects.order_by("pk")] == ["Lamppu 0", "Katuvalo", "Lamppu 2"]
    version = ThingVersion.objects.get()
    assert (version.thing_id, version.state["attributes"]) == (keys[1], {"height_m": 8})
    assert [thing.pk for thing in search_things("katuvalo")] == [keys[1]]
    assert [thing.pk for thing in search_things("lamppu")] == [keys[0], keys[2]]


def test_closed_things_open_again_when_their_source_shows_them(system: Actor, source: Source) -> None:
    keys = bulk.add_many(system, source, [lamp(1), lamp(2)])
    bulk.close_many(system, source, keys, ENDED)
    bulk.close_many(system, source, keys, ENDED)  # already closed: nothing more to say
    assert [thing.valid_to for thing in Thing.objects.all()] == [ENDED, ENDED]
    assert ThingVersion.objects.count() == 2
    bulk.change_many(system, source, [(keys[0], lamp(1))])
    assert things_in_box(CITY) == [Thing.objects.get(pk=keys[0])]


def test_nothing_ends_before_it_begins(system: Actor, source: Source) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    keys = bulk.add_many(system, source, [lamp(1, valid_from=began)])
    bulk.close_many(system, source, keys, ENDED)
    assert Thing.objects.get().valid_to == began


def test_a_source_writes_over_its_own_things_only(system: Actor, source: Source) -> None:
    other = services.ensure_source(system, code="other", name="Other", licence="CC0-1.0")
    keys = bulk.add_many(system, source, [lamp(1)])
    with pytest.raises(InvalidError, match="other has no thing"):
        bulk.change_many(system, other, [(keys[0], lamp(2))])
    with pytest.raises(InvalidError, match="other has no thing"):
        bulk.close_many(system, other, keys, ENDED)
    assert not ThingVersion.objects.exists()


def test_a_ring_of_places_is_refused(system: Actor, source: Source) -> None:
    first, second = bulk.add_many(
        system, source, [BulkThing("site", external_id="1"), BulkThing("site", external_id="2")]
    )
    with pytest.raises(InvalidError, match="within"):
        bulk.change_many(
            system,
            source,
            [
                (first, BulkThing("site", external_id="1", within_id=second)),
                (second, BulkThing("site", external_id="2", within_id=first)),
            ],
        )


def test_relations_hold_once(system: Actor, source: Source) -> None:
    first, second = bulk.add_many(system, source, [lamp(1), lamp(2)])
    bulk.relate_many(system, source, [(first, "at", second), (first, "at", second), (second, "at", first)])
    bulk.relate_many(system, source, [(first, "at", second)])
    assert Relation.objects.count() == 2
    for wrong in ((first, "loves", second), (first, "at", first)):
        with pytest.raises(InvalidError):
            bulk.relate_many(system, source, [wrong])


def test_empty_batches_are_no_mistake(system: Actor, source: Source) -> None:
    assert bulk.add_many(system, source, []) == []
    bulk.change_many(system, source, [])
    bulk.close_many(system, source, [], ENDED)
    bulk.relate_many(system, source, [])


def test_the_number_of_statements_does_not_grow_with_the_batch(
    system: Actor, source: Source, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30):
        bulk.add_many(system, source, [lamp(number) for number in range(2000)])
