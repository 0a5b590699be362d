"""A source that changes: what was, what is, what is gone, and what took its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.errors import ConflictError
from talkoot.core.register.importing.batches import look_up
from talkoot.core.register.importing.locks import sole_import
from talkoot.core.register.models import Relation, Source, Thing, ThingVersion
from tests.core.register.importing.conftest import Importer, facts, thing
from tests.core.register.importing.osm import Town, crossing

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "town.osm.pbf"


def successors_of(external_id: str) -> set[str]:
    relations = thing(external_id).relations_out.filter(type="succeeded_by")
    return set(relations.values_list("object__external_id", flat=True))


def test_a_changed_object_is_updated_and_its_past_kept(take_in: Importer, path: Path) -> None:
    town = crossing()
    take_in(town.write(path))
    town.box(30, 0.2, 1.3, building="apartments", building__levels="7", name="Talo")
    reading = take_in(town.write(path))
    assert {"changed": 1}.items() <= reading.counts.items()
    assert "added" not in reading.counts
    assert thing("way/30").attributes["levels"] == 7
    version = ThingVersion.objects.get()
    assert (version.thing, version.state["attributes"]["levels"]) == (thing("way/30"), 5)


def test_a_vanished_object_is_closed_and_opens_when_it_is_back(take_in: Importer, path: Path) -> None:
    town = crossing()
    take_in(town.write(path))
    lamp = town.nodes.pop(20)
    reading = take_in(town.write(path))
    assert reading.counts["closed"] == 1
    assert not thing("node/20").is_open
    assert take_in(town.write(path)).counts.get("closed") is None
    town.nodes[20] = lamp
    assert take_in(town.write(path)).counts["reopened"] == 1
    assert thing("node/20").is_open
    assert thing("node/20").versions.count() == 2


def test_a_split_building_is_succeeded_by_its_parts(take_in: Importer, path: Path) -> None:
    town = crossing()
    take_in(town.write(path))
    del town.ways[30]
    town.box(40, 0.2, 1.3, 0.25, 0.3, building="apartments")
    town.box(41, 0.45, 1.3, 0.25, 0.3, building="apartments")
    town.box(42, 0.8, 1.3, 0.25, 0.3, building="apartments")
    reading = take_in(town.write(path))
    assert (reading.counts["closed"], reading.counts["succeeded"], reading.counts["added"]) == (1, 1, 3)
    assert successors_of("way/30") == {"way/40", "way/41"}


def test_merged_buildings_are_succeeded_by_the_whole_even_if_it_is_an_old_one(take_in: Importer, path: Path) -> None:
    town = crossing()
    town.box(40, 3, 3, 0.5, 0.5, building="yes")
    town.box(41, 3.5, 3, 0.5, 0.5, building="yes")
    town.box(42, 5, 3, 0.5, 0.5, building="yes")
    take_in(town.write(path))
    del town.ways[41], town.ways[42]
    town.box(40, 3, 3, 1.0, 0.5, building="yes")
    town.box(43, 5, 3, 0.5, 0.5, building="yes")
    take_in(town.write(path))
    assert successors_of("way/41") == {"way/40"}
    assert successors_of("way/42") == {"way/43"}


def test_a_replaced_lamp_is_succeeded_by_the_one_beside_it_and_by_no_other_kind(take_in: Importer, path: Path) -> None:
    town = crossing()
    take_in(town.write(path))
    del town.nodes[20]
    town.node(22, 0.51, 1.1, highway="street_lamp")  # half a metre away
    town.node(23, 0.5, 1.1, natural="tree")
    town.node(24, 0.7, 1.1, highway="street_lamp")  # eleven metres away
    take_in(town.write(path))
    assert successors_of("node/20") == {"node/22"}


def test_a_link_split_by_a_new_street_is_succeeded_by_both_parts(take_in: Importer, path: Path) -> None:
    town = crossing()
    take_in(town.write(path))
    town.node(6, 0.5, 1)
    town.node(7, 0.5, 0)
    town.way(10, [1, 6, 5, 2], highway="residential", name="Itäkatu", name__sv="Östergatan", maxspeed="30")
    town.way(13, [7, 6], highway="service")
    reading = take_in(town.write(path))
    assert successors_of("way/10/1-5") == {"way/10/1-6", "way/10/6-5"}
    assert thing("way/10/5-2").is_open
    assert reading.counts["closed"] == 1


def test_a_relation_that_the_source_no_longer_has_ends(take_in: Importer, path: Path) -> None:
    town = crossing()
    town.way(12, [1, 5], highway="residential")
    members = [("w", 12, "from"), ("n", 5, "via"), ("w", 11, "to")]
    town.relation(50, members, type="restriction", restriction="no_left_turn")
    take_in(town.write(path))
    members[0] = ("w", 10, "from")
    town.relation(50, members, type="restriction", restriction="no_left_turn")
    take_in(town.write(path))
    standing = Relation.objects.filter(subject=thing("relation/50"), type="from", valid_to__isnull=True)
    assert set(standing.values_list("object__external_id", flat=True)) == {"way/10/1-5", "way/10/5-2"}


def test_sources_do_not_close_each_others_things(take_in: Importer, path: Path) -> None:
    town = crossing()
    take_in(town.write(path))
    other = Town()
    other.node(20, 9, 9, highway="street_lamp")
    reading = take_in(other.write(path), source_code="osm-elsewhere")
    assert reading.counts == {"added": 1}
    assert Thing.objects.filter(external_id="node/20", valid_to__isnull=True).count() == 2


def test_an_import_that_stopped_half_way_ends_the_same_when_done_again(
    take_in: Importer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkoot.core.register.importing.run.BATCH", 3)
    town = crossing()
    take_in(town.write(path))
    del town.ways[30]
    town.box(40, 0.2, 1.3, 0.5, 0.3, building="apartments")
    town.write(path)

    def stop(share: float, message: str) -> None:
        if "objects read" in message and Thing.objects.filter(external_id="way/40").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(path, progress=stop)
    assert thing("way/30").is_open
    reading = take_in(path)
    assert (reading.counts["closed"], reading.counts["succeeded"]) == (1, 1)
    assert successors_of("way/30") == {"way/40"}
    before = facts()
    take_in(path)
    assert facts() == before


def test_a_source_is_imported_once_at_a_time(take_in: Importer, path: Path) -> None:
    crossing().write(path)
    with sole_import("osm"):
        take_in(path, source_code="another")
    take_in(path)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_second_import_of_a_source_is_refused_while_the_first_runs(take_in: Importer, path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections
    from django.utils.translation import override

    def in_another_thread() -> str:
        try:
            with override("en"):
                take_in(path)
            return "done"
        except ConflictError as error:
            return str(error)
        finally:
            connections.close_all()

    crossing().write(path)
    with sole_import("osm"), ThreadPoolExecutor(1) as pool:
        assert "under way" in pool.submit(in_another_thread).result()
    assert not Thing.objects.exists()


def test_identifiers_are_looked_up_by_their_index(take_in: Importer, path: Path) -> None:
    take_in(crossing().write(path))
    with CaptureQueriesContext(connection) as queries:
        look_up(Source.objects.get(), ["node/20", "node/21"])
    (asked,) = [query["sql"] for query in queries if "IN (" in query["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{asked}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "thing_once_per_source" in plan
