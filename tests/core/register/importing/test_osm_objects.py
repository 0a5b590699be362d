"""What becomes of each OpenStreetMap object: kinds, places, relations, and what cannot be taken in."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from talkoot.core.register.models import RejectedRow, Relation, Thing
from tests.core.register.importing.conftest import Importer, thing
from tests.core.register.importing.osm import Town, at, crossing

pytestmark = pytest.mark.django_db(databases="__all__")


def relations_of(external_id: str) -> set[tuple[str, str]]:
    return set(thing(external_id).relations_out.values_list("type", "object__external_id"))


def test_roads_are_split_where_they_meet(take_in: Importer, tmp_path: Path) -> None:
    take_in(crossing().write(tmp_path / "town.osm.pbf"))
    links = set(Thing.objects.filter(kind="road_link").values_list("external_id", flat=True))
    assert links == {"way/10/1-5", "way/10/5-2", "way/11/3-5", "way/11/5-4"}
    assert relations_of("way/10/1-5") == {("from", "node/1/junction"), ("to", "node/5/junction")}
    link = thing("way/10/1-5")
    assert link.attributes["length_m"] == pytest.approx(55.4, abs=0.3)
    assert (link.attributes["speed_kmh"], link.attributes["oneway"], link.name.sv) == (30.0, "no", "Östergatan")
    assert thing("way/11/3-5").attributes["oneway"] == "forward"
    assert thing("node/5/junction").attributes["links"] == 4
    assert thing("node/1/junction").attributes["links"] == 1


def test_a_loop_and_a_way_that_returns_have_links_of_their_own(take_in: Importer, tmp_path: Path) -> None:
    town = Town()
    for number, (x, y) in {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}.items():
        town.node(number, x, y)
    town.way(10, [1, 2, 3, 1], highway="service")
    town.way(11, [1, 4, 1, 2], highway="service")
    take_in(town.write(tmp_path / "town.osm.pbf"))
    links = set(Thing.objects.filter(kind="road_link").values_list("external_id", flat=True))
    assert links == {"way/10/1-2", "way/10/2-1", "way/11/1-1", "way/11/1-2"}


def test_one_object_may_be_a_building_and_a_school(take_in: Importer, tmp_path: Path) -> None:
    take_in(crossing().write(tmp_path / "town.osm.pbf"))
    building, school = thing("way/31"), thing("way/31/service")
    assert (building.kind, building.attributes["height_m"]) == ("building", 11.0)
    assert (school.kind, school.attributes["category"]) == ("service_place", "school")
    assert school.name.as_dict() == {"fi": "Koulu", "en": "School"}
    assert relations_of("way/31/service") == {("at", "way/31")}
    assert building.shape.geom_type == "Polygon"
    assert building.tags["amenity"] == "school"


def test_turn_restrictions_relate_links_over_a_junction(take_in: Importer, tmp_path: Path) -> None:
    town = crossing()
    town.way(12, [1, 5], highway="residential")
    town.way(10, [5, 2], highway="residential")
    members = [("w", 12, "from"), ("n", 5, "via"), ("w", 11, "to")]
    town.relation(50, members, type="restriction", restriction="no_left_turn", **{"except": "bicycle"})
    town.relation(51, members, type="restriction", restriction__conditional="no_u_turn @ (Mo-Fr 07:00-09:00)")
    town.relation(52, members, type="restriction", restriction="no_flying")
    town.relation(53, [("w", 99, "from"), ("n", 5, "via"), ("w", 11, "to")], type="restriction", restriction="no_exit")
    take_in(town.write(tmp_path / "town.osm.pbf"))
    assert relations_of("relation/50") == {
        ("from", "way/12/1-5"),
        ("via", "node/5/junction"),
        ("to", "way/11/3-5"),
        ("to", "way/11/5-4"),
    }
    assert thing("relation/50").attributes == {"restriction": "no_left_turn", "exceptions": "bicycle"}
    assert thing("relation/51").attributes["condition"] == "(Mo-Fr 07:00-09:00)"
    reasons = dict(RejectedRow.objects.values_list("row", "reason"))
    assert "no_flying" in reasons["relation/52"]
    assert "do not both meet" in reasons["relation/53"]


def test_a_restriction_may_go_over_a_way(take_in: Importer, tmp_path: Path) -> None:
    town = Town()
    for number, (x, y) in {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}.items():
        town.node(number, x, y)
    for number, nodes in {10: [1, 2], 11: [2, 3], 12: [3, 4]}.items():
        town.way(number, nodes, highway="tertiary")
    members = [("w", 10, "from"), ("w", 11, "via"), ("w", 12, "to")]
    town.relation(50, members, type="restriction", restriction="no_u_turn")
    take_in(town.write(tmp_path / "town.osm.pbf"))
    assert relations_of("relation/50") == {("from", "way/10/1-2"), ("via", "way/11/2-3"), ("to", "way/12/3-4")}
    assert thing("relation/50").shape.equals_exact(shapely.Point(at(1, 0)), 1e-7)


def test_signals_control_junctions(take_in: Importer, tmp_path: Path) -> None:
    town = crossing()
    town.node(5, 1, 1, highway="traffic_signals", traffic_signals__sound="yes")
    take_in(town.write(tmp_path / "town.osm.pbf"))
    assert thing("node/5").attributes == {"sound": "yes"}
    assert thing("node/5/junction").attributes["control"] == "traffic_signals"


def test_a_multipolygon_keeps_its_courtyard(take_in: Importer, tmp_path: Path) -> None:
    town = Town()
    town.box(30, 0, 0, 2, 2)
    town.box(31, 0.5, 0.5, 1, 1)
    town.relation(40, [("w", 30, "outer"), ("w", 31, "inner")], type="multipolygon", building="yes")
    town.relation(41, [("w", 30, "outer"), ("w", 999, "outer")], type="multipolygon", building="yes")
    town.node(1, 0, 0, natural="tree")
    take_in(town.write(tmp_path / "town.osm.pbf"))
    shape = thing("relation/40").shape
    assert (shape.geom_type, len(shape.interiors)) == ("Polygon", 1)
    assert "rings do not close" in RejectedRow.objects.get(row="relation/41").reason


def test_lines_are_kept_up_to_the_edge_of_the_extract_and_areas_are_rejected(take_in: Importer, tmp_path: Path) -> None:
    town = crossing()
    town.way(12, [1, 5, 777], highway="footway")
    town.way(13, [777, 2, 5], highway="tertiary")
    town.way(14, [778, 779], highway="footway")
    town.box(32, 3, 3, building="yes")
    del town.nodes[1_000_322]
    take_in(town.write(tmp_path / "town.osm.pbf"))
    assert len(thing("way/12").shape.coords) == 2
    assert thing("way/13/2-5").kind == "road_link"
    assert set(RejectedRow.objects.values_list("row", flat=True)) == {"way/14", "way/32"}


def test_self_crossing_buildings_are_rejected_or_mended(take_in: Importer, tmp_path: Path) -> None:
    town = crossing()
    for number, (x, y) in {61: (3, 3), 62: (4, 4), 63: (4, 3), 64: (3, 4)}.items():
        town.node(number, x, y)
    town.way(60, [61, 62, 63, 64, 61], building="yes")
    path = town.write(tmp_path / "town.osm.pbf")
    take_in(path)
    assert not Thing.objects.filter(external_id="way/60").exists()
    assert "crosses itself" in RejectedRow.objects.get(row="way/60").reason
    reading = take_in(path, mend=True)
    assert (reading.counts["mended"], reading.counts["added"]) == (1, 1)
    mended = thing("way/60")
    assert mended.shape.is_valid
    assert mended.provenance["geometry"] == "assumed:mended"
    assert take_in(path, mend=True).counts["unchanged"] == Thing.objects.count()


def test_overlapping_buildings_are_taken_in_with_a_warning(take_in: Importer, tmp_path: Path) -> None:
    town = crossing()
    town.box(70, 5, 5, building="yes")
    town.box(71, 5.1, 5.1, building="yes")
    town.box(72, 5.5, 5.0, building="yes")  # shares a wall only
    reading = take_in(town.write(tmp_path / "town.osm.pbf"))
    assert reading.counts["overlapping_buildings"] == 2
    assert {frozenset(pair) for pair in reading.counts["overlaps"]} == {
        frozenset(("way/70", "way/71")),
        frozenset(("way/71", "way/72")),
    }


def test_a_negative_height_is_rejected(take_in: Importer, tmp_path: Path) -> None:
    town = crossing()
    town.box(33, 4, 4, building="yes", height="-12")
    take_in(town.write(tmp_path / "town.osm.pbf"))
    reason = RejectedRow.objects.get(row="way/33").reason
    assert "attributes.height_m" in reason
    assert "-12" in reason
    assert not Thing.objects.filter(external_id="way/33").exists()


def test_html_and_sql_are_words_like_others(take_in: Importer, tmp_path: Path) -> None:
    words = "<script>alert(1)</script>'; DROP TABLE register_thing; --"
    town = crossing()
    town.node(80, 2, 2, amenity="cafe", name=words, opening_hours=words)
    take_in(town.write(tmp_path / "town.osm.pbf"))
    assert thing("node/80").name.fi == words
    assert thing("node/80").attributes["opening_hours"] == words
    assert Relation.objects.count() > 0
