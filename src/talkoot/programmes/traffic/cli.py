"""`talkoot traffic`: the engine from a shell, on files; no city is needed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from talkoot.core.base.shell import effort, ended, write_text
from talkoot.programmes.traffic.cli_correct import correct
from talkoot.programmes.traffic.cli_emissions import emissions
from talkoot.programmes.traffic.cli_model import model
from talkoot.programmes.traffic.cli_paths import link_between, links_table, paths_of, paths_table, selection
from talkoot.programmes.traffic.cli_transit import transit
from talkoot.programmes.traffic.engine.equilibrium import Assignment, VehicleClass
from talkoot.programmes.traffic.engine.equilibrium import assign as find_equilibrium
from talkoot.programmes.traffic.engine.files import network_from, trips_from
from talkoot.programmes.traffic.engine.network import NetworkError

app = typer.Typer(no_args_is_help=True, help="Find where traffic goes and what it emits.")
app.command()(emissions)
app.command()(model)
app.command()(correct)
app.command()(transit)


@app.callback()
def traffic() -> None:
    """Find where traffic goes and what it emits."""


@app.command()
def assign(
    network: Annotated[Path, typer.Option(help="The network: a TNTP file, or a folder or zip in GMNS.")],
    trips: Annotated[
        Path, typer.Option(help="Trips between its zones: TNTP, or CSV with origin, destination, volume.")
    ],
    gap: Annotated[float, typer.Option(help="Relative gap at which to stop.")] = 1e-6,
    system_optimum: Annotated[bool, typer.Option("--system-optimum", help="Least cost for all.")] = False,
    demand_factor: Annotated[float, typer.Option(help="Multiply all trips by this.")] = 1.0,
    distance_weight: Annotated[float, typer.Option(help="Minutes that a unit of length costs.")] = 0.0,
    toll_weight: Annotated[float, typer.Option(help="Minutes that a unit of toll costs.")] = 0.0,
    leave_out_unreached: Annotated[
        bool, typer.Option("--leave-out-unreached", help="Leave trips out that no path leads to.")
    ] = False,
    flows: Annotated[Path | None, typer.Option(help="Write from, to, flow and time of each link here (CSV).")] = None,
    paths: Annotated[Path | None, typer.Option(help="Write the paths in use with their flows here (CSV).")] = None,
    proportional: Annotated[
        bool, typer.Option("--proportional", help="Of all path flows, those that divide all alike at every choice.")
    ] = False,
    selected: Annotated[
        str | None,
        typer.Option("--select-link", metavar="FROM,TO", help="Tell who uses this link, in --flows, --paths, --json."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here; - for standard output.")
    ] = None,
) -> None:
    """Find the flows at which nobody gains by another path. Ctrl-C ends with the flows so far."""
    start = time.perf_counter()
    try:
        for name, value in (("gap", gap), ("demand-factor", demand_factor)):
            _require(name, value, value > 0)
        for name, value in (("distance-weight", distance_weight), ("toll-weight", toll_weight)):
            _require(name, value, value >= 0)
        named = network_from(network)
        roads, demand = named.network, trips_from(trips, named.zones).times(demand_factor)
        link = None if selected is None else link_between(named, selected)
        vehicles = VehicleClass(demand, fixed=toll_weight * roads.toll + distance_weight * roads.length)
        with _bar(gap) as progress:
            found = find_equilibrium(
                roads,
                [vehicles],
                gap=gap,
                objective="system" if system_optimum else "user",
                drop_unreached=leave_out_unreached,
                progress=progress,
            )
        used = paths_of(found, proportional=proportional, link=link)
    except NetworkError as error:
        raise ended(str(error)) from error
    except OSError as error:
        raise ended(f"{error.filename} cannot be read ({error.strerror}). Name a file of yours.") from error
    report = {**_report(found), **({} if link is None else selection(named, used)), **effort(start)}
    if flows is not None:
        write_text(flows, links_table(named, found, None if link is None else used), option="--flows")
    if paths is not None:
        write_text(paths, paths_table(named, found, used), option="--paths")
    if json_file is not None:
        write_text(json_file, json.dumps(report, indent=2) + "\n", option="--json")
    if str(json_file) != "-":
        typer.echo(_in_words(report))


def _require(name: str, value: float, holds: bool) -> None:
    if not (holds and math.isfinite(value)):
        raise NetworkError(
            f"--{name}", f"{value} makes no sense.", "Give a number that is not negative; most are above 0."
        )


@contextmanager
def _bar(gap: float) -> Iterator[Callable[[int, float], bool]]:
    """Show how far the gap has come, in orders of magnitude."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("Assigning", total=max(-math.log10(gap), 1.0))

        def show(turn: int, found: float) -> bool:
            bars.update(bar, completed=max(-math.log10(max(found, 1e-16)), 0.0), description=f"gap {found:.1e}")
            return True

        yield show


def _report(found: Assignment) -> dict[str, Any]:
    return {
        "objective": found.objective,
        "relative_gap": found.relative_gap,
        "converged": found.converged,
        "iterations": len(found.gaps),
        "total_time": float(found.units @ found.time),
        "trips": float(found.classes[0].trips.vehicles.sum()),
        "trips_within_zones": found.classes[0].trips.within,
        "trips_left_out": float(found.unreached[0].vehicles.sum()),
    }


def _in_words(report: dict[str, Any]) -> str:
    end = "" if report["converged"] else " (stopped before the gap asked for)"
    left = f" {report['trips_left_out']:g} trips were left out." if report["trips_left_out"] else ""
    return (
        f"Relative gap {report['relative_gap']:.2e}{end} after {report['iterations']} turns, "
        f"{report['cpu_seconds']:.2f} s of processor time; objective {report['objective']:.15g}.{left}"
    )
