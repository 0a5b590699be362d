"""Topics are matched as the standard says, and lead to datastreams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from talkoot.core.observations.mqtt.topics import matches, stream_of, told_stream

levels = st.sampled_from(["v1.1", "Things(1)", "Datastreams(7)", "Observations", "name", "a", "+"])
filters = st.lists(levels, min_size=1, max_size=5).map("/".join)


@given(
    st.lists(levels.filter(lambda level: level != "+"), min_size=1, max_size=5).map("/".join), filters, st.booleans()
)
def test_filters_take_what_the_client_library_says_they_take(topic: str, wanted: str, deep: bool) -> None:
    wanted += "/#" if deep else ""
    assert matches(topic, wanted) == topic_matches_sub(wanted, topic)


@pytest.mark.parametrize(
    ("topic", "stream"),
    [
        ("v1.1/Datastreams(7)/Observations", 7),
        ("v1.1/MultiDatastreams(7)/Observations", 7),
        ("v1.1/Observations", 0),
        ("v1.1/Datastreams(0)/Observations", None),
        ("v1.1/Datastreams(7)/Observations/", None),
        ("v1.1/Datastreams(7)/Observations\n", None),
        ("v1.1/Datastreams(7)", None),
        ("v1.0/Datastreams(7)/Observations", None),
        ("v1.1/Datastreams(99999999999999999999)/Observations", None),
    ],
)
def test_readings_are_published_to_two_kinds_of_topics(topic: str, stream: int | None) -> None:
    assert stream_of(topic) == stream


def test_every_topic_below_a_datastream_tells_of_it() -> None:
    assert told_stream("v1.1/Datastreams(7)/name") == told_stream("v1.1/Datastreams(7)") == 7
    assert told_stream("v1.1/Things(7)/name") is None
