"""The databases answer from their indexes: no question reads the whole register, whatever its size."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import Actor
from talkoot.core.base.text import Text
from talkoot.core.register import bulk, indexes, tiles
from talkoot.core.register.bulk import BulkThing
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.queries import Box, nearest, search_things, things_in_box

THINGS = 20_000
NEAR = Box(24.93, 60.165, 24.94, 60.17)
FAR = Box(24.4, 60.4, 24.6, 60.6)
QUESTIONS: dict[str, Callable[[], Any]] = {
    "box": lambda: things_in_box(NEAR),
    "box of a kind": lambda: things_in_box(NEAR, kinds=["street_lamp"]),
    "nearest": lambda: nearest(24.93, 60.17),
    "nearest of a kind": lambda: nearest(24.93, 60.17, kinds=["tree"]),
    "common word": lambda: search_things("valaisinpylväs"),
    "rare word": lambda: search_things("lamppu 1233"),
    "no such word": lambda: search_things("olematon"),
    "tile": lambda: tiles.made(14, 9325, 4742),
}


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Any:
    """20 000 trees, lamps and sites, half of them named; analysed, and gone when the module ends."""
    from talkoot.core.base.actors import operator
    from talkoot.core.register.services import ensure_source

    with django_db_blocker.unblock():
        actor = operator()
        source = ensure_source(actor, code="many", name="Many", licence="CC0-1.0")
        bulk.add_many(actor, source, list(_drafts()))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield
        with connection.cursor() as cursor:
            for table in ("register_thingtext", "register_thing", "register_source", "base_auditentry"):
                cursor.execute(f"DELETE FROM {table}")


def _drafts() -> Any:
    choose = random.Random(7)
    for number in range(THINGS):
        place = shapely.Point(choose.uniform(24.8, 25.1), choose.uniform(60.1, 60.25))
        kind, word = (("tree", ""), ("street_lamp", "Lamppu"), ("tree", ""), ("site", "Aukio"))[number % 4]
        name = Text(fi=f"{word} {number}" if word else "")
        yield BulkThing(kind, name, geometry=shapely.to_wkb(place))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_statement_is_answered_from_an_index(question: str, city: None, db: None) -> None:
    QUESTIONS[question]()
    with CaptureQueriesContext(connection) as captured:
        QUESTIONS[question]()
    asked = [query for query in captured.captured_queries if "SELECT" in query["sql"]]
    assert len(asked) <= 20
    for statement in asked:
        plan = _plan(statement["sql"])
        whole = re.findall(r"Seq Scan on register_thing\w*|SCAN (?:t|register_thing)\b(?! USING)", plan)
        assert not whole, f"{statement['sql']}\n{plan}"


def _plan(statement: str) -> str:
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


class _Editor:
    """What a migration hands to its code, within the test's own transaction."""

    connection = connection

    def execute(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def far_lamp(system: Actor, source: Source) -> int:
    """The key of a lamp outside the city of many things."""
    place = shapely.to_wkb(shapely.Point(24.5, 60.5))
    [key] = bulk.add_many(system, source, [BulkThing("street_lamp", Text(fi="Kaukovalo"), geometry=place)])
    return key


def test_both_indexes_can_be_dropped_and_made_anew(far_lamp: int) -> None:
    connection.check_constraints()  # PostgreSQL makes no index while a check is still to come
    editor = _Editor()
    indexes.drop(None, editor)
    indexes.create(None, editor)
    assert [thing.pk for thing in things_in_box(FAR)] == [far_lamp]
    assert [thing.pk for thing in search_things("kaukovalo")] == [far_lamp]


def test_what_is_deleted_leaves_both_indexes(far_lamp: int) -> None:
    Thing.objects.filter(pk=far_lamp).delete()
    assert things_in_box(FAR) == []
    assert search_things("kaukovalo") == []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM register_thing_box WHERE id = %s", [far_lamp])
            assert cursor.fetchone() == (0,)
            cursor.execute("INSERT INTO register_thingtext_words(register_thingtext_words) VALUES ('integrity-check')")
