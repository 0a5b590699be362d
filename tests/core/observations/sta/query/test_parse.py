"""Expressions, options and paths, read and written."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.observations.sta.query.ast import (
    Arithmetic,
    Comparison,
    Expand,
    Expression,
    Instant,
    Interval,
    Literal,
    Logical,
    Not,
    Options,
    Order,
    Path,
    ResourcePath,
    Step,
)
from talkoot.core.observations.sta.query.options import parse_options, parse_query_string
from talkoot.core.observations.sta.query.parse import parse_filter
from talkoot.core.observations.sta.query.paths import parse_path
from talkoot.core.observations.sta.query.printing import print_expression, print_query_string
from tests.core.observations.sta.query import strategies

NAME, KEY = Path((), "name"), Path((), "id")
NOON = Instant(1_767_268_800_000_000)


def equal(path: Path, value: object) -> Comparison:
    """Return `path eq value`."""
    return Comparison("eq", path, Literal(value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("name eq 'O''Hara'", equal(NAME, "O'Hara")),
        ("@iot.id eq 5", equal(KEY, 5)),
        ("not name eq 'a'", Not(equal(NAME, "a"))),
        (
            "id eq 1 or id eq 2 and id eq 3",
            Logical("or", (equal(KEY, 1), Logical("and", (equal(KEY, 2), equal(KEY, 3))))),
        ),
        (
            "(id eq 1 and id eq 2) and (id eq 3 and id eq 4)",
            Logical("and", tuple(equal(KEY, number) for number in (1, 2, 3, 4))),
        ),
        (
            "id add 1 mul 2 sub 3 eq -4.5",
            Comparison(
                "eq",
                Arithmetic("sub", Arithmetic("add", KEY, Arithmetic("mul", Literal(1), Literal(2))), Literal(3)),
                Literal(-4.5),
            ),
        ),
        (
            "id gt 1 eq true",
            Comparison("eq", Comparison("gt", KEY, Literal(1)), Literal(True)),
        ),
        ("Datastreams/Sensor/metadata/a-b eq null", equal(Path(("Datastreams", "Sensor"), "metadata", ("a-b",)), None)),
    ],
)
def test_operators_bind_as_in_odata(text: str, tree: Expression) -> None:
    assert parse_filter(text, "Thing") == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-01T12:00:00Z", NOON),
        ("2026-01-01T14:00:00+02:00", Instant(NOON.us, 120)),
        ("2026-01-01T14:00:00 02:00", Instant(NOON.us, 120)),
        ("2026-01-01T12:00", NOON),
        ("'2026-01-01T12:00:00Z'", NOON),
        ("2026-01-01", Instant(NOON.us - 12 * 3_600_000_000)),
        ("2026-01-01T12:00:00.000001Z", Instant(NOON.us + 1)),
        ("2026-01-01T12:00:00Z/2026-01-01T12:00:01Z", Interval(NOON, Instant(NOON.us + 1_000_000))),
        ("2026-01-01T12:00:00Z/PT1.5S", Interval(NOON, Instant(NOON.us + 1_500_000))),
    ],
)
def test_times(text: str, value: Instant | Interval) -> None:
    assert parse_filter(f"time gt {text}", "HistoricalLocation") == Comparison("gt", Path((), "time"), Literal(value))


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 1, "is expected"),
        ("name", 1, "a filter takes boolean"),
        ("name eq", 8, "but the option ends"),
        ("name eq 'a", 9, "never closed"),
        ("name eq 'a')", 12, "not “)”"),
        ("(name eq 'a'", 13, "but the option ends"),
        ("nme eq 'a'", 1, "Thing has no property “nme”"),
        ("name gt 1", 6, "does not compare text and number"),
        ("id add 'a' eq 1", 4, "add does not take number and text"),
        ("lower(name) eq 'a'", 1, "no property “lower”"),
        ("length(name,name) eq 1", 1, "takes 1 values, not 2"),
        ("length(id) eq 1", 8, "length takes text, not number"),
        ("Datastreams eq 1", 1, "is no value"),
        ("name/x eq 1", 1, "nothing below name"),
        ("id in (1,name)", 10, "takes only values"),
        ("id eq 1e999", 7, "too large"),
        ("id eq 1.2.3", 7, "not understood"),
        ("id eq " + "9" * 50, 7, "more than 40 digits"),
        ("name eq '\0'", 10, "U+0000"),
        ("name eq '\ud800'", 10, "U+D800"),
        ("id eq 1 & id eq 2", 9, "not understood"),
        ("st_within(Locations/location,geography'POINT (1)')", 30, "well-known text"),
        ("st_within(Locations/location,geography'POLYGON ((0 0,1 1,1 0,0 1,0 0))')", 30, "broken"),
        ("st_within(Locations/location,geography'POINT EMPTY')", 30, "empty"),
        ("st_relate(Locations/location,Locations/location,'T')", 49, "pattern"),
        ("HistoricalLocations/time gt 2026-13-01T00:00:00Z", 29, "no moment"),
        ("HistoricalLocations/time gt 2026-02-01T00:00:00Z/2026-01-01T00:00:00Z", 29, "ends before"),
        ("HistoricalLocations/time gt 9999-12-31T00:00:00Z/P2D", 29, "after the year 9999"),
        ("HistoricalLocations/time add duration'P1Y' gt now()", 30, "no duration"),
        ("Datastreams/Thing/" * 10 + "name eq 'a'", 55, "deeper"),
    ],
)
def test_faults_are_told_with_their_place(text: str, at: int, message: str) -> None:
    with pytest.raises(InvalidError) as raised:
        parse_filter(text, "Thing")
    [problem] = raised.value.problems
    assert problem.field == "$filter"
    assert problem.message.startswith(f"At character {at}: ")
    assert message in problem.message
    assert problem.fix


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["id eq 1"] * 10_000),
        " or ".join(["id eq 1"] * 1_000),
        "id in (" + ",".join(["1"] * 40_000) + ")",
        "(" * 50_000,
        "(" * 41 + "true" + ")" * 41,
        "not " * 20_000 + "true",
        "-" * 50_000 + "1 eq 1",
        "concat(" * 10_000,
        "1" + " add 1" * 100 + " eq 1",
        "id eq " + "1" * 90_000,
        "'" + "''" * 49_000,
        "name eq 'x'" + " " * 90_000 + "y",
        "geography'" + "(" * 90_000 + "'",
        "geo.length(geography'GEOMETRYCOLLECTION" + "(GEOMETRYCOLLECTION" * 4_000 + "')",
        "Datastreams/Thing/" * 5_000,
        "properties" + "/a" * 40_000,
        "x" * 1_000_000,
    ],
    ids=range(17),
)
def test_too_much_is_refused_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(InvalidError):
        parse_filter(text, "Thing")
    assert time.process_time() - begun < 1


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary().map(lambda noise: noise.decode("latin-1"))))
def test_noise_is_refused_or_read(noise: str) -> None:
    for option in ("$filter", "$orderby", "$select", "$expand", "$top", "$count", "$resultFormat", noise):
        try:
            parse_options([(option, noise)], "Thing")
        except InvalidError as error:
            assert all(problem.fix for problem in error.problems)
    with suppress(InvalidError, NotFoundError):
        parse_path(noise)


FRAGMENTS = st.lists(
    st.one_of(
        st.sampled_from("(),/';=[]-*1"),
        st.sampled_from(["and", "or", "not", "eq", "in", "add", "null", "now()", "date(", "$filter=", "$expand="]),
        st.sampled_from(["name", "id", "properties", "Datastreams", "'a'", "2026-01-01", "2026-01-01T00:00:00Z"]),
        st.sampled_from(["duration'PT1H'", "geography'POINT(1 2)'"]),
    ),
    max_size=12,
).map(" ".join)


@settings(max_examples=500, deadline=None)
@given(FRAGMENTS)
def test_fragments_are_refused_or_read(text: str) -> None:
    for option in ("$filter", "$orderby", "$select", "$expand"):
        try:
            read = parse_options([(option, text)], "Thing")
        except InvalidError:
            continue
        assert parse_query_string(print_query_string(read), "Thing") == read


@settings(max_examples=200, deadline=None)
@given(strategies.conditions())
def test_what_is_written_is_read_the_same(tree: Expression) -> None:
    assert parse_filter(print_expression(tree), "Thing") == tree


@settings(max_examples=150, deadline=None)
@given(strategies.about_time_and_place())
def test_times_and_places_are_written_as_they_are_read(tree: Expression) -> None:
    assert parse_filter(print_expression(tree), "Observation") == tree


@settings(max_examples=100, deadline=None)
@given(strategies.options("Thing"))
def test_options_survive_an_address(options: Options) -> None:
    assert parse_query_string(print_query_string(options), "Thing") == options


def test_options() -> None:
    query = (
        "$expand=Datastreams/Observations,Locations($select=name;$top=2;$expand=Things($count=true))"
        "&$orderby=name%20desc,properties/a,id+asc&$select=@iot.id,properties/a,Datastreams"
        "&$top=10&$skip=0&$count=false&$resultFormat=dataArray&token=%24&$filter=name%20eq%20'a%26b%2Bc'"
    )
    things = Expand("Things", Options(count=True))
    assert parse_query_string(query, "Thing") == Options(
        filter=equal(NAME, "a&b+c"),
        orderby=(Order(NAME, True), Order(Path((), "properties", ("a",))), Order(KEY)),
        select=(("id",), ("properties", "a"), ("Datastreams",)),
        expand=(
            Expand("Datastreams", Options(expand=(Expand("Observations", Options()),))),
            Expand("Locations", Options(select=(("name",),), top=2, expand=(things,))),
        ),
        top=10,
        skip=0,
        count=False,
        result_format="dataArray",
    )


def test_one_property_expanded_in_two_places_is_expanded_once() -> None:
    read = parse_query_string("$expand=Datastreams/Sensor,Datastreams($top=1),Datastreams/Thing", "Thing")
    inner = (Expand("Sensor", Options()), Expand("Thing", Options()))
    assert read.expand == (Expand("Datastreams", Options(top=1, expand=inner)),)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("$foo=1", r"\$foo: At character 1: there is no query option"),
        ("$top=1&$top=2", "given twice"),
        ("$top=-1", "no whole number"),
        ("$top=1.5", "no whole number"),
        ("$top=" + "9" * 30, "no whole number"),
        ("$count=yes", "true or false"),
        ("$resultFormat=xml", "dataArray"),
        ("$select=nme", "no property"),
        ("$expand=name", "to expand"),
        ("$expand=Datastreams($top=1,$skip=2)", "is expected"),
        ("$expand=Datastreams($top=1", "but the option ends"),
        ("$expand=Datastreams($filter=nme eq 1)", "At character 21: Datastream has no property"),
        ("$expand=Datastreams($top=1),Datastreams($top=2)", "different options"),
        ("$expand=" + "Datastreams($expand=Thing($expand=" * 10, "deeper than 6"),
        ("$expand=" + "/".join(["Datastreams/Thing"] * 10), "deeper than 6"),
        ("$expand=" + ",".join(["Datastreams"] * 101), "more than 100"),
        ("$orderby=Datastreams/name", "several"),
        ("&".join(f"a{number}=1" for number in range(101)), "more than 100"),
    ],
)
def test_faulty_options(query: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        parse_query_string(query, "Thing")


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("Things", ResourcePath((Step("Things"),), "Thing", True)),
        ("/Things(1)/", ResourcePath((Step("Things", 1),), "Thing", False)),
        ("Things(-1)", ResourcePath((Step("Things", -1),), "Thing", False)),
        (
            "Things(1)/Datastreams(2)/Observations",
            ResourcePath((Step("Things", 1), Step("Datastreams", 2), Step("Observations")), "Observation", True),
        ),
        (
            "Datastreams(1)/Thing/Locations/$ref",
            ResourcePath((Step("Datastreams", 1), Step("Thing"), Step("Locations")), "Location", True, suffix="$ref"),
        ),
        ("Things(1)/@iot.id", ResourcePath((Step("Things", 1),), "Thing", False, ("id",))),
        (
            "Datastreams(1)/unitOfMeasurement/name/$value",
            ResourcePath(
                (Step("Datastreams", 1),), "Datastream", False, ("unitOfMeasurement", "name"), suffix="$value"
            ),
        ),
        ("Things/$count", ResourcePath((Step("Things"),), "Thing", True, suffix="$count")),
    ],
)
def test_paths(path: str, read: ResourcePath) -> None:
    assert parse_path(path) == read


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("", NotFoundError),
        ("Foo", NotFoundError),
        ("Thing(1)", NotFoundError),
        ("Things/Datastreams", NotFoundError),
        ("Things(1)/Sensor", NotFoundError),
        ("Things(1)/name/x", NotFoundError),
        ("Things(1)/$value", NotFoundError),
        ("Things(1)/name/$ref", NotFoundError),
        ("Things(1)/$count", NotFoundError),
        ("Things(99999999999999999999)", NotFoundError),
        ("Things('a')", InvalidError),
        ("Things(1", InvalidError),
        ("Things(1)/Datastreams(1)(2)", InvalidError),
        ("Datastreams(1)/Thing(2)", InvalidError),
        ("Things(1)" + "/a" * 30, InvalidError),
        ("x" * 100_000, InvalidError),
    ],
)
def test_paths_that_lead_nowhere(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_path(path)
