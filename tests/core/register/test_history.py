"""What the register said on a date: at any moment, what was said then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotFoundError
from talkoot.core.register import history, services
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.queries import as_of
from tests.core.register.conftest import AddThing, point

texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
steps = st.fixed_dictionaries(
    {},
    optional={
        "name": st.fixed_dictionaries({}, optional={"fi": texts, "sv": texts, "en": texts}),
        "attributes": st.dictionaries(texts, values, max_size=3),
        "tags": st.dictionaries(texts, values, max_size=3),
        "geometry": st.none() | st.builds(point, st.floats(20, 30), st.floats(59, 70)),
        "external_id": st.text("abc/1", max_size=5),
    },
)


@given(changes=st.lists(steps, max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_at_any_moment_what_was_said_then(changes: list[dict[str, Any]], system: Actor, source: Source) -> None:
    Thing.objects.all().delete()
    thing = services.add_thing(system, kind="thing", name="", source=source)
    said = [(thing.recorded_at, history.state(thing))]
    for change in changes:
        thing = services.change_thing(system, thing, **change)
        if thing.recorded_at != said[-1][0]:
            said.append((thing.recorded_at, history.state(thing)))
    moments = [at for at, _ in said]
    for index, (at, state) in enumerate(said):
        until = moments[index + 1] - timedelta(microseconds=1) if index + 1 < len(said) else at + timedelta(days=1)
        assert as_of(thing, at) == state
        assert as_of(thing, until) == state
    assert [state for _, _, state in history.versions(thing)] == [state for _, state in reversed(said)]
    with pytest.raises(NotFoundError):
        as_of(thing, moments[0] - timedelta(microseconds=1))


def test_a_state_names_others_by_what_lasts(add: AddThing, system: Actor) -> None:
    site = add(kind="site", geometry=None)
    began = datetime(2020, 5, 1, 12, tzinfo=UTC)
    state = history.state(add(within=site, valid_from=began))
    assert (state["within"], state["source"], state["valid_from"]) == (str(site.uid), "survey", began.isoformat())


def test_moments_of_record_never_go_back(add: AddThing, system: Actor) -> None:
    lamp = add()
    ahead = lamp.recorded_at + timedelta(days=1)  # by a clock that was set back since
    Thing.objects.update(recorded_at=ahead)
    changed = services.change_thing(system, Thing.objects.get(), name="Lamppu")
    assert changed.recorded_at == ahead + timedelta(microseconds=1)


def test_as_many_states_as_asked_for(add: AddThing, system: Actor) -> None:
    lamp = add()
    for number in range(4):
        lamp = services.change_thing(system, lamp, name=str(number))
    assert [state["name"]["fi"] for _, _, state in history.versions(lamp, limit=2)] == ["3", "2"]
