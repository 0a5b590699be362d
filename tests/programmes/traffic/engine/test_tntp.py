"""TNTP files: read as published, refused with the line where something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.tntp import read_network, read_trips

NETWORK = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 3
<END OF METADATA>

~ init term capacity length time b power speed toll type ;
 1 3 100 1.5 2 0.15 4 60 0 1 ;
 3 2 100 1.5 0 0.15 4 60 5 1 ;
 2 1 50 2 3 0.15 4 60 0 1;
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 30.0
<END OF METADATA>

Origin 1
 1 : 0.0; 2 : 10.0;
Origin  2
 1 : 20.0;
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A network and its trips."""
    network, trips = tmp_path / "net.tntp", tmp_path / "trips.tntp"
    network.write_text(NETWORK)
    trips.write_text(TRIPS)
    return network, trips


def test_both_are_read(files: tuple[Path, Path]) -> None:
    network = read_network(files[0])
    assert (network.nodes, network.zones, network.links) == (3, 2, 3)
    assert list(zip(network.tail.tolist(), network.head.tolist(), strict=True)) == [(0, 2), (2, 1), (1, 0)]
    assert network.passed.tolist() == [False, False, True]
    assert (network.free_flow_time[1], network.toll[1]) == (0.0, 5.0)
    assert read_trips(files[1], network.zones).matrix(2).tolist() == [[0, 10], [20, 0]]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<NUMBER OF LINKS> 3", "<NUMBER OF LINKS> 4", "it has 3 links, its header says 4"),
        ("<NUMBER OF LINKS> 3\n", "", "<NUMBER OF LINKS> is missing"),
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> two", "<NUMBER OF ZONES> is 'two'"),
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 9", "there are 9 zones and 3 nodes"),
        ("<END OF METADATA>", "", "there is no <END OF METADATA>"),
        (" 1 3 100 1.5 2", " 1 3 100 1.5 two", "line 8 has a value that is no number"),
        (" 1 3 100 1.5 2 0.15 4 60 0 1 ;", " 1 3 100 ;", "line 8 has 3 values"),
        (" 1 3 100", " 1 3 0", r"capacity: is 0 at link 1 \(1 to 3\)"),
        (" 1 3 100", " 1 3 nan", "capacity: is no finite number at link 1"),
        (" 1 3 100", " 1 7 100", "head: is no node at link 1"),
    ],
)
def test_a_wrong_network_is_refused_with_the_place(files: tuple[Path, Path], old: str, new: str, says: str) -> None:
    files[0].write_text(NETWORK.replace(old, new))
    with pytest.raises(NetworkError, match=says):
        read_network(files[0])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2 : 10.0", "2 : 11.0", "the trips add up to 31, its header says 30.0"),
        ("2 : 10.0", "5 : 10.0", "line 6 names zone 5"),
        ("2 : 10.0", "2 = 10.0", "line 6 is not understood: '2 = 10.0'"),
        ("2 : 10.0", "2 : ten", "line 6: 'ten' is no amount"),
        ("Origin 1", "Origin one", "line 5: 'one' is no zone"),
        ("Origin 1\n", "", "line 5 is not understood"),
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 3", "it is of 3 zones, the network has 2"),
    ],
)
def test_wrong_trips_are_refused_with_the_line(files: tuple[Path, Path], old: str, new: str, says: str) -> None:
    files[1].write_text(TRIPS.replace(old, new))
    with pytest.raises(NetworkError, match=says):
        read_trips(files[1], 2)


def test_what_is_no_text_is_refused(files: tuple[Path, Path]) -> None:
    files[0].write_bytes(b"<NUMBER OF ZONES> 2\n\xff")
    with pytest.raises(NetworkError, match="byte 20 is no UTF-8"):
        read_network(files[0])
