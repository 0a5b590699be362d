"""Networks, trips and counts that are sent in: what is read of them, and that nothing of a bad one is kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from talkoot.core.base import lake
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotAllowedError, NotFoundError
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import State
from talkoot.programmes.traffic import personal, uploads
from talkoot.programmes.traffic.models import TrafficInput
from talkoot.programmes.traffic.services import ask_for_model

pytestmark = pytest.mark.django_db

NETWORK = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 1
<NUMBER OF LINKS> 4
<END OF METADATA>
~ tail head capacity length time b power speed toll type
1 3 1000 1.0 2.0 0.15 4 30 0 1 ;
3 2 1000 2.0 4.0 0.15 4 30 0 1 ;
2 3 1000 2.0 4.0 0.15 4 30 0 1 ;
3 1 1000 1.0 2.0 0.15 4 30 0 1 ;
"""
NODES = "Node\tX\tY\t;\n1\t24.93\t60.16\t;\n2\t24.95\t60.17\t;\n3\t24.94\t60.165\t;\n"
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 500.0
<END OF METADATA>
Origin 1
2 : 300.0;
Origin 2
1 : 200.0;
"""
COUNTS = "from,to,hour,count,sd\n1,3,8,310,\n3,2,8,290,12\n"


def zipped(**members: str) -> bytes:
    """Return a zip with these members; in their names __ stands for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return packed.getvalue()


def sent(actor: Actor, kind: str, file_name: str, content: str | bytes, **more: str) -> TrafficInput:
    """Send a file in."""
    raw = content if isinstance(content, bytes) else content.encode()
    return uploads.upload(actor, kind, "Test", file_name, io.BytesIO(raw), **more)


@pytest.fixture
def planner(actor_with: Callable[..., Actor]) -> Actor:
    """A planner."""
    return actor_with("planner")


def kept() -> Iterator[str]:
    """Return what the lake holds."""
    return lake.lake().files()


def test_a_network_is_read_with_its_places_and_lengths(planner: Actor, lake: Path) -> None:
    packed = zipped(a_net__tntp=NETWORK, a_node__tntp=NODES)
    made = sent(planner, "network", "../x/My city.zip", packed, length_unit="mi")
    assert made.summary == {"links": 4, "nodes": 3, "zones": 2, "km": 9.7, "placed": True}
    assert made.file_name == "My-city.zip" and made.author == planner.account and list(kept()) == [made.path]
    read = uploads.network_of(uploads.find(made.uid))
    assert read.names == ["1-3", "3-2", "2-3", "3-1"] and read.length_m[0] == pytest.approx(1609.344)
    assert list(read.shapes[0].coords) == [(24.93, 60.16), (24.94, 60.165)]
    plain = uploads.network_of(sent(planner, "network", "net.tntp", NETWORK))
    assert not plain.is_placed and plain.shapes.tolist() == [None] * 4 and plain.length_m[1] == 2000


@pytest.mark.django_db(databases="__all__")
def test_a_network_in_gmns_is_read_and_modelled(planner: Actor) -> None:
    """West is one zone with two nodes; lengths are said in miles by the files themselves."""
    places = "a,24.93,60.16,West\nb,24.931,60.16,West\nc,24.94,60.165,\nd,24.95,60.17,East\n"
    nodes = f"node_id,x_coord,y_coord,zone_id\n{places}"
    links = "link_id,from_node_id,to_node_id,directed,length,free_speed,capacity\n"
    rows = "1,a,c,false,1,30,1000\n2,c,d,false,2,30,1000\n3,b,c,false,2,30,1000\n"
    packed = zipped(node__csv=nodes, link__csv=links + rows, config__csv="long_length,speed\nmi,mph\n")
    network = sent(planner, "network", "city.zip", packed)
    trips = sent(planner, "trips", "trips.tntp", TRIPS)

    assert (network.summary["zones"], network.summary["km"], network.summary["placed"]) == (2, 16.1, True)
    assert "a-c" in uploads.network_of(network).names
    run = finish_run(ask_for_model(planner, {"network": str(network.uid), "trips": str(trips.uid), "hours": [16]}))
    assert run.state == State.SUCCEEDED, run.error
    assert run.summary["vehicle_km"] == pytest.approx(500 * 3 * 1.609344, rel=0.01)


def test_trips_and_counts_are_read(planner: Actor) -> None:
    trips = sent(planner, "trips", "trips.tntp", TRIPS)
    assert trips.summary == {"zones": 2, "pairs": 2, "vehicles": 500.0}
    assert uploads.trips_of(trips, 2).vehicles.tolist() == [300.0, 200.0]
    with pytest.raises(InvalidError, match="it is of 2 zones, the network has 3"):
        uploads.trips_of(trips, 3)
    counts = sent(planner, "counts", "counts.csv", COUNTS)
    assert counts.summary == {"counts": 2, "links": 2, "hours": [8]}
    first, second = uploads.counters_of(counts)
    assert (first.road, first.flow[8], first.sd[8], second.sd[8]) == ("1-3", 310, pytest.approx(15.5), 12)
    assert first.flow[7] != first.flow[7]


