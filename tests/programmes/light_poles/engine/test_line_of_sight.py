"""Line of sight against a plain reference in Shapely, and properties that any sight has."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import affinity

from talkoot.programmes.light_poles.engine.line_of_sight import line_of_sight, sights
from talkoot.programmes.light_poles.engine.prisms import Prisms

coordinates = st.floats(-100.0, 100.0, allow_nan=False, width=32)
heights = st.floats(0.5, 40.0, allow_nan=False, width=32)


@st.composite
def buildings(draw):
    """Up to six turned houses: plain, L-shaped or with a courtyard, some of them raised on columns."""
    shapes = {
        "plain": shapely.box(-15, -10, 15, 10),
        "angle": shapely.Polygon([(-15, -15), (15, -15), (15, 0), (0, 0), (0, 15), (-15, 15)]),
        "yard": shapely.box(-20, -20, 20, 20).difference(shapely.box(-9, -9, 9, 9)),
    }
    footprints, bases, tops = [], [], []
    for _ in range(draw(st.integers(0, 6))):
        shape = affinity.rotate(shapes[draw(st.sampled_from(sorted(shapes)))], draw(st.floats(0, 90)), origin=(0, 0))
        footprints.append(affinity.translate(shape, draw(coordinates), draw(coordinates)))
        bases.append(draw(st.sampled_from([0.0, 0.0, 3.0, 8.0])))
        tops.append(bases[-1] + draw(heights))
    return footprints, tops, bases


points = st.tuples(coordinates, coordinates, heights)


def plainly_seen(here, there, footprints, tops, bases):
    """The definition, one building after another: no stretch of the ray inside lies between base and roof."""
    ray = shapely.LineString([here[:2], there[:2]])
    for footprint, top, base in zip(footprints, tops, bases, strict=True):
        for stretch in shapely.get_parts(ray.intersection(footprint)):
            if stretch.length <= 1e-6:
                continue
            along = [ray.project(shapely.Point(end)) / ray.length for end in (stretch.coords[0], stretch.coords[-1])]
            low, high = sorted(here[2] + share * (there[2] - here[2]) for share in along)
            if high > base and low < top:
                return False
    return True


def clear_of_corners(here, there, footprints, tops, bases):
    """Whether no corner, wall or edge is so near that rounding decides."""
    ray = shapely.LineString([here[:2], there[:2]])
    if ray.length < 0.1:
        return False
    for footprint, top, base in zip(footprints, tops, bases, strict=True):
        if shapely.distance(ray, shapely.points(shapely.get_coordinates(footprint))).min() < 1e-3:
            return False
        if any(footprint.boundary.distance(shapely.Point(end[:2])) < 1e-3 for end in (here, there)):
            return False
        for crossing in shapely.get_coordinates(ray.intersection(footprint.boundary)):
            z = here[2] + ray.project(shapely.Point(crossing)) / ray.length * (there[2] - here[2])
            if min(abs(z - top), abs(z - base)) < 1e-6:
                return False
        if any(min(abs(end[2] - top), abs(end[2] - base)) < 1e-6 for end in (here, there)):
            return False
    return True


@settings(deadline=None, max_examples=400)
@given(buildings(), points, points)
def test_sees_what_the_plain_definition_sees(houses, here, there):
    assume(clear_of_corners(here, there, *houses))
    seen = line_of_sight([here], [there], Prisms.of(*houses))
    assert bool(seen[0]) == plainly_seen(here, there, *houses)


@settings(deadline=None)
@given(buildings(), st.lists(st.tuples(points, points), min_size=1, max_size=20))
def test_sight_is_mutual(houses, pairs):
    starts, ends = np.array([p for p, _ in pairs]), np.array([q for _, q in pairs])
    prisms = Prisms.of(*houses)
    assert np.array_equal(line_of_sight(starts, ends, prisms), line_of_sight(ends, starts, prisms))


@settings(deadline=None)
@given(buildings(), st.lists(st.tuples(points, points), min_size=1, max_size=20))
def test_another_building_never_adds_sight(houses, pairs):
    footprints, tops, bases = houses
    assume(footprints)
    starts, ends = np.array([p for p, _ in pairs]), np.array([q for _, q in pairs])
    fewer = line_of_sight(starts, ends, Prisms.of(footprints[:-1], tops[:-1], bases[:-1]))
    more = line_of_sight(starts, ends, Prisms.of(*houses))
    assert not np.any(more & ~fewer)


def test_over_a_roof_and_under_a_bridge():
    house = [shapely.box(10, -5, 20, 5)]
    start, end = [[0.0, 0.0, 6.0]], [[30.0, 0.0, 1.5]]
    assert not line_of_sight(start, end, Prisms.of(house, 4.0))[0]
    assert line_of_sight(start, end, Prisms.of(house, 2.9))[0]  # the ray is at 3 m where it leaves the roof
    assert line_of_sight(start, end, Prisms.of(house, 9.0, 5.0))[0]
    assert not line_of_sight(start, [[30.0, 0.0, 40.0]], Prisms.of(house, 25.0, 22.0))[0]  # up through the deck


def test_a_lamp_on_a_wall_sees_away_from_it_only():
    prisms = Prisms.of([shapely.box(0, 0, 10, 10)], 12.0)
    lamp = [[10.0, 5.0, 6.0]] * 2
    assert line_of_sight(lamp, [[30.0, 5.0, 1.5], [-30.0, 5.0, 1.5]], prisms).tolist() == [True, False]


def test_a_lamp_inside_a_building_sees_nothing():
    prisms = Prisms.of([shapely.box(0, 0, 10, 10)], 12.0)
    assert not line_of_sight([[5.0, 5.0, 6.0]], [[30.0, 5.0, 1.5]], prisms)[0]


def test_an_outline_that_crosses_itself_still_stops():
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert not line_of_sight([[8.0, -5.0, 2.0]], [[8.0, 20.0, 2.0]], Prisms.of([bow], 9.0))[0]


def test_sites_find_the_same_as_pairs():
    chance = np.random.default_rng(7)
    places = chance.uniform(-100, 100, (400, 2))
    places = places[np.argsort(places[:, 1])]
    sites = np.column_stack([chance.uniform(-100, 100, (12, 2)), chance.uniform(4, 12, 12)])
    prisms = Prisms.of([shapely.box(x, y, x + 25, y + 12) for x in (-80, -20, 40) for y in (-60, 0, 60)], 14.0)
    first, place, seen = sites_and_places = sights(sites, 70.0, places, 1.5, prisms)
    site = np.repeat(np.arange(12), np.diff(first))
    assert len(sites_and_places) == 3 and seen.any() and not seen.all()
    distance = np.hypot(*(places[place] - sites[site, :2]).T)
    assert distance.max() <= 70.0
    every = np.hypot(*(places[None] - sites[:, None, :2]).transpose(2, 0, 1)) <= 70.0
    assert np.array_equal(np.diff(first), every.sum(axis=1))
    grounds = np.column_stack([places[place], np.full(place.size, 1.5)])
    assert np.array_equal(seen, line_of_sight(sites[site], grounds, prisms))


def test_nothing_to_see_is_no_error():
    empty = Prisms.of([], [])
    assert line_of_sight(np.empty((0, 3)), np.empty((0, 3)), empty).size == 0
    first, place, seen = sights([[0.0, 0.0, 6.0]], 50.0, np.empty((0, 2)), 1.5, empty)
    assert first.tolist() == [0, 0] and place.size == seen.size == 0


def test_refuses_bad_coordinates_and_order():
    empty = Prisms.of([], [])
    with pytest.raises(ValueError, match="finite"):
        line_of_sight([[np.nan, 0, 1]], [[0, 0, 1]], empty)
    with pytest.raises(ValueError, match="as many"):
        line_of_sight([[0, 0, 1]], [[0, 0, 1], [1, 1, 1]], empty)
    with pytest.raises(ValueError, match="order"):
        sights([[0, 0, 6]], 50.0, [[0, 5], [0, 1]], 1.5, empty)


@pytest.mark.parametrize(("top", "base"), [(-3.0, 0.0), (np.nan, 0.0), (5.0, 5.0), (5.0, -1.0), (np.inf, 0.0)])
def test_refuses_a_building_without_inside(top, base):
    with pytest.raises(ValueError, match="building 0"):
        Prisms.of([shapely.box(0, 0, 1, 1)], top, base)


def test_cutting_out_a_neighbourhood_keeps_whole_buildings():
    prisms = Prisms.of([shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 10)], [5.0, 7.0], [0.0, 2.0])
    near = prisms.within((90.0, 0.0, 105.0, 5.0))
    assert near.top_m.tolist() == [7.0] and near.raised.tolist() == [0] and len(near.walls) == 4
