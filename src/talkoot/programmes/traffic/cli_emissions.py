"""`talkoot traffic emissions`: what traffic on a network's links emits, on files alone."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from numpy.typing import NDArray

from talkoot.core.base.shell import effort, ended, write_text
from talkoot.programmes.traffic.engine.emissions.annex import read_factors
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.estimate import MEAN_TEMPERATURE, Emissions, Estimate
from talkoot.programmes.traffic.engine.emissions.factors import number, shipped
from talkoot.programmes.traffic.engine.emissions.fleet import Fleet, finnish_fleet, read_fleet
from talkoot.programmes.traffic.engine.files import NamedNetwork, network_from
from talkoot.programmes.traffic.engine.network import NetworkError

Floats = NDArray[np.float64]


class LengthUnit(StrEnum):
    """Units that networks give lengths in."""

    FEET = "ft"
    MILES = "mi"
    KILOMETRES = "km"
    METRES = "m"


KILOMETRES: Final = {"ft": 0.0003048, "mi": 1.609344, "km": 1.0, "m": 0.001}
FASTEST: Final = 300.0  # km/h; a mean above it tells that the unit of length is another


def emissions(
    flows: Annotated[Path, typer.Option(help="Vehicles an hour and minutes of links: the CSV that `assign` writes.")],
    network: Annotated[Path, typer.Option(help="The network they are of: TNTP, or GMNS.")],
    length_unit: Annotated[LengthUnit, typer.Option(help="What the network's lengths are in.")],
    fleet: Annotated[
        Path | None, typer.Option(help="CSV with vehicle, fuel, euro and share of all kilometres.")
    ] = None,
    factors: Annotated[
        Path | None, typer.Option(help="Factors in place of those shipped: the guidebook's annex workbook, or a CSV.")
    ] = None,
    year: Annotated[int, typer.Option(help="Year of the Finnish fleet, where no fleet is given.")] = 2025,
    ev_share: Annotated[
        float | None, typer.Option(help="Share of cars and vans of the Finnish fleet that are electric.")
    ] = None,
    temperature: Annotated[float, typer.Option(help="Of the air, Celsius.")] = MEAN_TEMPERATURE,
    cold_share: Annotated[
        float | None, typer.Option(help="Share of kilometres driven cold.", show_default="by the temperature")
    ] = None,
    samples: Annotated[int, typer.Option(help="How many draws intervals rest on.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same intervals.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write grams an hour of each link here (CSV).")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the totals here; - for standard output.")
    ] = None,
) -> None:
    """Estimate CO2, NOx and particles of each link, with 90 % intervals."""
    start = time.perf_counter()
    try:
        roads = network_from(network)
        flow, minutes = _read_flows(flows, roads)
        length = roads.network.length * KILOMETRES[length_unit]
        speed = _speeds(flow, minutes, length, length_unit)
        mix = finnish_fleet(year, ev_share) if fleet is None else read_fleet(fleet)
        table = shipped() if factors is None else {**shipped(), **read_factors(factors).table}
        model = Emissions(mix, cold_share, temperature, samples, seed, table)
        report = {**_report(model, mix, (flow, speed, length)), **effort(start)}
        if out is not None:
            write_text(out, _table(roads, flow, speed, model.links(flow, speed, length)), option="--out")
    except (NetworkError, EmissionsError) as error:
        raise ended(str(error)) from error
    except OSError as error:
        raise ended(f"{error.filename} cannot be read ({error.strerror}). Name a file of yours.") from error
    if json_file is not None:
        write_text(json_file, json.dumps(report, indent=2) + "\n", option="--json")
    if str(json_file) != "-":
        typer.echo(_in_words(report))


def _read_flows(path: Path, roads: NamedNetwork) -> tuple[Floats, Floats]:
    """Return flow and minutes of each link of the network; raises EmissionsError naming the line."""
    network = roads.network
    ends = zip(network.tail.tolist(), network.head.tolist(), strict=True)
    links = {(roads.nodes[tail], roads.nodes[head]): at for at, (tail, head) in enumerate(ends)}
    found: Floats = np.full((2, network.links), np.nan)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            where = f"{path.name}, line {rows.line_num}"
            if missing := [name for name in ("from", "to", "flow", "time") if row.get(name) is None]:
                raise EmissionsError(where, f"there is no {missing[0]}.", "Columns are from, to, flow, time.")
            at = links.get((row["from"], row["to"]))
            if at is None:
                raise EmissionsError(
                    where, f"the network has no link from {row['from']} to {row['to']}.", "Give the network it is of."
                )
            if np.isfinite(found[0, at]):
                raise EmissionsError(where, f"{row['from']} to {row['to']} is there twice.", "Leave one of the two.")
            found[:, at] = [number(row[name], f"{where}, {name}") for name in ("flow", "time")]
    missed = np.flatnonzero(np.isnan(found[0]))
    if len(missed):
        tail, head = roads.nodes[network.tail[missed[0]]], roads.nodes[network.head[missed[0]]]
        raise EmissionsError(
            path.name,
            f"{len(missed)} links have no flow, the first is {tail} to {head}.",
            "Give 0 where there is none.",
        )
    return found[0], found[1]


def _speeds(flow: Floats, minutes: Floats, length_km: Floats, unit: str) -> Floats:
    """Return the mean speeds in km/h; links without traffic or length have any, since they emit nothing."""
    travelled = (flow > 0) & (length_km > 0)
    speed = np.divide(length_km * 60, minutes, out=np.full_like(minutes, np.inf), where=minutes > 0)
    if travelled.any() and (at := float(np.median(speed[travelled]))) > FASTEST:
        raise EmissionsError(
            "--length-unit", f"in {unit} half of all links are driven at more than {at:.0f} km/h.", "Give another unit."
        )
    return np.where(travelled, speed, 1.0)


def _report(model: Emissions, fleet: Fleet, traffic: tuple[Floats, Floats, Floats]) -> dict[str, Any]:
    flow, speed, length = traffic
    clamped = model.clamped(flow, speed, length)
    return {
        "vehicle_km": float(flow @ length),
        "grams_an_hour": _totals(model.totals(*traffic)),
        "by_class": {name: _totals(found) for name, found in model.by_class(*traffic).items()},
        "electricity_kwh_an_hour": float(model.electricity(*traffic).sum()),
        "models": {
            "co2": "energy model; interval reaches HBEFA 4",
            "nox": "EMEP/EEA guidebook; interval reaches HBEFA 4",
            "pm_exhaust": "EMEP/EEA guidebook",
            "pm_non_exhaust": "EMEP/EEA guidebook: tyres, brakes, road; no whirled-up dust",
        },
        "fleet": fleet.source,
        "cold_share": model.cold,
        "temperature_c": model.temperature_c,
        "links_clamped": clamped.links,
        "vehicle_km_clamped": clamped.vehicle_km,
    }


def _totals(found: Mapping[str, Estimate]) -> dict[str, dict[str, float]]:
    return {
        name: {part: float(getattr(each, part)[0]) for part in ("value", "low", "high")} for name, each in found.items()
    }


def _table(roads: NamedNetwork, flow: Floats, speed: Floats, found: Mapping[str, Estimate]) -> str:
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    parts = [(name, part) for name in found for part in ("value", "low", "high")]
    rows.writerow(("from", "to", "flow", "speed_kmh", *(f"{name}_{part}" for name, part in parts)))
    columns: list[Sequence[Any]] = [
        [roads.nodes[node] for node in roads.network.tail],
        [roads.nodes[node] for node in roads.network.head],
        flow.tolist(),
        [each if vehicles else "" for each, vehicles in zip(speed.tolist(), flow.tolist(), strict=True)],
        *(getattr(found[name], part).tolist() for name, part in parts),
    ]
    rows.writerows(zip(*columns, strict=True))
    return text.getvalue()


def _in_words(report: Mapping[str, Any]) -> str:
    lines = [f"{report['vehicle_km']:,.0f} vehicle-km an hour, kg an hour with 90 % intervals:"]
    for name, each in report["grams_an_hour"].items():
        value, low, high = (each[part] / 1000 for part in ("value", "low", "high"))
        lines.append(f"  {name:<15}{value:>12,.3f}  ({low:,.3f} to {high:,.3f})")
    lines.append(f"Fleet: {report['fleet']}.")
    if report["links_clamped"]:
        lines.append(
            f"{report['links_clamped']} links ({report['vehicle_km_clamped']:,.0f} vehicle-km) are outside the speeds "
            "of some factors and count at the nearest end of the range."
        )
    return "\n".join(lines)
