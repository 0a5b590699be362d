"""Any expressions, query options and values, well-typed for the entity they are asked of."""

from __future__ import annotations

import shapely
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from talkoot.core.observations.sta.query.ast import (
    Arithmetic,
    Call,
    Comparison,
    Duration,
    Expand,
    Expression,
    Geography,
    Instant,
    Interval,
    Literal,
    Logical,
    Membership,
    Negative,
    Not,
    Options,
    Order,
    Path,
)
from talkoot.core.observations.sta.query.schema import ENTITIES, ID

SIGNS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
WORDS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
REAL = st.integers(-40, 40).map(lambda number: number / 2)
NUMBERS = st.one_of(st.integers(-20, 20), REAL).map(Literal)
TEXTS = st.one_of(st.sampled_from(["", "a", "led", "Lampa B", "tall", "Älä"]), SIGNS).map(Literal)
INSTANTS = st.builds(Instant, st.integers(-(10**15), 10**16), st.sampled_from([0, 0, 120, -300, 765]))
MOMENTS = st.one_of(
    INSTANTS, st.builds(lambda start, us: Interval(start, Instant(start.us + us)), INSTANTS, st.integers(0, 10**13))
).map(Literal)
DURATIONS = st.integers(-(10**14), 10**14).map(Duration).map(Literal)
PLACES = st.builds(
    lambda x, y, side: Literal(Geography(shapely.to_wkt(shapely.box(x, y, x + side, y + side), rounding_precision=-1))),
    st.floats(24, 25),
    st.floats(60, 61),
    st.floats(0.001, 1),
)
TREE_NUMBERS = st.sampled_from(
    [Path((), "properties", ("height_m",)), Path((), ID), Path((), "properties", ("list", "0"))]
)
TREE_TEXTS = st.sampled_from([Path((), "name"), Path((), "description"), Path((), "properties", ("lamp_type",))])
ANY_JSON = st.sampled_from(
    [Path((), "properties", keys) for keys in (("height_m",), ("on",), ("use",), ("deep", "a"), ("deep", "a", "b"))]
)


def numbers() -> SearchStrategy[Expression]:
    """Return expressions that give numbers (or JSON that may be one) for a Thing."""
    return st.recursive(
        st.one_of(NUMBERS, TREE_NUMBERS),
        lambda inner: st.one_of(
            st.builds(Arithmetic, st.sampled_from(["add", "sub", "mul", "div", "mod"]), inner, inner),
            st.builds(Negative, TREE_NUMBERS),
            st.builds(lambda name, one: Call(name, (one,)), st.sampled_from(["round", "floor", "ceiling"]), inner),
            st.builds(lambda text: Call("length", (text,)), TREE_TEXTS),
            st.builds(lambda text, part: Call("indexof", (text, part)), TREE_TEXTS, TEXTS),
        ),
        max_leaves=4,
    )


def texts() -> SearchStrategy[Expression]:
    """Return expressions that give texts (or JSON that may be one) for a Thing."""
    return st.recursive(
        st.one_of(TEXTS, TREE_TEXTS),
        lambda inner: st.one_of(
            st.builds(lambda name, one: Call(name, (one,)), st.sampled_from(["tolower", "toupper", "trim"]), inner),
            st.builds(lambda one, other: Call("concat", (one, other)), inner, inner),
            st.builds(lambda text, start: Call("substring", (text, start)), inner, NUMBERS),
            st.builds(lambda text, start, length: Call("substring", (text, start, length)), inner, NUMBERS, NUMBERS),
        ),
        max_leaves=3,
    )


TEST_NAMES = st.sampled_from(["contains", "substringof", "startswith", "endswith"])
OF_TARGETS = st.one_of(
    st.builds(Comparison, WORDS, st.just(Path(("Datastreams",), "name")), TEXTS),
    st.builds(Comparison, WORDS, st.just(Path(("Datastreams",), "properties", ("limit",))), NUMBERS),
    st.builds(Comparison, WORDS, st.just(Path(("Datastreams", "Sensor"), "name")), TEXTS),
)


