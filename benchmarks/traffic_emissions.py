"""CO2 and NOx of vehicles by our models beside those of HBEFA 4, and the time of a day of a city.

    python -m benchmarks.traffic_emissions [--links 10000] [--print]

HBEFA 4 is asked of `emissionsMap` of SUMO, run by uv in an environment of its own: steady speeds, level, warm engine.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.results import write_section
from numpy.typing import NDArray

from talkoot.core.base.shell import effort
from talkoot.programmes.traffic.engine.emissions.energy import co2
from talkoot.programmes.traffic.engine.emissions.estimate import Emissions
from talkoot.programmes.traffic.engine.emissions.factors import Segment, shipped
from talkoot.programmes.traffic.engine.emissions.fleet import finnish_fleet

SUMO: Final = ("uv", "tool", "run", "--quiet", "--from", "eclipse-sumo==1.28.0", "emissionsMap")
SPEEDS: Final = np.array([20.0, 30.0, 50.0, 80.0, 100.0])  # km/h
CLASSES: Final = {
    "car petrol euro3": "PC_petrol_Euro-3",
    "car petrol euro4": "PC_petrol_Euro-4",
    "car petrol euro5": "PC_petrol_Euro-5",
    "car petrol euro6": "PC_petrol_Euro-6ab",
    "car petrol euro6c": "PC_petrol_Euro-6d",
    "car diesel euro3": "PC_diesel_Euro-3",
    "car diesel euro4": "PC_diesel_Euro-4",
    "car diesel euro5": "PC_diesel_Euro-5",
    "car diesel euro6": "PC_diesel_Euro-6ab",
    "car diesel euro6c": "PC_diesel_Euro-6d",
    "van diesel euro4": "LCV_diesel_N1-III_Euro-4",
    "van diesel euro5": "LCV_diesel_N1-III_Euro-5",
    "van diesel euro6": "LCV_diesel_N1-III_Euro-6ab",
    "van diesel euro6c": "LCV_diesel_N1-III_Euro-6c",
    "truck diesel euro5": "RT_gt14-20t_Euro-V_SCR",
    "truck diesel euro6": "RT_gt14-20t_Euro-VI_A-C",
    "bus diesel euro5": "UBus_Std_gt15-18t_Euro-V_SCR",
    "bus diesel euro6": "UBus_Std_gt15-18t_Euro-VI_A-C",
    "motorcycle petrol euro2": "MC_4S_gt250cc_Euro-2",
    "motorcycle petrol euro3": "MC_4S_gt250cc_Euro-3",
}


def hbefa(code: str) -> dict[str, NDArray[np.float64]]:
    """Return HBEFA 4's grams a kilometre of a class at SPEEDS, by pollutant."""
    found: dict[str, dict[int, float]] = {"CO2": {}, "NOx": {}}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "map.csv"
        axes = {"v": (20 / 3.6, 100 / 3.6 + 0.01, 10 / 3.6), "a": (0, 0, 1), "s": (0, 0, 1)}
        limits = [
            f"--{axis}-{end}={value}"
            for axis, values in axes.items()
            for end, value in zip(("min", "max", "step"), values, strict=True)
        ]
        subprocess.run(
            [*SUMO, f"-e=HBEFA4/{code}", *limits, "--precision=9", f"-o={out}"], check=True, stdout=subprocess.DEVNULL
        )
        for line in out.read_text().split():
            speed, _, _, pollutant, milligrams_a_second = line.split(";")
            if pollutant in found:
                found[pollutant][round(float(speed) * 3.6)] = float(milligrams_a_second) / float(speed)
    return {name: np.array([values[round(speed)] for speed in SPEEDS]) for name, values in found.items()}


def compare(name: str, code: str) -> list[dict[str, Any]]:
    """Return rows of ours, HBEFA 4's and the ratio of the two, for CO2 and NOx of a segment."""
    vehicle, fuel, euro = name.split()
    theirs, segment = hbefa(code), Segment(vehicle, fuel, euro)
    ours = {"CO2": co2(vehicle, fuel, SPEEDS), "NOx": shipped()[segment, "nox"].at(SPEEDS)}
    return [
        {
            "segment": name,
            "g/km": pollutant,
            **{
                f"{speed:.0f} km/h: ours, HBEFA 4, ratio": f"{own:.4g}, {other:.4g}, {own / other:.2f}"
                for speed, own, other in zip(SPEEDS, ours[pollutant], theirs[pollutant], strict=True)
            },
        }
        for pollutant in ("CO2", "NOx")
    ]


def a_day(links: int) -> dict[str, Any]:
    """Return what the intervals of all links of a city in each hour of a day take."""
    random = np.random.default_rng(0)
    traffic = [random.uniform(low, high, links * 24) for low, high in ((0, 1500), (3, 100), (0.05, 0.6))]
    start = time.perf_counter()
    model = Emissions(finnish_fleet(), samples=1000)
    model.links(*traffic)
    by_link = time.perf_counter() - start
    model.totals(*traffic, group=np.arange(links * 24) // links)
    return {
        "links": links,
        "hours": 24,
        "draws": model.samples,
        "all links s": f"{by_link:.2f}",
        "totals by hour s": f"{time.perf_counter() - start - by_link:.2f}",
        "peak MB of the process": effort(start)["peak_memory_mb"],
    }


def main() -> None:
    """Measure, and write the sections of RESULTS.md or print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=10_000)
    parser.add_argument("--print", action="store_true", help="print the rows, and leave RESULTS.md alone")
    asked = parser.parse_args()
    day = [a_day(asked.links)]
    rows = [row for name, code in CLASSES.items() for row in compare(name, code)]
    if asked.print:
        for row in (*day, *rows):
            print(*row.values(), sep=" | ")
        return
    write_section("Traffic: emissions of a day", day, note="CO2, NOx and particles with 90 % intervals, one process.")
    write_section(
        "Traffic: emissions beside HBEFA 4",
        rows,
        note="Ours: energy model (CO2) and EMEP/EEA guidebook (NOx), warm; HBEFA 4 by SUMO 1.28's emissionsMap.",
    )


if __name__ == "__main__":
    main()
