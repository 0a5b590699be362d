"""Importing factors from the guidebook's annex workbook, from CSVs of it, and from tables of our own."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from talkoot.programmes.traffic.engine.emissions.annex import read_factors
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.factors import Segment, shipped

DATA = Path(os.environ.get("TALKOOT_BENCH_DATA", Path(__file__).parents[5] / "shared" / "data")) / "emissions"
HEADER = (
    *("Category", "Fuel", "Segment", "Euro Standard", "Technology", "Pollutant", "Mode", "Road Slope", "Load"),
    *("Min Speed [km/h]", "Max Speed [km/h]", "Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zita", "Hta"),
    "Reduction Factor [%]",
)
CAR = ("Passenger Cars", "Petrol", "Medium", "Euro 6 d-temp", "GDI", "NOx", None, None, None, 5, 140)
TRUCK = (
    "Heavy Duty Trucks",
    "Diesel",
    "Rigid 14 - 20 t",
    "Euro VI A/B/C",
    "DPF+SCR",
    "PM Exhaust",
    None,
    0,
    0.5,
    12,
    86,
)
NUMBERS = (0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 1.0)


def workbook(path: Path, *rows: Sequence[object]) -> Path:
    """Write an annex workbook of 2019 and later."""
    book = Workbook()
    book.active.append(("About",))
    sheet = book.create_sheet("HOT_EMISSIONS_PARAMETERS")
    for row in (HEADER, *rows):
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_gives_the_segments_of_one_size_half_loaded_on_the_level(tmp_path: Path) -> None:
    other = [
        (*CAR, *NUMBERS, 50),  # a second technology: the first stands
        ("Passenger Cars", "Petrol", "Small", *CAR[3:], *NUMBERS, None),
        (*CAR[:5], "CO", *CAR[6:], *NUMBERS, None),
        (*TRUCK[:8], 1.0, *TRUCK[9:], *NUMBERS, None),
        (*TRUCK[:7], 0.04, *TRUCK[8:], *NUMBERS, None),
        (*CAR[:3], "Conventional", *CAR[4:], *NUMBERS, None),
    ]
    path = workbook(tmp_path / "annex.xlsx", (*CAR, *NUMBERS, None), (*TRUCK, *NUMBERS, 25), *other)
    found = read_factors(path)
    car, truck = Segment("car", "petrol", "euro6d-temp"), Segment("truck", "diesel", "euro6")
    assert (set(found.table), found.left_out) == ({(car, "nox"), (truck, "pm_exhaust")}, len(other))
    assert found.table[car, "nox"].at(np.array([50.0])) == pytest.approx([0.2])
    assert found.table[truck, "pm_exhaust"].at(np.array([50.0])) == pytest.approx([0.15])
    assert "annex.xlsx, row 2" in found.table[car, "nox"].source


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (("much", *NUMBERS[1:]), "annex.xlsx, row 2, Alpha: 'much' is no number"),
        ((*NUMBERS[:2], -0.2, *NUMBERS[3:]), "annex.xlsx, row 2: the function is below 0"),
        ((0.0,) * 7, "annex.xlsx, row 2: the function is below 0 or infinite"),
    ],
)
def test_a_wrong_row_of_a_workbook_is_named(tmp_path: Path, numbers: tuple[object, ...], says: str) -> None:
    path = workbook(tmp_path / "annex.xlsx", (*CAR, *numbers, None))
    with pytest.raises(EmissionsError, match=says):
        read_factors(path)


def test_files_that_are_no_tables_of_factors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.xlsx").write_bytes(b"no zip")
    (tmp_path / "words.csv").write_text("one,two\n1,2\n")
    with pytest.raises(EmissionsError, match=r"bytes\.xlsx: it is no workbook"):
        read_factors(tmp_path / "bytes.xlsx")
    with pytest.raises(EmissionsError, match=r"words\.csv: no row names the columns"):
        read_factors(tmp_path / "words.csv")
    with pytest.raises(EmissionsError, match="none of its rows"):
        read_factors(workbook(tmp_path / "trams.xlsx", ("Trams", *CAR[1:], *NUMBERS, None)))


def test_the_table_shipped_can_be_read_back(tmp_path: Path) -> None:
    from talkoot.programmes.traffic.engine.emissions import factors

    source = Path(factors.__file__).with_name("hot_factors.csv")
    assert read_factors(source).table == shipped()


@pytest.mark.parametrize(
    ("name", "rows"),
    [("PC_parameter", 12), ("LDV_parameter", 12), ("Moto_parameter", 6)],
)
def test_tables_of_the_annex_of_2013_agree_with_what_is_shipped(name: str, rows: int) -> None:
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path} is absent; set TALKOOT_BENCH_DATA to the folder that holds emissions/")
    found = read_factors(path).table
    assert len(found) == rows
    speed = np.linspace(15, 100, 30)
    both = found.keys() & shipped().keys()
    assert len(both) >= 4
    for key in both:
        assert found[key].at(speed) == pytest.approx(shipped()[key].at(speed), rel=1e-9)
    with path.open(newline="") as file:
        assert read_factors(path).left_out == sum(1 for _ in csv.reader(file)) - 1 - rows
