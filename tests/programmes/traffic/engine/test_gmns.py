"""Networks in GMNS, and trips between zones that have names."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from talkoot.programmes.traffic.engine.files import network_from, trips_from
from talkoot.programmes.traffic.engine.gmns import Gmns, read_gmns, write_gmns
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.skims import cheapest
from talkoot.programmes.traffic.engine.trips import Trips
from tests.programmes.traffic.engine.networks import cases

CONFIG = "dataset_name,long_length,speed\nsmall,mi,mph\n"
NODES = """node_id,x_coord,y_coord,node_type,zone_id
a,24.9,60.1,centroid,West
b,24.91,60.1,,
c,24.92,60.1,,
d,24.93,60.1,centroid,East
"""
LINKS = """link_id,from_node_id,to_node_id,directed,length,free_speed,capacity,lanes,toll,allowed_uses
ab,a,b,false,1,60,1000,2,,
bc,b,c,true,2,30,900,,1.5,"auto,bike"
cd,c,d,true,1,60,1000,1,,
db,d,b,1,1,60,1000,1,,
path,b,d,false,0.1,5,100,1,,"walk, bike"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small network's folder."""
    for name, text in (("config.csv", CONFIG), ("node.csv", NODES), ("link.csv", LINKS)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_reads_units_lanes_directions_and_zones(folder: Path) -> None:
    read = read_gmns(folder)

    network = read.network
    assert (read.zone_ids, read.node_ids) == (["East", "West"], ["a", "b", "c", "d"])
    assert network.centroids.tolist() == [3, 0] and network.passed.tolist() == [False, True, True, False]
    assert read.link_ids == ["ab", "ab", "bc", "cd", "db"]
    assert list(zip(network.tail.tolist(), network.head.tolist(), strict=True))[:2] == [(0, 1), (1, 0)]
    assert network.capacity.tolist() == [2000.0, 2000.0, 900.0, 1000.0, 1000.0]
    assert network.free_flow_time == pytest.approx([1.0, 1.0, 4.0, 1.0, 1.0])
    assert network.length == pytest.approx(1.609344 * np.array([1, 1, 2, 1, 1]))
    assert network.toll.tolist() == [0, 0, 1.5, 0, 0]
    assert cheapest(network, network.free_flow_time) == pytest.approx(np.array([[0.0, 2.0], [6.0, 0.0]]))


def test_a_zip_is_read_as_a_folder_is(folder: Path) -> None:
    with zipfile.ZipFile(folder / "net.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("config.csv", "node.csv", "link.csv"):
            packed.write(folder / name, f"small/{name}")

    assert network_from(folder / "net.zip").network.free_flow_time == pytest.approx([1.0, 1.0, 4.0, 1.0, 1.0])


def test_a_zone_with_several_nodes_has_one_of_its_own_joined_to_them(folder: Path) -> None:
    (folder / "node.csv").write_text("node_id,zone_id\na,1\nb,2\nc,2\nd,\n")

    read = read_gmns(folder)

    assert read.zone_ids == ["1", "2"] and read.network.nodes == 6
    assert cheapest(read.network, read.network.free_flow_time).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_where_movements_are_listed_no_others_are_made(folder: Path) -> None:
    moves = "mvmt_id,node_id,ib_link_id,ob_link_id,type\n1,b,db,ab,right\n2,b,db,bc,left\n"
    (folder / "movement.csv").write_text(moves)

    read = read_gmns(folder)

    assert cheapest(read.network, read.network.free_flow_time).tolist() == [[0.0, 2.0], [np.inf, 0.0]]


@given(case=cases())
@settings(max_examples=15, deadline=None)
def test_what_is_written_is_read_as_it_was(
    case: tuple[Network, Trips], tmp_path_factory: pytest.TempPathFactory
) -> None:
    network, folder = case[0], tmp_path_factory.mktemp("gmns")
    names = [str(number + 1) for number in range(network.nodes)]
    links = [f"link {number}" for number in range(network.links)]
    turns = [
        (into, out)
        for into, node in enumerate(network.head.tolist())
        for out in np.flatnonzero(network.tail == node).tolist()
        if node not in network.centroids and (into + out) % 3 == 0
    ]
    made = replace(network, banned_turns=np.array(turns, np.int32).reshape(-1, 2))
    write_gmns(Gmns(made, names, names[: made.zones], links, np.full((made.nodes, 2), np.nan)), folder)

    read = read_gmns(folder)

    assert (read.node_ids, read.link_ids, read.zone_ids) == (names, links, names[: made.zones])
    for name in ("tail", "head", "capacity", "free_flow_time", "b", "power", "length", "toll", "kind", "centroids"):
        assert np.array_equal(getattr(read.network, name), getattr(made, name)), name
    assert set(map(tuple, read.network.banned_turns.tolist())) == set(turns)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("link.csv", "bc,b,c", "bc,b,x", "link.csv line 3, to_node_id: there is no node 'x'"),
        ("link.csv", "30,900", "30,0", "link.csv line 3, capacity: the link carries nothing"),
        ("link.csv", "30,900", "30,many", "link.csv line 3, capacity: 'many' is no number"),
        ("link.csv", "2,30,900", "2,0,900", "link.csv line 3, free_speed: nobody moves at 0"),
        ("link.csv", "2,30,900", "-2,30,900", "link.csv line 3, length: -2 is out of range"),
        ("link.csv", "2,30,900", "nan,30,900", "link.csv line 3, length: nan is out of range"),
        ("link.csv", "db,d,b", "db,a,b", "link.csv line 5, to_node_id: the link in line 2 has the same ends"),
        ("link.csv", "db,d,b", "ab,d,b", "link.csv line 5, link_id: 'ab' is a link already"),
        ("link.csv", "a,b,false", "a,b,perhaps", "link.csv line 2, directed: 'perhaps' is neither"),
        ("link.csv", "from_node_id", "from", "link.csv line 1: there is no column from_node_id"),
        ("link.csv", '"auto,bike"', "auto,bike", "link.csv line 3: it has 11 values for 10 columns"),
        ("node.csv", "b,24.91", "a,24.91", "node.csv line 3, node_id: 'a' is a node already"),
        ("node.csv", "60.1,,\nc", "abc,,\nc", "node.csv line 3, y_coord: 'abc' is no number"),
        ("config.csv", "mph", "knots", "config.csv line 2, speed: 'knots' is no unit"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_field(folder: Path, file: str, old: str, new: str, says: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(NetworkError) as error:
        read_gmns(folder)
    assert says in str(error.value) and error.value.fix


def test_files_that_are_no_network_say_so(folder: Path) -> None:
    (folder / "link.csv").write_bytes(b"link_id,from_node_id,to_node_id\n\xff\xfe")
    with pytest.raises(NetworkError, match="UTF-8"):
        read_gmns(folder)
    (folder / "link.csv").unlink()
    with pytest.raises(NetworkError, match=r"there is no link\.csv"):
        read_gmns(folder)
    with pytest.raises(NetworkError, match="neither a folder nor a zip"):
        read_gmns(folder / "node.csv")


def test_trips_name_their_zones(folder: Path) -> None:
    read = network_from(folder)
    trips = folder / "demand.csv"
    trips.write_text("origin,destination,volume\nWest,East,12.5\nEast,West,3\n")

    assert trips_from(trips, read.zones).matrix(2).tolist() == [[0.0, 3.0], [12.5, 0.0]]

    for row, says in (
        ("West,North,1", "demand.csv line 4, destination: there is no zone 'North'"),
        ("West,East,1", "demand.csv line 4, destination: trips between these zones are given already"),
        ("West,West,-1", "demand.csv line 4, volume: -1 is out of range"),
    ):
        trips.write_text(f"o_zone_id,destination,volume\nWest,East,12.5\nEast,West,3\n{row}\n")
        with pytest.raises(NetworkError) as error:
            trips_from(trips, read.zones)
        assert says in str(error.value)
