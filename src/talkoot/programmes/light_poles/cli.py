"""`talkoot poles`: plan the city's light poles from a shell."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from talkoot.core.base.actors import operator
from talkoot.core.base.shell import effort, ended, write_text
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import Run, State
from talkoot.core.compute.progress import Show
from talkoot.programmes.light_poles import plans
from talkoot.programmes.light_poles.parameters import PROPERTIES
from talkoot.programmes.light_poles.services import ask_for_plan

app = typer.Typer(no_args_is_help=True, help="Plan which light poles carry 5G transmitters.")


def _option(name: str, *flags: str) -> Any:
    """Return the option of a parameter: its explanation, unit and default come from the procedure's schema."""
    schema = PROPERTIES[name]
    unit = f" ({schema['x-unit']})" if schema.get("x-unit", "1") != "1" else ""
    return typer.Option(*flags, help=f"{schema['description']}{unit}", show_default=str(schema["default"]))


@app.callback()
def poles() -> None:
    """Plan which light poles carry 5G transmitters."""


@app.command()
def plan(
    target_mbps: Annotated[float | None, _option("target_mbps", "--target-mbps")] = None,
    coverage: Annotated[float | None, _option("coverage", "--coverage")] = None,
    frequency_ghz: Annotated[float | None, _option("frequency_ghz", "--frequency-ghz")] = None,
    eirp_class: Annotated[str | None, _option("eirp_class", "--eirp-class")] = None,
    bandwidth_mhz: Annotated[float | None, _option("bandwidth_mhz", "--bandwidth-mhz")] = None,
    margin_db: Annotated[float | None, _option("margin_db", "--margin-db")] = None,
    device_gain_dbi: Annotated[float | None, _option("device_gain_dbi", "--device-gain-dbi")] = None,
    range_m: Annotated[float | None, _option("range_m", "--range-m")] = None,
    antenna_height_m: Annotated[float | None, _option("antenna_height_m", "--antenna-height-m")] = None,
    surroundings_m: Annotated[float | None, _option("surroundings_m", "--surroundings-m")] = None,
    grid_m: Annotated[float | None, _option("grid_m", "--grid-m")] = None,
    time_limit_s: Annotated[float | None, _option("time_limit_s", "--time-limit-s")] = None,
    scenario: Annotated[str, typer.Option(help="What this plan is called.")] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the plan here; - for standard output.")
    ] = None,
) -> None:
    """Find the fewest light poles that serve a share of the outdoor space, with a proven bound."""
    given = {name: value for name, value in locals().items() if name in PROPERTIES and value is not None}
    start = time.perf_counter()
    run = ask_for_plan(operator(), given, scenario)
    with _bar() as show:
        finish_run(run, show)
    if run.state != State.SUCCEEDED:
        raise ended(str(run.error or run.state))
    report = {**_report(run), **effort(start)}
    if json_file is not None:
        write_text(json_file, json.dumps(report, ensure_ascii=False, indent=2) + "\n", option="--json")
    if str(json_file) != "-":
        typer.echo(_in_words(report))


@contextmanager
def _bar() -> Iterator[Show]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("Planning", total=1.0)

        def show(share: float, message: str) -> None:
            bars.update(bar, completed=share, description=message or "Planning")

        yield show


def _report(run: Run) -> dict[str, Any]:
    told = plans.content(run)
    return {
        "run": str(run.uid),
        "count": told["poles"],
        "lower_bound": told["lower_bound"],
        "gap": told["gap"],
        "status": told["status"],
        "covered_share": told["covered_share"],
        "covered_share_range": [told["covered_share_low"], told["covered_share_high"]],
        "expected_share": told["expected_share"],
        "candidates": told["candidates"],
        "outdoor_m2": told["outdoor_m2"],
        "poles": told["chosen"],
        "curve": told["curve"],
        "assumptions": told["assumptions"],
        "outside_model": told["outside_model"],
        "parameters": run.parameters,
        "digests": run.inputs,
        "version": run.version,
    }


def _in_words(report: dict[str, Any]) -> str:
    low, high = report["covered_share_range"]
    proof = "proven fewest" if report["count"] == report["lower_bound"] else f"at least {report['lower_bound']} needed"
    return (
        f"{report['count']} of {report['candidates']} light poles ({proof}) cover {report['covered_share']:.1%} of the "
        f"outdoor space (range {low:.1%} to {high:.1%}) in {report['wall_seconds']:.1f} s. Run {report['run']}"
    )