def atoms() -> SearchStrategy[Expression]:
    """Return conditions on a Thing without and, or, not."""
    return st.one_of(
        st.builds(Comparison, WORDS, numbers(), numbers()),
        st.builds(Comparison, WORDS, texts(), texts()),
        st.builds(Comparison, WORDS, ANY_JSON, st.one_of(ANY_JSON, NUMBERS, TEXTS, st.booleans().map(Literal))),
        st.builds(Comparison, st.sampled_from(["eq", "ne"]), ANY_JSON, st.just(Literal(None))),
        st.builds(lambda name, text, part: Call(name, (text, part)), TEST_NAMES, texts(), texts()),
        st.builds(Membership, ANY_JSON, st.lists(st.one_of(NUMBERS, TEXTS), min_size=1, max_size=3).map(tuple)),
        st.just(Path((), "properties", ("on",))),
        # Twice turned, so that they keep to themselves: what `and` joins would be of one target.
        OF_TARGETS.map(lambda condition: Not(Not(condition))),
    )


def joined(word: str, terms: list[Expression]) -> Expression:
    """Return terms joined as the parser joins them: none directly in another of the same word."""
    flat: list[Expression] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Logical) and term.word == word else (term,))
    return Logical("and" if word == "and" else "or", tuple(flat))


def conditions() -> SearchStrategy[Expression]:
    """Return conditions on a Thing."""
    return st.recursive(
        atoms(),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=5,
    )


def about_time_and_place() -> SearchStrategy[Expression]:
    """Return conditions on the times and places of an Observation."""
    times = st.one_of(st.just(Path((), "phenomenonTime")), MOMENTS)
    feature = st.just(Path(("FeatureOfInterest",), "feature"))
    moved = st.one_of(times, st.builds(Arithmetic, st.sampled_from(["add", "sub"]), times, DURATIONS))
    return st.one_of(
        st.builds(Comparison, WORDS, moved, moved),
        st.builds(lambda day: Comparison("eq", Call("date", (Path((), "resultTime"),)), Literal(day)), st.dates()),
        st.builds(lambda clock: Comparison("lt", Call("time", (Path((), "resultTime"),)), Literal(clock)), st.times()),
        st.builds(lambda feature, shape: Call("st_within", (feature, shape)), feature, PLACES),
        st.builds(
            lambda feature, shape, far: Comparison("lt", Call("geo.distance", (feature, shape)), far),
            feature,
            PLACES,
            NUMBERS,
        ),
    )


def options(entity: str, depth: int = 2) -> SearchStrategy[Options]:
    """Return query options for an entity type."""
    kind = ENTITIES[entity]
    selects = st.sampled_from([*kind.properties, *kind.navigations]).map(lambda name: (name,))
    orders = st.builds(Order, st.sampled_from([Path((), name) for name in kind.properties]), st.booleans())
    whole = st.one_of(st.none(), st.integers(0, 10**9))
    expands: SearchStrategy[tuple[Expand, ...]] = st.just(())
    if depth:
        expands = st.lists(
            st.sampled_from(list(kind.navigations.values())).flatmap(
                lambda way: st.builds(Expand, st.just(way.name), options(way.target, depth - 1))
            ),
            max_size=2,
            unique_by=lambda expand: expand.name,
        ).map(tuple)
    return st.builds(
        Options,
        filter=st.one_of(st.none(), conditions()) if entity == "Thing" else st.none(),
        orderby=st.lists(orders, max_size=2).map(tuple),
        select=st.lists(selects, max_size=3, unique=True).map(tuple),
        expand=expands,
        top=whole,
        skip=whole,
        count=st.one_of(st.none(), st.booleans()),
        result_format=st.sampled_from([None, "dataArray"]),
    )
