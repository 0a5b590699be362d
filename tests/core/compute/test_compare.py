"""Two runs side by side."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.errors import InvalidError
from talkoot.core.compute import services
from talkoot.core.compute.models import Run

pytestmark = pytest.mark.django_db(databases="__all__")
CarriedOut = Callable[..., Run]


def test_what_differs_and_by_how_much(carried_out: CarriedOut) -> None:
    lines = {(line.part, line.name): line for line in services.compare(carried_out(steps=3), carried_out(steps=5))}
    total = lines["summary", "total"]
    assert (total.first, total.second, total.change, total.differs) == (5, 30, 25.0, True)
    assert lines["parameter", "steps"].change == 2.0
    assert not lines["parameter", "rule"].differs
    assert lines["parameter", "rule"].change is None
    assert lines["result", "squares (rows)"].change == 2.0
    assert lines["result", "squares (digest)"].differs
    assert not lines["input", "journal"].differs


def test_what_only_one_has() -> None:
    one, other = (Run.objects.create(procedure="p", summary=summary) for summary in ({"a": {"b": 1}}, {}))
    found = [line for line in services.compare(one, other) if line.part == "summary"]
    assert [(line.name, line.first, line.second, line.change) for line in found] == [("a.b", 1, None, None)]


def test_a_run_equals_itself(carried_out: CarriedOut) -> None:
    run = carried_out()
    assert not any(line.differs for line in services.compare(run, run))


def test_runs_of_two_procedures_are_not_compared(carried_out: CarriedOut) -> None:
    with pytest.raises(InvalidError):
        services.compare(carried_out(), carried_out("fail"))
