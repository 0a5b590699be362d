"""Filters and orders of observations: what the store is asked, and masks over its readings."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.query.arrays import TURNED
from talkoot.core.observations.sta.query.ast import Comparison, Expression, Instant, Literal, Path
from talkoot.core.observations.sta.query.options import parse_options
from talkoot.core.observations.sta.query.parse import parse_filter
from talkoot.core.observations.sta.query.printing import print_expression
from talkoot.core.observations.sta.query.reading_filter import Reach, ReadingFilter, order_of, reach_of
from talkoot.core.observations.store.batch import ID_BITS, MAX_TIME, MIN_TIME, Batch, Readings
from talkoot.core.observations.store.ranges import Range
from tests.core.observations.sta.query.conftest import City
from tests.core.observations.sta.query.plain import holds
from tests.core.observations.sta.query.strategies import joined

VISITOR = Actor()
DAY = 86_400_000_000
START = int(datetime(2026, 3, 1, 6, tzinfo=UTC).timestamp()) * 1_000_000
# Of each reading: its stream, its time in days, its result time in days (0: none), result, what is rare.
ROWS: list[tuple[str, float, float, Any, dict[str, Any]]] = [
    ("r", 0, 0, 19.5, {}),
    ("r", 1, 1.5, 20.5, {"end": START + 2 * DAY, "quality": "good"}),
    ("r", 2, 0, "broken", {"parameters": {"by": "hand", "depth": 3}}),
    ("s", 0, 0, 40, {"valid": [START, START + DAY]}),
    ("s", 3, 3, 60.25, {"feature": "g"}),
    ("s", 4, 0, True, {"parameters": {"depth": 7.5}}),
    ("u", 5, 0, [1, "wet"], {}),
    ("u", 6, 0, None, {"quality": {"code": 7}}),
]


def readings_of(city: City) -> Readings:
    """Return the rows as the store gives them; their numbers are 1, 2, 3 and so on."""
    more, values = [], []
    for _, _, _, result, rare in ROWS:
        number = isinstance(result, int | float) and not isinstance(result, bool)
        values.append(result if number else math.nan)
        told = dict(rare) if number or result is None else {**rare, "result": result}
        if "feature" in told:
            told["feature"] = city.rows[told["feature"]].pk
        more.append(json.dumps(told) if told else None)
    batch = Batch.of(
        [city.rows[stream].pk for stream, *_ in ROWS],
        [START + int(days * DAY) for _, days, *_ in ROWS],
        values,
        rt=[START + int(days * DAY) if days else 0 for _, _, days, *_ in ROWS],
        more=more,
    )
    return Readings(batch.stream, batch.t, batch.rt, batch.value, batch.flag, batch.more, np.arange(1, len(ROWS) + 1))


def chosen(city: City, text: str, actor: Actor = VISITOR) -> str:
    """Return the numbers of the readings that a filter selects, once its reach is kept to."""
    readings = readings_of(city)
    wanted = ReadingFilter(parse_filter(text, "Observation"), actor)
    reach = wanted.reach
    within = (readings.t >= reach.start) & (readings.t < reach.end)
    if reach.streams is not None:
        within &= np.isin(readings.stream, list(reach.streams))
    return "".join(map(str, readings.take(within & wanted.matches(readings)).n.tolist()))


FILTERS = [
    ("result gt 20", "245"),
    ("result lt 20.0", "1"),
    ("result eq 'broken'", "3"),
    ("result ne 40", "1235678"),
    ("result eq true", "6"),
    ("result eq null", "8"),
    ("not (result gt 20)", "13678"),
    ("result/0 eq 1 and result[1] eq 'wet'", "7"),
    ("result mul 2 add 1 eq 40", "1"),
    ("startswith(result,'bro')", "3"),
    ("not startswith(result,'x')", "3"),
    ("round(result) eq 21 or result mod 60 eq 0.25", "25"),
    ("phenomenonTime lt 2026-03-02T06:00:00Z", "14"),
    ("phenomenonTime le 2026-03-02T06:00:00Z", "14"),
    ("phenomenonTime le 2026-03-03T06:00:00Z", "1234"),
    ("phenomenonTime eq 2026-03-02T06:00:00Z/P1D", "2"),
    ("phenomenonTime eq 2026-03-03T08:00:00+02:00", "3"),
    ("phenomenonTime gt 2026-03-02T00:00:00Z/2026-03-04T00:00:00Z", "5678"),
    ("phenomenonTime ge 2026-03-04 and phenomenonTime lt '2026-03-06T00:00:00Z'", "56"),
    ("2026-03-06T00:00:00Z lt phenomenonTime", "78"),
    ("day(phenomenonTime) eq 1 and hour(phenomenonTime) eq 6", "14"),
    ("date(phenomenonTime) eq 2026-03-05", "6"),
    ("phenomenonTime add duration'P1D' gt 2026-03-07T00:00:00Z", "78"),
    ("phenomenonTime lt now() sub duration'PT1S'", "12345678"),
    ("resultTime ne null", "25"),
    ("resultTime gt phenomenonTime", ""),
    ("resultTime sub phenomenonTime eq duration'P0D'", "5"),
    ("resultTime eq 2026-03-02T18:00:00Z", "2"),
    ("validTime ge 2026-03-01T00:00:00Z", "4"),
    ("resultQuality eq 'good' or resultQuality/code eq 7", "28"),
    ("parameters/depth gt 2", "36"),
    ("contains(parameters/by,'an')", "3"),
    ("id gt 0 and id lt 1", ""),
    ("Datastream/name eq 'air'", "123"),
    ("Datastream/Thing/name eq 'Lampa B' and result gt 50", "5"),
    ("Datastream/Thing/Locations/id gt 0 and result gt 50", "5"),
    ("Datastream/name eq 'both'", ""),
    ("MultiDatastream/name eq 'both'", "78"),
    ("MultiDatastream/ObservedProperties/definition eq 'ucum:%'", "78"),
    ("not (Datastream/name eq 'air')", "45678"),
    ("Datastream/name eq 'air' or result eq 60.25", "1235"),
    ("Datastream/name eq 'air' or Datastream/name eq 'damp'", "123456"),
    ("result gt Datastream/properties/limit", "25"),
    ("result gt Datastream/properties/limit sub 15", "1245"),
    ("Datastream/id eq null", ""),
    ("FeatureOfInterest/name eq 'Vesi'", "5"),
    ("FeatureOfInterest/name eq 'Ilma'", "46"),
    ("FeatureOfInterest/id eq null", ""),
    ("st_within(FeatureOfInterest/feature,geography'POLYGON ((24 60,25 60,25 61,24 61,24 60))') and result gt 1", "4"),
    ("Datastream/name eq 'secret'", ""),
]


def test_filters_select_the_readings_that_the_standard_says(city: City) -> None:
    wrong = {text: selected for text, rows in FILTERS if (selected := chosen(city, text)) != rows}
    assert not wrong


def test_a_reading_is_found_by_its_identifier_alone(city: City) -> None:
    stream = city.rows["s"].pk
    key = stream << ID_BITS | 5
    assert chosen(city, f"id eq {key}") == "5"
    assert chosen(city, f"id in ({key},{key + 1},7)") == "56"
    assert reach_of(parse_filter(f"id eq {key}", "Observation")).streams == {stream}


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("phenomenonTime ge 1970-01-01T00:00:01Z", Reach(None, 1_000_000)),
        ("1970-01-01T00:00:01Z lt phenomenonTime", Reach(None, 1_000_001)),
        ("phenomenonTime lt 1970-01-01T00:00:01Z and result gt 5", Reach(None, MIN_TIME, 1_000_000, Range(5.0))),
        ("result ge 5 and 7.5 ge result", Reach(values=Range(5.0, 7.5))),
        ("result eq 1 or result lt -2", Reach(values=Range(high=1.0))),
        ("result gt 5 or resultTime ge 1970-01-01", Reach()),
        ("not (result gt 5)", Reach()),
        ("result gt 'a'", Reach()),
        ("phenomenonTime le 1970-01-01T00:00:01Z", Reach(None, MIN_TIME, 1_000_001)),
        ("phenomenonTime eq 1970-01-01", Reach(None, 0, 1)),
        ("phenomenonTime gt 1970-01-01T00:00:00Z/PT1S", Reach(None, 1_000_001)),
        ("phenomenonTime ge 1970-01-01 or phenomenonTime ge 1970-01-02", Reach(None, 0)),
        ("not (phenomenonTime ge 1970-01-01)", Reach()),
        ("phenomenonTime ne 1970-01-01", Reach()),
        ("resultTime ge 1970-01-01", Reach()),
    ],
)
def test_the_store_is_asked_for_no_more_than_can_match(text: str, reach: Reach) -> None:
    assert reach_of(parse_filter(text, "Observation")) == reach


def test_what_the_reach_says_is_not_asked_again(city: City) -> None:
    whole = ReadingFilter(
        parse_filter("Datastream/name eq 'air' and phenomenonTime ge 2026-03-02", "Observation"), VISITOR
    )
    assert whole.rest is None
    assert whole.reach == Reach(frozenset({city.rows["r"].pk}), START + DAY - DAY // 4, MAX_TIME)
    some = ReadingFilter(parse_filter("Datastream/name eq 'air' and result gt 1", "Observation"), VISITOR)
    assert some.rest == parse_filter("result gt 1", "Observation")


def test_a_private_datastream_is_found_by_those_who_see_it(city: City) -> None:
    wanted = ReadingFilter(parse_filter("Datastream/name eq 'secret'", "Observation"), operator())
    assert wanted.reach.streams == {city.rows["t"].pk}


def test_an_observation_is_not_compared_with_several(city: City) -> None:
    wanted = ReadingFilter(parse_filter("result gt Datastream/Thing/Locations/properties/pier", "Observation"), VISITOR)
    with pytest.raises(InvalidError, match="At character 11: an observation cannot be compared with one of several"):
        wanted.matches(readings_of(city))


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("phenomenonTime", "14235678"),
        ("phenomenonTime desc,id", "87653214"),
        ("result", "67831245"),
        ("result desc,id", "54213678"),
        ("resultTime desc,id", "52134678"),
        ("Datastream/name,phenomenonTime desc", "87321654"),
        ("parameters/depth desc,id", "63124578"),
    ],
)
def test_orders(city: City, order: str, numbers: str) -> None:
    readings = readings_of(city)
    options = parse_options([("$orderby", order)], "Observation")
    found = readings.take(order_of(readings, options.orderby, VISITOR))
    assert "".join(map(str, found.n.tolist())) == numbers


def test_a_geometry_orders_nothing(city: City) -> None:
    options = parse_options([("$orderby", "FeatureOfInterest/feature")], "Observation")
    with pytest.raises(InvalidError, match="geometry"):
        order_of(readings_of(city), options.orderby, VISITOR)


WORDS = st.sampled_from(list(TURNED))
RESULTS = st.sampled_from([19.5, 20, 40, "broken", "a", True, None]).map(Literal)
ATOMS = st.one_of(
    st.builds(Comparison, WORDS, st.just(Path((), "result")), RESULTS),
    st.builds(
        Comparison,
        WORDS,
        st.just(Path((), "phenomenonTime")),
        st.integers(0, 12).map(lambda halves: Literal(Instant(START + halves * DAY // 2))),
    ),
    st.builds(
        Comparison, WORDS, st.just(Path(("Datastream",), "name")), st.sampled_from(["air", "damp", "b"]).map(Literal)
    ),
    st.builds(Comparison, WORDS, st.just(Path((), "parameters", ("depth",))), st.sampled_from([3, 5]).map(Literal)),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.builds(joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
    max_leaves=6,
)


def test_masks_select_what_a_filter_means(city: City) -> None:
    names = {"r": "air", "s": "damp"}
    rows = [
        {
            "id": place + 1,
            "result": result,
            "phenomenonTime": (START + int(days * DAY), rare.get("end", START + int(days * DAY))),
            "parameters": rare.get("parameters"),
            "Datastream": [{"name": names[stream]}] if stream in names else [],
        }
        for place, (stream, days, _, result, rare) in enumerate(ROWS)
    ]

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(CONDITIONS)
    def agree(node: Expression) -> None:
        meant = "".join(str(row["id"]) for row in rows if holds(node, row))
        assert chosen(city, print_expression(node)) == meant, print_expression(node)

    agree()
