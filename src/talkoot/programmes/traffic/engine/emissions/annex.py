"""Reads hot emission factors from the annex workbooks of the EMEP/EEA guidebook (1.A.3.b.i-iv), or from CSVs of them.

The workbooks of 2019 and later have one form and a sheet HOT_EMISSIONS_PARAMETERS; those of 2013 name a form in each
row. Of each class of vehicles one size is taken, of trucks and buses half loaded on the level.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from talkoot.programmes.traffic.engine.emissions.energy import LEAST_SPEED
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.factors import (
    COLUMNS,
    Factor,
    Segment,
    Table,
    checked,
    number,
    read_rows,
)

SHEET: Final = "HOT_EMISSIONS_PARAMETERS"
MOST_BYTES: Final = 500_000_000  # of a workbook's parts, unpacked
MOST_ROWS: Final = 200_000
HEADER_WITHIN: Final = 20  # rows
MEANT: Final = {  # what a column is called in one workbook or another
    "category": ("Category", "Sector"),
    "fuel": ("Fuel", "Sub-Sector"),
    "size": ("Segment", "Sub-Sector", "Engine type"),
    "euro": ("Euro Standard", "Euro No.", "Emission standard"),
    "pollutant": ("Pollutant",),
    "mode": ("Mode",),
    "slope": ("Road Slope", "Slope"),
    "load": ("Load",),
    "form": ("Equation",),
    "reduction": ("Reduction Factor [%]", "RF"),
    "min_speed": ("Min Speed [km/h]", "Vmin"),
    "max_speed": ("Max Speed [km/h]", "Vmax"),
    "alpha": ("Alpha", "a5"),
    "beta": ("Beta", "a4"),
    "gamma": ("Gamma", "a3"),
    "delta": ("Delta", "a2"),
    "epsilon": ("Epsilon", "a1"),
    "zeta": ("Zita", "Zeta", "a0"),
    "eta": ("Hta", "Ita", "Eta"),
}
NEEDED: Final = ("size", "euro", "pollutant", "min_speed", "max_speed", "alpha", "zeta")
VEHICLES: Final = {
    "passenger cars": "car",
    "light commercial vehicles": "van",
    "heavy duty trucks": "truck",
    "buses": "bus",
    "l-category": "motorcycle",
    "motorcycles": "motorcycle",
    "": "motorcycle",  # the table of motorcycles has no such column
}
FUELS: Final = {"petrol": "petrol", "gasoline": "petrol", "diesel": "diesel", "4-stroke": "petrol"}
POLLUTANTS: Final = {"nox": "nox", "pm": "pm_exhaust", "pm exhaust": "pm_exhaust"}
SIZES: Final = {
    "car": ("medium", "gasoline 1.4 - 2.0 l", "diesel 1.4 - 2.0 l"),
    "van": ("n1-ii", "gasoline <3.5 t", "diesel <3.5 t"),
    "truck": ("rigid 14 - 20 t",),
    "bus": ("urban buses standard 15 - 18 t", "ubus std 15 - 18 t"),
    "motorcycle": ("motorcycles 4-stroke 250 - 750 cm³", "4-stroke 250-750"),
}
MODES: Final = ("", "urban off peak", "urban peak")
STANDARD: Final = re.compile(r"(?:euro\s*)?(vi|iv|v|iii|ii|i|\d)(?![a-z]{2})\s*(.*)")
ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}
FIRST_STAGES: Final = ("", "a/b/c", "a", "ab", "a/b")  # of a standard


@dataclass(frozen=True)
class Imported:
    """Factors by segment and pollutant, and how many rows were of something else."""

    table: Table
    left_out: int


def read_factors(path: Path, sizes: Mapping[str, tuple[str, ...]] = SIZES) -> Imported:
    """Read factors of an .xlsx or .csv; raises EmissionsError naming file, row and column, OSError.

    A CSV may also be one of this package's own columns. Where several technologies of a standard have rows, the first
    stands.

    Parameters
    ----------
    path : Path
        The workbook, or a CSV of its sheet.
    sizes : mapping of class to names, lower case
        Which of the workbook's segments stand for a class.
    """
    rows = _sheet(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _lines(path)
    columns: dict[str, int] | None = None
    table: dict[tuple[Segment, str], Factor] = {}
    left_out = 0
    for at, cells in enumerate(rows, start=1):
        if at > MOST_ROWS:
            raise EmissionsError(path.name, f"it has more than {MOST_ROWS} rows.", "Is it the right file?")
        if columns is None:
            if at == 1 and tuple(map(str, cells)) == COLUMNS:
                with path.open(encoding="utf-8-sig", newline="") as file:
                    return Imported(read_rows(csv.DictReader(file), path.name), 0)
            columns = _columns(cells)
            if columns is None and at >= HEADER_WITHIN:
                break
            continue
        row = {name: cells[place] if place < len(cells) else None for name, place in columns.items()}
        key = _key(row, sizes)
        if key is None or key in table:
            left_out += 1
            continue
        where = f"{path.name}, row {at}"
        table[key] = checked(key, _factor(row, where), where)
    if columns is None:
        raise EmissionsError(path.name, "no row names the columns.", "It needs Pollutant, Alpha to Zita and speeds.")
    if not table:
        raise EmissionsError(path.name, "none of its rows is of a vehicle that is known.", "Give the sizes it has.")
    return Imported(table, left_out)


def _lines(path: Path) -> Iterator[list[Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            yield from csv.reader(file)
        except (UnicodeDecodeError, csv.Error) as error:
            raise EmissionsError(path.name, f"it is no CSV in UTF-8 ({error}).", "Save it as CSV UTF-8.") from None


def _sheet(path: Path) -> Iterator[tuple[Any, ...]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                raise EmissionsError(path.name, "unpacked it is larger than 500 MB.", "Is it the right file?")
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        if isinstance(error, EmissionsError):
            raise
        raise EmissionsError(path.name, "it is no workbook.", "Save it as .xlsx.") from None
    try:
        yield from (book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]).iter_rows(values_only=True)
    finally:
        book.close()


def _columns(cells: Any) -> dict[str, int] | None:
    """Return where each column stands, or None where the row does not name what is needed."""
    said = [_text(cell) for cell in cells]
    found = {}
    for name, meant in MEANT.items():
        place = next((said.index(each.lower()) for each in meant if each.lower() in said), None)
        if place is not None:
            found[name] = place
    return found if all(name in found for name in NEEDED) else None


def _key(row: Mapping[str, Any], sizes: Mapping[str, tuple[str, ...]]) -> tuple[Segment, str] | None:
    """Return what a row is of, or None where it is of nothing that is wanted."""
    said = {name: _text(row.get(name)) for name in ("category", "fuel", "size", "euro", "pollutant", "mode")}
    vehicle, pollutant = VEHICLES.get(said["category"]), POLLUTANTS.get(said["pollutant"])
    fuel = FUELS.get((said["fuel"] or said["size"]).split(" ")[0])
    euro = _standard(said["euro"])
    if not (vehicle and pollutant and fuel and euro) or said["size"] not in sizes.get(vehicle, ()):
        return None
    if said["mode"] not in MODES or _text(row.get("slope")) not in ("", "0", "0.0", "0%"):
        return None
    if _text(row.get("load")) not in ("", "0.5", "50"):
        return None
    return Segment(vehicle, fuel, euro), pollutant


def _standard(said: str) -> str | None:
    """Return "euro6c" for "Euro 6 c", "6c"; "euro6" for "Euro 6 a/b/c" and "Euro VI A/B/C"."""
    found = STANDARD.fullmatch(said)
    if found is None:
        return None
    stage = found[2].strip()
    return f"euro{ROMAN.get(found[1], found[1])}{'' if stage in FIRST_STAGES else stage.split('/')[0]}"


def _factor(row: Mapping[str, Any], where: str) -> Factor:
    def of(name: str) -> float:
        return number(row.get(name), f"{where}, {MEANT[name][0]}")

    reduction = of("reduction")
    form = _text(row.get("form")).removeprefix("equation").strip()
    return Factor(
        form=form or ("17" if "category" not in row else "2019"),
        coefficients=tuple(map(of, ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"))),
        reduction=reduction / 100 if abs(reduction) > 1 else reduction,
        min_speed=max(of("min_speed"), LEAST_SPEED),
        max_speed=of("max_speed"),
        source=f"EMEP/EEA guidebook, {where}",
    )


def _text(cell: Any) -> str:
    return " ".join(str("" if cell is None else cell).lower().split())
