"""The register's roads as a network."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.text import Text
from talkoot.core.register.metres import to_degrees
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import add_thing, close_thing, relate
from talkoot.programmes.traffic.engine.equilibrium import Assignment, VehicleClass, assign
from talkoot.programmes.traffic.engine.trips import trips_between
from talkoot.programmes.traffic.road_classes import ASSUMED
from talkoot.programmes.traffic.roads import CONNECTOR_KMH, Roads, gateways, read_roads
from talkoot.programmes.traffic.zones import Zones
from tests.programmes.traffic.city.conftest import CORNER, add_road, placed

pytestmark = pytest.mark.django_db

Place = tuple[float, float]
Street = tuple[Place, Place]


def zones_at(*places: Place) -> Zones:
    """Return zones at metres from the corner."""
    points = shapely.get_coordinates(to_degrees(shapely.points(np.array(places) + CORNER)))
    nobody = np.zeros(len(places))
    names = [f"zone {number}" for number in range(len(places))]
    return Zones(uids=names, names=names, points=points, population=nobody, jobs=nobody)


def _flows(roads: Roads, origin: int, destination: int) -> dict[str, float]:
    """Return the roads, by uid, that a single vehicle takes."""
    trips = trips_between([origin], [destination], [1.0], len(roads.zone_uids))
    found: Assignment = assign(roads.network, [VehicleClass(trips)])
    used = np.flatnonzero((found.units > 0.5) & ~roads.is_connector)
    return {roads.uids[link]: float(roads.length_m[link]) for link in used.tolist()}


def _of(roads: Roads, road: Thing) -> list[int]:
    return [link for link, uid in enumerate(roads.uids) if uid == str(road.uid)]


def _junction(source: Source, place: Place, name: str) -> Thing:
    shape = placed(shapely.Point(place))
    return add_thing(operator(), kind="junction", name=Text(), source=source, geometry=shape, external_id=name)


def _restrict(source: Source, said: str, from_: Thing, via: Thing, to: Thing, **attributes: Any) -> None:
    rule = add_thing(
        operator(),
        kind="turn_restriction",
        name=Text(),
        source=source,
        geometry=placed(shapely.Point(0, 0)),
        attributes={"restriction": said, **attributes},
        external_id=f"{said}/{len(attributes)}",
    )
    for role, thing in (("from", from_), ("via", via), ("to", to)):
        relate(operator(), rule, role, thing, source=source)


def test_a_road_is_a_link_in_each_direction_with_what_the_register_says_of_it(source: Source) -> None:
    both = add_road(source, ((0, 0), (100, 0)), road_class="secondary", lanes=4, speed_kmh=60.0, length_m=120.0)
    add_road(source, ((100, 0), (100, 100)))
    ahead = add_road(source, ((100, 100), (0, 0)), oneway="forward", lanes=2)

    roads = read_roads(zones_at((0, 0), (100, 100)))

    two, one = _of(roads, both), _of(roads, ahead)
    assert len(two) == 2 and len(one) == 1
    assert roads.length_m[two] == pytest.approx([120.0, 120.0])
    assert roads.network.free_flow_time[two] == pytest.approx([0.12, 0.12])
    assert roads.capacity[two] == pytest.approx([2 * ASSUMED["secondary"].lane_capacity] * 2)
    assert roads.capacity[one] == pytest.approx([2 * ASSUMED["residential"].lane_capacity])
    starts = [shapely.get_coordinates(roads.geometries[link])[0] for link in two]
    assert not np.allclose(starts[0], starts[1])
    assert roads.network.tail[two[0]] == roads.network.head[two[1]]


def test_what_the_register_does_not_say_is_assumed_by_class_and_counted(source: Source) -> None:
    bare = add_thing(
        operator(),
        kind="road_link",
        name=Text(),
        source=source,
        geometry=placed(shapely.LineString([(0, 0), (300, 400)])),
        attributes={"road_class": "tertiary"},
        external_id="bare",
    )

    roads = read_roads(zones_at((0, 0), (300, 400)))

    link = _of(roads, bare)[0]
    assert roads.speed_kmh[link] == ASSUMED["tertiary"].speed_kmh
    assert roads.length_m[link] == pytest.approx(500.0, rel=1e-3)
    assert roads.assumptions == {"lanes_by_class": 1, "speeds_by_class": 1, "capacities_by_class": 1}


def test_roads_that_cars_cannot_use_or_leave_are_left_out_and_counted(source: Source) -> None:
    kept = [add_road(source, ends) for ends in (((0, 0), (100, 0)), ((0, 0), (0, -100)))]
    add_road(source, ((0, 0), (0, 100)), access="private")
    add_road(source, ((0, 0), (50, 100)), road_class="busway")
    add_road(source, ((100, 0), (200, 0)), oneway="forward")
    add_road(source, ((900, 900), (950, 900)))
    close_thing(operator(), add_road(source, ((0, 0), (70, 70))))

    roads = read_roads(zones_at((0, 0), (100, 0)))

    assert {uid for uid in roads.uids if uid} == {str(road.uid) for road in kept}
    assert roads.left_out == {"closed_to_cars": 2, "unconnected": 2}


def test_ends_meet_where_the_register_relates_them_to_one_junction_though_they_are_drawn_apart(source: Source) -> None:
    here = _junction(source, (100, 0), "here")
    west, east = add_road(source, ((0, 0), (100, 0))), add_road(source, ((101, 1), (200, 0)))
    relate(operator(), west, "to", here, source=source)
    relate(operator(), east, "from", here, source=source)

    roads = read_roads(zones_at((0, 0), (200, 0)))

    assert _flows(roads, 0, 1) == {str(west.uid): pytest.approx(100), str(east.uid): pytest.approx(99, abs=0.1)}


@pytest.mark.parametrize(
    ("said", "attributes", "turns"),
    [("no_left_turn", {}, False), ("only_straight_on", {}, False), ("no_left_turn", {"condition": "07-09"}, True)],
)
def test_a_turn_that_is_not_allowed_is_not_made(
    source: Source, said: str, attributes: dict[str, Any], turns: bool
) -> None:
    """From the south one may not turn left at the crossing: the way to the west is around the block in the north."""
    crossing = _junction(source, (0, 0), "crossing")
    south = add_road(source, ((0, -500), (0, 0)))
    west = add_road(source, ((0, 0), (-500, 0)), oneway="forward")
    north = add_road(source, ((0, 0), (0, 200)), oneway="forward")
    around = add_road(source, ((0, 200), (-500, 0)), oneway="forward")
    back = add_road(source, ((-500, 0), (0, -500)), oneway="forward")
    for road, role in ((south, "to"), (west, "from"), (north, "from")):
        relate(operator(), road, role, crossing, source=source)
    _restrict(source, said, south, crossing, north if said.startswith("only") else west, **attributes)

    roads = read_roads(zones_at((0, -500), (-500, 0)))
    roads_taken = _flows(roads, 0, 1)

    assert set(roads_taken) == {str(road.uid) for road in ((south, west) if turns else (south, north, around))}
    assert roads.left_out == ({"restrictions": 1} if turns else {})
    assert str(back.uid) in roads.uids


def test_parallel_roads_are_set_apart_and_a_road_that_ends_where_it_begins_is_left_out(source: Source) -> None:
    slow = add_road(source, ((0, 0), (100, 0)), length_m=100.0)
    quick = add_road(source, ((100, 0), (0, 0)), length_m=50.0, road_class="tertiary")
    here, loop = _junction(source, (100, 0), "here"), add_road(source, ((100, 0), (120, 0)))
    for role in ("from", "to"):
        relate(operator(), loop, role, here, source=source)

    roads = read_roads(zones_at((0, 0), (100, 0)))

    assert roads.left_out == {"loops": 1}
    assert len(_of(roads, slow)) == len(_of(roads, quick)) == 2
    assert _flows(roads, 0, 1) == {str(quick.uid): 50.0}
    stubs = np.minimum(roads.network.tail, roads.network.head) >= len(roads.zone_uids)
    assert roads.network.free_flow_time[stubs & roads.is_connector].tolist() == [0.0, 0.0]


def test_zones_are_joined_to_the_nearest_nodes_and_nobody_drives_through_them(source: Source) -> None:
    ring = ((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))
    for ends in pairwise(ring):
        add_road(source, ends)

    roads = read_roads(zones_at((50, 50), (30, 0)))

    out = np.flatnonzero(roads.network.tail == 0)
    assert len(out) == 4 and roads.is_connector[out].all()
    assert roads.length_m[out] == pytest.approx([50 * 2**0.5] * 4, rel=1e-3)
    assert roads.speed_kmh[out] == pytest.approx(CONNECTOR_KMH)
    assert not roads.network.passed[:2].any() and roads.network.passed[2:].all()


def test_main_roads_that_end_at_the_edge_are_gateways(quarter: list[Thing]) -> None:
    found = gateways()

    capacity = ASSUMED["primary"].lane_capacity
    assert sorted(found.uids) == sorted(f"gateway/{road.uid}" for road in quarter[-2:])
    assert found.inbound == pytest.approx([capacity, capacity]) and found.outbound == pytest.approx(found.inbound)
    zones = zones_at((0, 0)).with_gateways(*found)
    roads = read_roads(zones)
    across = _flows(roads, 1, 2)
    assert {str(road.uid) for road in quarter[-2:]} <= set(across) and len(across) == 5


def test_the_two_carriageways_of_a_road_are_one_gateway(source: Source) -> None:
    add_road(source, ((0, 0), (0, 300)))
    main = {"road_class": "primary", "oneway": "forward", "name": "Main Street"}
    into = add_road(source, ((-500, 0), (0, 0)), **main)
    out = add_road(source, ((0, 0), (-500, 20)), **main)

    found = gateways()
    roads = read_roads(zones_at((0, 300)).with_gateways(*found))

    assert found.names == ["Main Street"]
    assert found.inbound == pytest.approx(found.outbound)
    assert str(into.uid) in _flows(roads, 1, 0) and str(out.uid) in _flows(roads, 0, 1)


@pytest.mark.usefixtures("db")
def test_a_register_without_roads_says_so() -> None:
    with pytest.raises(NotFoundError, match="Import some first"):
        read_roads(zones_at((0, 0)))
    assert gateways().uids == []
