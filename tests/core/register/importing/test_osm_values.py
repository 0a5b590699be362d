"""Values out of OpenStreetMap's free text."""

from __future__ import annotations

import pytest

from talkoot.core.register.importing.osm.buildings import describe_building
from talkoot.core.register.importing.osm.places import service_category
from talkoot.core.register.importing.osm.roads import describe_road
from talkoot.core.register.importing.osm.values import metres, name_of, speed


@pytest.mark.parametrize(
    ("text", "metres_"),
    [
        ("12", 12.0),
        ("12.5 m", 12.5),
        ("12,5", 12.5),
        ("350 cm", 3.5),
        ("40 ft", 12.192),
        ("6'", 1.829),
        ("-3", -3.0),
        ("tall", None),
        ("", None),
        ("1e400", None),
        (None, None),
    ],
)
def test_lengths(text: str | None, metres_: float | None) -> None:
    assert metres(text) == metres_


@pytest.mark.parametrize(
    ("text", "kmh", "rule"),
    [
        ("50", 50.0, ""),
        ("30 mph", 48.3, ""),
        ("50;30", 50.0, ""),
        ("10 knots", 18.5, ""),
        ("FI:urban", 50.0, "assumed:maxspeed=FI:urban"),
        ("FI:rural", 80.0, "assumed:maxspeed=FI:rural"),
        ("FI:zone:30", 30.0, "assumed:maxspeed=FI:zone:30"),
        ("DE:zone30", 30.0, "assumed:maxspeed=DE:zone30"),
        ("walk", 5.0, "assumed:maxspeed=walk"),
        ("none", 130.0, "assumed:maxspeed=none"),
    ],
)
def test_speeds(text: str, kmh: float, rule: str) -> None:
    assert speed(text) == (kmh, rule)


@pytest.mark.parametrize("text", ["signals", "", "0", "5000", "FI:", "fast", None])
def test_what_says_no_speed(text: str | None) -> None:
    assert speed(text) is None


def test_a_plain_name_is_finnish_unless_that_has_its_own() -> None:
    assert name_of({"name": "Kamppi", "name:sv": "Kampen"}).as_dict() == {"fi": "Kamppi", "sv": "Kampen"}
    assert name_of({"name": "Kampen / Kamppi", "name:fi": "Kamppi"}).fi == "Kamppi"
    assert not name_of({})


@pytest.mark.parametrize(
    ("tags", "height", "rule"),
    [
        ({"building": "yes", "height": "23.5"}, 23.5, None),
        ({"building": "yes", "building:levels": "5", "height": "?"}, 17.0, "assumed:levels*3.2+1.0"),
        ({"building": "house"}, 6.0, "assumed:default for building=house"),
        ({"building": "yes"}, 12.0, "assumed:default for buildings"),
        ({"building": "yes", "height": "-4"}, -4.0, None),  # left to the schema, which refuses it
    ],
)
def test_heights_of_buildings(tags: dict[str, str], height: float, rule: str | None) -> None:
    attributes, provenance = describe_building(tags)
    assert attributes["height_m"] == pytest.approx(height)
    assert provenance.get("height_m") == rule


def test_a_roof_stands_on_posts_and_a_base_may_be_mapped() -> None:
    attributes, provenance = describe_building({"building": "roof", "height": "18"})
    assert (attributes["base_m"], provenance["base_m"]) == (17.0, "assumed:height-1.0 for building=roof")
    assert describe_building({"building": "yes", "min_height": "7 m"})[0]["base_m"] == 7.0
    attributes, provenance = describe_building({"building": "yes", "building:min_level": "2"})
    assert (attributes["base_m"], provenance["base_m"]) == (6.4, "assumed:min_level*3.2")


@pytest.mark.parametrize(
    ("tags", "oneway"),
    [
        ({"highway": "residential"}, "no"),
        ({"highway": "residential", "oneway": "yes"}, "forward"),
        ({"highway": "residential", "oneway": "-1"}, "backward"),
        ({"highway": "residential", "junction": "roundabout"}, "forward"),
        ({"highway": "motorway"}, "forward"),
        ({"highway": "motorway", "oneway": "no"}, "no"),
    ],
)
def test_one_ways(tags: dict[str, str], oneway: str) -> None:
    assert describe_road(tags)[0]["oneway"] == oneway


def test_lanes_and_speed_are_assumed_by_class_and_told_so() -> None:
    attributes, provenance = describe_road({"highway": "primary", "oneway": "yes"})
    assert (attributes["lanes"], attributes["speed_kmh"]) == (1, 50.0)
    assert provenance["lanes"] == "assumed:default for highway=primary, oneway=forward"
    assert provenance["speed_kmh"] == "assumed:default for highway=primary"
    mapped, told = describe_road({"highway": "primary", "lanes": "3", "maxspeed": "60"})
    assert (mapped["lanes"], mapped["speed_kmh"], told) == (3, 60.0, {})


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ({"amenity": "library"}, "library"),
        ({"amenity": "bench"}, ""),
        ({"shop": "clothes"}, "clothes"),
        ({"shop": "yes"}, "shop"),
        ({"shop": "vacant"}, ""),
        ({"office": "government"}, "government"),
        ({"tourism": "information"}, ""),
        ({"tourism": "information", "information": "office"}, "information"),
        ({"amenity": "parking", "shop": "kiosk"}, "kiosk"),
    ],
)
def test_what_serves_people(tags: dict[str, str], category: str) -> None:
    assert service_category(tags) == category
