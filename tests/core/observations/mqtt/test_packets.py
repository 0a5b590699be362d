"""Packets are cut out of any stream of bytes, and nonsense is told from packets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.observations.mqtt import packets
from talkoot.core.observations.mqtt.packets import Cutter, MalformedError

LIMIT = 1 << 16
topics = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
versions = st.sampled_from([packets.VERSION_3, packets.VERSION_5])


@given(st.lists(st.tuples(topics, st.binary(max_size=300)), max_size=8), versions, st.lists(st.integers(0, 2000)))
def test_however_bytes_arrive_the_same_packets_come_out(
    messages: list[tuple[str, bytes]], version: int, cuts: list[int]
) -> None:
    stream = b"".join(packets.publish(topic, payload, version) for topic, payload in messages)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    cutter = Cutter(LIMIT)
    found = [packet for a, b in itertools.pairwise(places) for packet in cutter.cut(stream[a:b])]
    read = [packets.read_publish(packet, version) for packet in found]
    assert [(message.topic, message.payload) for message in read] == messages
    assert b"".join(packet.raw for packet in found) == stream


@given(st.binary(max_size=400), st.integers(1, 50))
def test_nonsense_ends_in_one_error_and_takes_no_memory(data: bytes, step: int) -> None:
    cutter = Cutter(100)
    try:
        for start in range(0, len(data), step):
            for packet in cutter.cut(data[start : start + step]):
                assert len(packet.body) <= 100
                if packet.type == packets.PUBLISH:
                    packets.read_publish(packet, packets.VERSION_5)
                elif packet.type == packets.CONNECT:
                    packets.read_connect(packet)
    except MalformedError as error:
        assert str(error)


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x30\xff\xff\xff\x7f",  # longer than is taken
    ],
)
def test_a_packet_that_never_ends_is_refused_at_its_head(data: bytes) -> None:
    with pytest.raises(MalformedError):
        list(Cutter(LIMIT).cut(data))


@pytest.mark.parametrize(
    "raw",
    [
        b"\x32\x03\x00\x01a",  # quality of service 1 without its identifier
        b"\x32\x05\x00\x01a\x00\x00",  # the identifier 0
        b"\x36\x05\x00\x01a\x00\x01",  # quality of service 3
        b"\x30\x03\x00\x09a",  # a topic longer than the packet
        b"\x30\x03\x00\x01\xff",  # a topic that is no UTF-8
    ],
)
def test_a_publish_that_is_none_is_refused(raw: bytes) -> None:
    (packet,) = Cutter(LIMIT).cut(raw)
    with pytest.raises(MalformedError):
        packets.read_publish(packet, packets.VERSION_3)


def test_acknowledgements_follow_the_quality_of_service() -> None:
    assert packets.settle([(1, 258), (0, 0), (2, 3)]) == b"\x40\x02\x01\x02\x50\x02\x00\x03"


@given(topics, topics, st.booleans())
def test_a_greeting_reads_as_it_was_written(client_id: str, user: str, clean: bool) -> None:
    (packet,) = Cutter(LIMIT).cut(packets.hello(client_id, user, clean=clean))
    assert packets.read_connect(packet) == packets.Hello(packets.VERSION_3, clean, 0, client_id, user, "")


@pytest.mark.parametrize("cut", range(12, 60, 7))
def test_a_greeting_that_breaks_off_is_refused(cut: int) -> None:
    """A will, a name and a password are announced; wherever they end too early, that is said."""
    whole = b"\x00\x04MQTT\x04\xee\x00\x3c" + b"".join(b"\x00\x09" + bytes([65 + n]) * 9 for n in range(5))
    (packet,) = Cutter(LIMIT).cut(b"\x10" + bytes([len(whole)]) + whole)
    hello = packets.read_connect(packet)
    assert (hello.client_id, hello.user, hello.password) == ("A" * 9, "D" * 9, "E" * 9)
    with pytest.raises(MalformedError):
        packets.read_connect(packet._replace(body=whole[:cut]))
