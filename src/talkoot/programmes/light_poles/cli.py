"""`talkoot poles`: plan the city's light poles from a shell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from talkoot.core.base.actors import operator
from talkoot.core.base.shell import effort
from talkoot.core.compute.models import Run
from talkoot.core.compute.shell import finish, option_of, tell
from talkoot.programmes.light_poles import plans
from talkoot.programmes.light_poles.parameters import PROPERTIES
from talkoot.programmes.light_poles.services import ask_for_plan

app = typer.Typer(no_args_is_help=True, help="Plan which light poles carry 5G transmitters.")


def _option(name: str, *flags: str) -> Any:
    return option_of(PROPERTIES[name], *flags)


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
    finish(run, "Planning")
    report = {**_report(run), **effort(start)}
    tell(report, _in_words(report), json_file)


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
