"""UCUM codes are read, converted and written as people write them; nonsense is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.units import ATOMS, PREFIXES, convert, parse, symbol


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.0, "km", "m", 1000.0),
        (36.0, "km/h", "m/s", 10.0),
        (20.0, "Cel", "K", 293.15),
        (212.0, "[degF]", "Cel", 100.0),
        (1.0, "mg/m3", "ug/m3", 1000.0),
        (1.0, "kW.h", "MJ", 3.6),
        (300.0, "Mbit/s", "Gbit/s", 0.3),
        (1.0, "MBy", "Mbit", 8.0),
        (50.0, "%", "1", 0.5),
        (420.0, "[ppm]", "%", 0.042),
        (30.0, "dB[mW]", "W", 1.0),
        (0.0, "dB[W]", "dB[mW]", 30.0),
        (0.0, "dB[SPL]", "Pa", 2e-5),
        (1.0, "t{CO2}/a", "kg/a", 1000.0),
        (1013.25, "hPa", "kPa", 101.325),
        (2.0, "10*3.l/d", "m3/d", 2.0),
        (1.0, "J/(kg.K)", "kJ/kg/K", 0.001),
        (1.0, "/h", "/d", 24.0),
        (1.0, "har", "m2", 1e4),
        (1.0, "dam", "m", 10.0),
        (1.0, "a", "d", 365.25),
        (5.0, "{person}", "1", 5.0),
    ],
)
def test_conversion_by_definition(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_arrays_are_converted_whole() -> None:
    assert convert(np.array([0.0, 100.0]), "Cel", "[degF]") == pytest.approx(np.array([32.0, 212.0]))


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("ug/m3", "µg/m³"),
        ("Cel", "°C"),
        ("Mbit/s", "Mbit/s"),
        ("dB[mW]", "dBm"),
        ("1", ""),
        ("%", "%"),
        ("/h", "/h"),
        ("W/(m2.K)", "W/(m²·K)"),
        ("m.s-2", "m·s⁻²"),
        ("t{CO2}/a", "t CO2/a"),
        ("{person}/d", "person/d"),
        ("kOhm", "kΩ"),
    ],
)
def test_symbols_for_people(code: str, written: str) -> None:
    assert symbol(code) == written


@pytest.mark.parametrize(
    "code",
    [
        "",
        "furlong",
        "m/",
        "m..s",
        "(m",
        "m)",
        "m0",
        "Cel/m",
        "Cel2",
        "2.Cel",
        "kmin",
        "m^2",
        "µg/m3",
        "m" * 65,
        "(" * 30,
        "1e9",
        "m {x}",
        "<script>",
    ],
)
def test_a_code_that_is_none_is_refused_with_the_field_and_a_fix(code: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse(code)
    assert caught.value.problems[0].field == "unit"
    assert caught.value.problems[0].fix


def test_units_of_different_things_do_not_convert() -> None:
    with pytest.raises(InvalidError, match="measure different things"):
        convert(1.0, "ug/m3", "Cel")


@pytest.mark.parametrize("code", list(ATOMS))
def test_every_atom_is_known_to_pint(code: str) -> None:
    assert parse(code).symbol
    if ATOMS[code].metric:
        for prefix in PREFIXES:
            assert parse(prefix + code).factor == 1.0


@given(st.text(max_size=80))
def test_any_text_is_a_unit_or_a_clear_error(code: str) -> None:
    try:
        assert parse(code).code == code
    except InvalidError as error:
        assert error.problems[0].message


LINEAR = [code for code, atom in ATOMS.items() if not atom.scale]


@given(st.floats(-1e6, 1e6), st.sampled_from(LINEAR), st.sampled_from(sorted(PREFIXES)))
def test_there_and_back_is_the_same(value: float, code: str, prefix: str) -> None:
    other = prefix + code if ATOMS[code].metric else f"10*3.{code}"
    assert convert(convert(value, code, other), other, code) == pytest.approx(value, rel=1e-9, abs=1e-9)
