"""Boxes and nearness, against looking at every thing there is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.register import bulk, queries
from talkoot.core.register.bulk import BulkThing
from talkoot.core.register.metres import distances
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.queries import Box, nearest, things_in_box
from talkoot.core.register.services import change_thing, close_thing
from tests.core.register.conftest import AddThing, point, square

KINDS = ("street_lamp", "building", "road_link")
lons, lats = st.floats(24.90, 24.96), st.floats(60.15, 60.19)
points = st.builds(shapely.Point, lons, lats)
boxes = st.builds(
    lambda lon, lat, wide, high: shapely.box(lon, lat, lon + wide, lat + high), lons, lats, *[st.floats(1e-6, 0.02)] * 2
)
lines = st.builds(lambda one, other: shapely.LineString([one, other]), points, points)
cities = st.lists(
    st.tuples(st.just("street_lamp"), points)
    | st.tuples(st.just("building"), boxes)
    | st.tuples(st.just("road_link"), lines),
    max_size=40,
)
some_kinds = st.lists(st.sampled_from(KINDS), max_size=2, unique=True)
quietly = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def build(system: Actor, source: Source, city: list[tuple[str, Any]]) -> list[int]:
    """Let the register hold the city's things and nothing else; return their keys."""
    Thing.objects.all().delete()
    return bulk.add_many(system, source, [BulkThing(kind, geometry=shapely.to_wkb(shape)) for kind, shape in city])


def sides(draw: Any) -> Box:
    """Draw a box, often one that touches a whole hundredth of a degree."""
    west, east = sorted((draw(lons), draw(lons)))
    south, north = sorted((draw(lats), draw(lats)))
    return Box(west, south, east, north)


@given(city=cities, box=st.composite(sides)(), kinds=some_kinds)
@quietly
def test_a_box_finds_what_touches_it(
    city: list[tuple[str, Any]], box: Box, kinds: list[str], system: Actor, source: Source
) -> None:
    keys = build(system, source, city)
    expected = [
        key
        for key, (kind, shape) in zip(keys, city, strict=True)
        if (not kinds or kind in kinds)
        and shape.bounds[0] <= box.max_lon
        and shape.bounds[2] >= box.min_lon
        and shape.bounds[1] <= box.max_lat
        and shape.bounds[3] >= box.min_lat
    ]
    assert sorted(thing.pk for thing in things_in_box(box, kinds=kinds)) == expected
    pages, after = [], 0
    while page := things_in_box(box, kinds=kinds, limit=3, after=after):
        pages += [thing.pk for thing in page]
        after = pages[-1]
    assert pages == expected


@given(city=cities, lon=lons, lat=lats, count=st.integers(1, 8), kinds=some_kinds)
@quietly
def test_the_nearest_are_those_of_looking_at_all(
    city: list[tuple[str, Any]], lon: float, lat: float, count: int, kinds: list[str], system: Actor, source: Source
) -> None:
    build(system, source, city)
    shapes = [shape for kind, shape in city if not kinds or kind in kinds]
    expected = np.sort(distances(lon, lat, shapes))[:count]
    found = nearest(lon, lat, count=count, kinds=kinds)
    assert np.allclose([metres for _, metres in found], expected, atol=1e-6)
    assert [metres for thing, metres in found] == [distances(lon, lat, [thing.shape])[0] for thing, _ in found]


def test_many_whose_bounds_are_near_but_not_themselves(system: Actor, source: Source) -> None:
    # Long diagonals whose boxes all hold the point; the lamp is nearer than any of them.
    lines = [shapely.LineString([(24.9 + n / 1e5, 60.15), (24.98, 60.19 + n / 1e5)]) for n in range(150)]
    lamp = shapely.Point(24.911, 60.189)
    keys = build(system, source, [*(("road_link", line) for line in lines), ("street_lamp", lamp)])
    found = nearest(24.91, 60.189, count=2)
    assert found[0][0].pk == keys[-1]
    assert found[1][1] == min(distances(24.91, 60.189, lines))


def test_a_pile_of_things_at_one_place(system: Actor, source: Source) -> None:
    build(system, source, [("street_lamp", shapely.Point(24.93, 60.17))] * 500)
    assert [metres for _, metres in nearest(24.93, 60.17, count=300)] == [0.0] * 300