@pytest.mark.parametrize(
    ("kind", "file_name", "content", "words"),
    [
        ("network", "a.csv", "x", "Send one of: .tntp, .zip"),
        ("network", "a.tntp", "", "The file is empty"),
        ("network", "a.tntp", NETWORK.replace("1 3 1000", "1 3 -5"), "capacity: is negative at link 1"),
        ("network", "a.tntp", NETWORK.replace("3 2 1000 2.0", "3 2 1000 x"), "line 8 has a value that is no number"),
        ("network", "a.zip", "PK", "no zip that can be unpacked"),
        ("network", "a.zip", zipped(readme__txt="x"), "no file in it ends with net.tntp"),
        ("network", "a.zip", zipped(net__tntp=NETWORK, b_net__tntp=NETWORK), "2 files end with net.tntp"),
        (
            "network",
            "a.zip",
            zipped(net__tntp=NETWORK, node__tntp=NODES.replace("24.93", "681234")),
            "line 2 is at 681234, 60.16, which are no degrees",
        ),
        ("network", "a.zip", zipped(net__tntp=NETWORK, node__tntp="Node X Y\n1 24 60;\n"), "node 2 has no place"),
        ("network", "a.zip", zipped(net__tntp=NETWORK, node__tntp="9 24 60;\n"), "line 1 names node 9"),
        ("trips", "a.tntp", TRIPS.replace("2 : 300", "5 : 300"), "line 5 names zone 5"),
        ("trips", "a.tntp", TRIPS.replace("<TOTAL OD FLOW> 500", "<TOTAL OD FLOW> 900"), "add up to 500"),
        ("counts", "a.csv", "road,hour,count\n", "line 1 has no column link"),
        ("counts", "a.csv", "link,hour,count\n", "it has no rows"),
        ("counts", "a.csv", "link,hour,count\na,8,many\n", "line 2: count is 'many'"),
        ("counts", "a.csv", "link,hour,count\na,24,5\n", "hour 24 is none"),
        ("counts", "a.csv", "link,hour,count\na,8,-1\n", "count is -1"),
        ("counts", "a.csv", "link,hour,count\na,8,nan\n", "count is nan"),
        ("counts", "a.csv", "link,hour,count\na,8,1\na,8,2\n", "line 3 counts link a at hour 8 again"),
        ("counts", "a.csv", "link,hour,count\n,8,1\n", "line 2 names no link"),
        ("counts", "a.csv", "link,hour,count,sd\na,8,1,0\n", "sd is 0"),
        ("counts", "a.csv", b"link,hour,count\n\xff,8,1\n", "byte 16 is no UTF-8"),
    ],
)
def test_a_bad_file_is_told_by_line_and_nothing_of_it_is_kept(
    planner: Actor, kind: str, file_name: str, content: str | bytes, words: str
) -> None:
    with pytest.raises(InvalidError) as error:
        sent(planner, kind, file_name, content)
    [problem] = error.value.problems
    assert problem.field == "file" and words in f"{problem.message} {problem.fix}" and problem.fix
    assert not TrafficInput.objects.exists() and not list(kept())


def test_a_file_too_large_and_a_zip_that_unpacks_too_far_are_refused(
    planner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 100)
    with pytest.raises(InvalidError, match="larger than"):
        sent(planner, "network", "a.tntp", NETWORK)
    monkeypatch.setattr(uploads, "MOST_BYTES", 10_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net.tntp", b" " * 61_000_000)
    with pytest.raises(InvalidError, match="unpacks to more than 60 MB"):
        sent(planner, "network", "a.zip", packed.getvalue())
    assert not list(kept())


def test_what_cannot_be_entered_leaves_no_file(planner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(TrafficInput.objects, "create", fails)
    with pytest.raises(RuntimeError):
        sent(planner, "counts", "a.csv", COUNTS)
    assert not list(kept())


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_is_gone_from_the_lake_too(planner: Actor) -> None:
    made = sent(planner, "counts", "a.csv", COUNTS)
    uploads.delete_input(planner, made)
    assert not list(kept())
    with pytest.raises(NotFoundError):
        uploads.find(made.path)


@pytest.mark.parametrize("roles", [(), ("register_editor",)])
def test_only_planners_send_in_and_delete(
    planner: Actor, actor_with: Callable[..., Actor], roles: tuple[str, ...]
) -> None:
    made, other = sent(planner, "counts", "a.csv", COUNTS), actor_with(*roles)
    with pytest.raises(NotAllowedError):
        sent(other, "counts", "a.csv", COUNTS)
    with pytest.raises(NotAllowedError):
        uploads.delete_input(other, made)
    assert TrafficInput.objects.get() == made


def test_who_sent_it_in_is_told_to_them_and_can_be_erased(planner: Actor) -> None:
    made = sent(planner, "counts", "a.csv", COUNTS)
    [told] = personal.export(planner.account_uid)
    assert (told["input"], told["kind"], told["name"]) == (str(made.uid), "counts", "Test")
    assert personal.erase(planner.account_uid) == 1 and personal.export(planner.account_uid) == []
    assert TrafficInput.objects.get().author is None
