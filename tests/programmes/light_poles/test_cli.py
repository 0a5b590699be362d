"""`talkoot poles plan`: the plan as words and as JSON, errors as one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.models import Run
from talkoot.core.register.models import Thing
from talkoot.programmes.light_poles.cli import app
from talkoot.programmes.light_poles.parameters import PROPERTIES

pytestmark = pytest.mark.django_db(databases="__all__")
ARGUMENTS = ["plan", "--target-mbps", "300", "--coverage", "0.8", "--grid-m", "8", "--surroundings-m", "30"]


def test_the_json_holds_the_plan_its_bound_its_inputs_and_its_cost(quarter: list[Thing], tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    done = CliRunner().invoke(app, [*ARGUMENTS, "--json", str(file)])
    assert done.exit_code == 0, done.output
    report = json.loads(file.read_text())
    assert report["count"] == len(report["poles"]) >= report["lower_bound"] >= 1
    assert {"uid", "lon", "lat"} <= set(report["poles"][0])
    low, high = report["covered_share_range"]
    assert report["covered_share"] >= 0.8 and low <= report["covered_share"] <= high
    assert report["parameters"]["coverage"] == 0.8 and set(report["parameters"]) == set(PROPERTIES)
    assert report["digests"] == Run.objects.get().inputs and len(report["digests"]) == 3
    assert report["cpu_seconds"] > 0 and report["wall_seconds"] > 0 and report["peak_memory_mb"] > 10
    assert f"{report['count']} of {len(quarter)} light poles" in done.stdout


def test_json_on_standard_output_is_nothing_but_json(quarter: list[Thing]) -> None:
    done = CliRunner().invoke(app, [*ARGUMENTS, "--json", "-"])
    assert json.loads(done.stdout)["count"] >= 1


def test_what_cannot_be_reached_is_told_with_exit_code_2(quarter: list[Thing], tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    wide = ["--coverage", "1.0", "--margin-db", "25", "--json", str(file)]
    done = CliRunner().invoke(app, [*ARGUMENTS, *wide])
    assert done.exit_code == 2 and "All light poles together cover" in done.stderr and not file.exists()


def test_a_bad_parameter_is_named(quarter: list[Thing]) -> None:
    done = CliRunner().invoke(app, ["plan", "--coverage", "7"])
    assert isinstance(done.exception, InvalidError) and done.exception.problems[0].field == "coverage"


def test_a_file_that_cannot_be_written_is_told(quarter: list[Thing], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*ARGUMENTS, "--json", str(tmp_path / "no" / "such" / "folder.json")])
    assert done.exit_code == 2 and "cannot be written" in done.stderr


def test_every_parameter_has_its_option() -> None:
    shown = CliRunner().invoke(app, ["plan", "--help"], env={"COLUMNS": "200"}).stdout
    assert all(f"--{name.replace('_', '-')}" in shown for name in PROPERTIES)
