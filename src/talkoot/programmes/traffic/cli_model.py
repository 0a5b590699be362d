"""`talkoot traffic model`: model the city's traffic from a shell, the same verb as the page's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from talkoot.core.base.shell import effort, ended, write_text
from talkoot.programmes.traffic.parameters import PROPERTIES

if TYPE_CHECKING:
    from talkoot.core.compute.models import Run
    from talkoot.core.compute.progress import Show


def _option(name: str, *flags: str) -> Any:
    """Return the option of a parameter: its explanation, unit and default come from the procedure's schema."""
    schema = PROPERTIES[name]
    unit = f" ({schema['x-unit']})" if schema.get("x-unit", "1") != "1" else ""
    default = schema["default"]
    shown = "all" if name == "hours" else str(default) if default not in ("", []) else False
    return typer.Option(*flags, help=f"{schema['description']}{unit}", show_default=shown)


def model(
    network: Annotated[str | None, _option("network", "--network")] = None,
    trips: Annotated[str | None, _option("trips", "--trips")] = None,
    counts: Annotated[str | None, _option("counts", "--counts")] = None,
    count_days: Annotated[int | None, _option("count_days", "--count-days")] = None,
    demand_factor: Annotated[float | None, _option("demand_factor", "--demand-factor")] = None,
    ev_share: Annotated[float | None, _option("ev_share", "--ev-share")] = None,
    speed_factor: Annotated[float | None, _option("speed_factor", "--speed-factor")] = None,
    closed_links: Annotated[list[str] | None, _option("closed_links", "--close")] = None,
    toll_links: Annotated[list[str] | None, _option("toll_links", "--toll-link")] = None,
    toll_eur: Annotated[float | None, _option("toll_eur", "--toll-eur")] = None,
    value_of_time_eur_h: Annotated[float | None, _option("value_of_time_eur_h", "--value-of-time-eur-h")] = None,
    car_share: Annotated[float | None, _option("car_share", "--car-share")] = None,
    cell_m: Annotated[float | None, _option("cell_m", "--cell-m")] = None,
    temperature_c: Annotated[float | None, _option("temperature_c", "--temperature-c")] = None,
    hours: Annotated[list[int] | None, _option("hours", "--hour")] = None,
    date: Annotated[str | None, _option("date", "--date")] = None,
    gap: Annotated[float | None, _option("gap", "--gap")] = None,
    flow_cv: Annotated[float | None, _option("flow_cv", "--flow-cv")] = None,
    seed: Annotated[int | None, _option("seed", "--seed")] = None,
    scenario: Annotated[str, typer.Option(help="What this run is called.")] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here; - for standard output.")
    ] = None,
) -> None:
    """Find the city's traffic hour by hour and what it emits; demand is synthetic, corrected to counts there are."""
    given = {name: value for name, value in locals().items() if name in PROPERTIES and value not in (None, [])}
    from talkoot.core.base.actors import operator
    from talkoot.core.compute.following import finish_run
    from talkoot.core.compute.models import State
    from talkoot.programmes.traffic.services import ask_for_model

    start = time.perf_counter()
    run = ask_for_model(operator(), given, scenario)
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
        bar = bars.add_task("Modelling", total=1.0)

        def show(share: float, message: str) -> None:
            bars.update(bar, completed=share, description=message or "Modelling")

        yield show


def _report(run: Run) -> dict[str, Any]:
    from talkoot.core.compute import results

    plan = results.plan(run, "summary")
    return {"run": str(run.uid), **run.summary, **plan, "parameters": run.parameters, "digests": run.inputs}


def _in_words(report: dict[str, Any]) -> str:
    left = f" {report['vehicles_left_out']:g} trips have no path." if report["vehicles_left_out"] else ""
    kind = "" if report["parameters"]["trips"] else "synthetic "
    return (
        f"{report['vehicles']} {kind}vehicle trips drive {report['vehicle_km']} km at {report['mean_speed_kmh']:g} "
        f"km/h and emit {report['co2_kg']:.0f} kg of CO2 ({report['co2_kg_low']:.0f} to {report['co2_kg_high']:.0f}); "
        f"largest relative gap {report['relative_gap']:.1e}; {report['wall_seconds']:.1f} s.{left} Run {report['run']}"
    )