@pytest.mark.parametrize(("lon", "east"), [(179.999, -179.999), (-179.999, 179.999)])
def test_nearness_across_the_antimeridian(system: Actor, source: Source, lon: float, east: float) -> None:
    build(system, source, [("street_lamp", shapely.Point(east, 10.0)), ("street_lamp", shapely.Point(lon, 10.01))])
    _, _, metres = Geod(ellps="WGS84").inv(lon, 10.0, east, 10.0)
    (_, first), (_, second) = nearest(lon, 10.0)
    assert first == pytest.approx(metres)
    assert second == pytest.approx(1106, abs=2)


def test_nearness_at_a_pole(system: Actor, source: Source) -> None:
    build(system, source, [("street_lamp", shapely.Point(lon, 89.999)) for lon in (-120, 0, 120)])
    assert [metres for _, metres in nearest(77.0, 90.0)] == pytest.approx([111.69] * 3, abs=0.1)


def test_what_is_farther_than_a_hundred_kilometres_is_not_near(system: Actor, source: Source) -> None:
    build(system, source, [("street_lamp", shapely.Point(24.93, 60.17 + shift)) for shift in (0.89, 0.91)])
    [(_, metres)] = nearest(24.93, 60.17)
    assert 99_000 < metres < 100_000


@pytest.mark.parametrize(
    "sides", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "25,60,24,61", "nan,60,25,61", "0,-91,1,1", "24,60,inf,61"]
)
def test_what_is_no_box(sides: str) -> None:
    with pytest.raises(InvalidError, match="bbox"):
        Box.parse(sides)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: nearest(math.nan, 60),
        lambda: nearest(24, 91),
        lambda: nearest(24, 60, count=0),
        lambda: nearest(24, 60, count=1001),
        lambda: nearest(24, 60, kinds=["castle"]),
        lambda: things_in_box(Box(24, 60, 25, 61), limit=10_001),
        lambda: things_in_box(Box(24, 60, 25, 61), kinds=["' OR 1=1 --"]),
        lambda: queries.search_things("x", limit=0),
        lambda: queries.arrays(["castle"]),
        lambda: queries.things(limit=-1),
    ],
)
def test_questions_have_bounds(asked: Any, db: None) -> None:
    with pytest.raises(InvalidError):
        asked()


def test_counts_and_pages_of_what_is_open(add: AddThing, system: Actor) -> None:
    assert queries.counts_by_kind() == {}
    lamps = [add() for _ in range(3)]
    building = add(kind="building", geometry=None)
    assert queries.counts_by_kind() == {"street_lamp": 3, "building": 1}
    close_thing(system, lamps[0])
    assert queries.counts_by_kind() == {"street_lamp": 2, "building": 1}
    assert queries.things(limit=2) == lamps[1:]
    assert queries.things(after=lamps[2].pk) == [building]
    assert queries.things(kinds=["building"]) == [building]


def test_arrays_of_open_things_and_their_digest(add: AddThing, system: Actor) -> None:
    low = add(attributes={"height_m": 6})
    building = add(kind="building", geometry=square(), attributes={"height_m": 20.5, "levels": 5})
    nowhere = add(geometry=None)
    close_thing(system, add(geometry=point(24.95)))
    found = queries.arrays(["street_lamp", "building"], attributes=["height_m"])
    assert found.ids.tolist() == [low.pk, building.pk, nowhere.pk]
    assert found.uids.tolist() == [low.uid, building.uid, nowhere.uid]
    assert found.kinds.tolist() == ["street_lamp", "building", "street_lamp"]
    assert found.attributes["height_m"].tolist() == [6, 20.5, None]
    assert found.geometries[1].equals(shapely.geometry.shape(square()))
    assert found.geometries[2] is None
    again = queries.arrays(["building", "street_lamp"], attributes=["height_m"])
    assert again.digest == found.digest
    assert queries.arrays(["street_lamp"], attributes=["height_m"]).digest != found.digest
    building = change_thing(system, building, attributes={"height_m": 20.5, "levels": 6})
    assert queries.arrays(["street_lamp", "building"], attributes=["height_m"]).digest == found.digest
    change_thing(system, building, attributes={"height_m": 21})
    assert queries.arrays(["street_lamp", "building"], attributes=["height_m"]).digest != found.digest
    assert queries.arrays(["room"]).ids.tolist() == []
