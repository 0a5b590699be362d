"""`talkoot traffic model`: model the city's traffic from a shell, the same verb as the page's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from talkoot.core.base.shell import effort
from talkoot.core.compute.shell import finish, option_of, tell
from talkoot.programmes.traffic.parameters import PROPERTIES

if TYPE_CHECKING:
    from talkoot.core.compute.models import Run


def _option(name: str, *flags: str) -> Any:
    return option_of(PROPERTIES[name], *flags, shown="all" if name == "hours" else None)


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
    from talkoot.programmes.traffic.services import ask_for_model

    start = time.perf_counter()
    run = ask_for_model(operator(), given, scenario)
    finish(run, "Modelling")
    report = {**_report(run), **effort(start)}
    tell(report, _in_words(report), json_file)


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
