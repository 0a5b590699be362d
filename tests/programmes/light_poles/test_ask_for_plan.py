"""Asking for a plan: parameters are checked by field before anything is queued."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.models import AuditEntry
from talkoot.core.compute.models import Run, State
from talkoot.programmes.light_poles.engine.link_budget import EirpClass
from talkoot.programmes.light_poles.parameters import PROPERTIES
from talkoot.programmes.light_poles.services import PLAN, ask_for_plan

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_run_is_queued_with_defaults_and_one_audit_entry(system: Actor) -> None:
    run = ask_for_plan(system, {"target_mbps": 100}, "Quiet streets")
    assert (run.procedure, run.state, run.scenario) == (PLAN, State.QUEUED, "Quiet streets")
    assert set(run.parameters) == set(PROPERTIES) and run.parameters["target_mbps"] == 100
    entry = AuditEntry.objects.get()
    assert entry.verb == "programmes.light_poles.ask_for_plan" and entry.target == str(run.uid)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target_mbps", 0),
        ("target_mbps", "fast"),
        ("target_mbps", float("nan")),
        ("target_mbps", 900),
        ("coverage", 1.01),
        ("coverage", 0),
        ("frequency_ghz", 0.1),
        ("eirp_class", "E100"),
        ("bandwidth_mhz", -5),
        ("margin_db", -1),
        ("grid_m", 0.5),
        ("range_m", 1e9),
        ("surroundings_m", 0),
        ("antenna_height_m", 0),
        ("time_limit_s", 1e6),
        ("colour", "red"),
    ],
)
def test_a_bad_parameter_is_named_with_its_fix(system: Actor, field: str, value: Any) -> None:
    with pytest.raises(InvalidError) as caught:
        ask_for_plan(system, {field: value})
    problem = caught.value.problems[0]
    assert problem.field == field and problem.message and problem.fix
    assert not Run.objects.exists() and not AuditEntry.objects.exists()


def test_a_target_beyond_the_bandwidth_says_what_it_can_carry(system: Actor) -> None:
    with pytest.raises(InvalidError, match="200 MHz carries at most 735 Mbit/s"):
        ask_for_plan(system, {"target_mbps": 736})
    assert ask_for_plan(system, {"target_mbps": 736, "bandwidth_mhz": 400}).pk


def test_every_class_of_the_engine_can_be_chosen() -> None:
    assert PROPERTIES["eirp_class"]["enum"] == [each.name for each in EirpClass]


def test_declaring_the_programme_imports_no_heavy_library() -> None:
    heavy = "numpy", "numba", "scipy", "shapely", "highspy", "django"
    code = f"import sys, talkoot.programmes.light_poles.programme; sys.exit(any(m in sys.modules for m in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
