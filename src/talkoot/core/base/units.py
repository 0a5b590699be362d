"""Units of measure: UCUM codes in the data, conversion by pint, symbols for people.

The codes are those of the Unified Code for Units of Measure (UCUM, case sensitive), the subset that a city's variables
need: the atoms of `ATOMS` with metric prefixes where UCUM allows them, products, quotients, exponents, powers of ten
and annotations in braces, which do not change a unit ("t{CO2}/a" is t/a). Degrees Celsius and Fahrenheit and levels in
decibels stand alone, since they are scales and not multiples of a unit (UCUM, section 21).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from talkoot.core.base.errors import InvalidError

if TYPE_CHECKING:
    import numpy as np
    from pint import Unit, UnitRegistry

    Value = TypeVar("Value", float, np.ndarray)

LENGTH_LIMIT: Final = 64
DEPTH_LIMIT: Final = 5
EXPONENT_LIMIT: Final = 30

PREFIXES: Final = {
    "T": "tera",
    "G": "giga",
    "M": "mega",
    "k": "kilo",
    "h": "hecto",
    "da": "deca",
    "d": "deci",
    "c": "centi",
    "m": "milli",
    "u": "micro",
    "n": "nano",
    "p": "pico",
}


@dataclass(frozen=True, slots=True)
class Atom:
    """A unit symbol of UCUM: pint's name for it, how people write it, and whether it takes prefixes.

    `scale` marks the special units that stand alone.
    """

    name: str
    symbol: str = ""
    metric: bool = False
    scale: bool = False


ATOMS: Final = {
    "m": Atom("meter", metric=True),
    "s": Atom("second", metric=True),
    "g": Atom("gram", metric=True),
    "K": Atom("kelvin", metric=True),
    "A": Atom("ampere", metric=True),
    "mol": Atom("mole", metric=True),
    "cd": Atom("candela", metric=True),
    "rad": Atom("radian", metric=True),
    "sr": Atom("steradian", metric=True),
    "Hz": Atom("hertz", metric=True),
    "N": Atom("newton", metric=True),
    "Pa": Atom("pascal", metric=True),
    "J": Atom("joule", metric=True),
    "W": Atom("watt", metric=True),
    "V": Atom("volt", metric=True),
    "C": Atom("coulomb", metric=True),
    "F": Atom("farad", metric=True),
    "Ohm": Atom("ohm", "Ω", metric=True),
    "S": Atom("siemens", metric=True),
    "lm": Atom("lumen", metric=True),
    "lx": Atom("lux", metric=True),
    "Bq": Atom("becquerel", metric=True),
    "Sv": Atom("sievert", metric=True),
    "bar": Atom("bar", metric=True),
    "t": Atom("metric_ton", metric=True),
    "l": Atom("liter", metric=True),
    "L": Atom("liter", metric=True),
    "ar": Atom("are", "a", metric=True),
    "eV": Atom("electron_volt", metric=True),
    "cal": Atom("calorie", metric=True),
    "bit": Atom("bit", metric=True),
    "By": Atom("byte", "B", metric=True),
    "Bd": Atom("baud", metric=True),
    "min": Atom("minute"),
    "h": Atom("hour"),
    "d": Atom("day"),
    "wk": Atom("week"),
    "mo": Atom("month"),
    "a": Atom("julian_year"),
    "deg": Atom("degree", "°"),
    "'": Atom("arcminute", "′"),
    "''": Atom("arcsecond", "″"),
    "%": Atom("percent"),
    "[ppth]": Atom("permille", "‰"),
    "[ppm]": Atom("ppm", "ppm"),
    "[ppb]": Atom("ppb", "ppb"),
    "[ft_i]": Atom("foot", "ft"),
    "[mi_i]": Atom("mile", "mi"),
    "[kn_i]": Atom("knot", "kn"),
    "Cel": Atom("degree_Celsius", "°C", scale=True),
    "[degF]": Atom("degree_Fahrenheit", "°F", scale=True),
    "dB": Atom("decibel", scale=True),
    "dB[W]": Atom("decibelwatt", "dBW", scale=True),
    "dB[mW]": Atom("decibelmilliwatt", "dBm", scale=True),
    "dB[SPL]": Atom("decibelsoundpressure", "dB", scale=True),
}
DEFINITIONS: Final = (
    "ppb = 1e-9",
    "decibelwatt = 1 watt; logbase: 10; logfactor: 10 = dBW",
    "decibelsoundpressure = 2e-5 pascal; logbase: 10; logfactor: 20 = dBSPL",
)
PREFIX_SYMBOLS: Final = {"u": "µ"}
SUPERSCRIPTS: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
COMPONENT: Final = re.compile(
    r"(?P<power>10[*^](?P<ten>[+-]?\d{1,2}))|(?P<number>[1-9]\d{0,8})|(?P<note>\{[^{}]{0,40}\})"
    r"|(?P<atom>(?:[A-Za-z%']|\[[A-Za-z_]{1,10}\])+)(?P<exponent>[+-]?\d{1,2})?(?P<said>\{[^{}]{0,40}\})?"
)


@dataclass(frozen=True, slots=True)
class CodedUnit:
    """A unit read from its UCUM code: a number times a unit of pint, and its symbol for people."""

    code: str
    factor: float
    unit: Unit
    symbol: str


@cache
def registry() -> UnitRegistry[Any]:
    """Return pint's registry with the few units added that it lacks; made on first use, as it takes half a second."""
    from pint import UnitRegistry

    made: UnitRegistry[Any] = UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in DEFINITIONS:
        made.define(definition)
    return made


@lru_cache(maxsize=1000)
def parse(code: str) -> CodedUnit:
    """Read a UCUM code.

    Raises InvalidError, naming the place, for a code that is malformed, too long, or of units not in `ATOMS`.
    """
    if len(code) > LENGTH_LIMIT:
        raise InvalidError("unit", f"The code has {len(code)} characters.", f"Use at most {LENGTH_LIMIT}.")
    return _Reader(code).read()


def convert(value: Value, source: str, target: str) -> Value:
    """Convert a number or an array from one unit to another, both by UCUM code.

    Raises InvalidError where a code cannot be read or the units measure different things.
    """
    if source == target:
        return value
    one, other = parse(source), parse(target)
    from pint.errors import DimensionalityError

    try:
        converted = registry().Quantity(value * one.factor, one.unit).to(other.unit).magnitude
    except DimensionalityError as error:
        raise InvalidError(
            "unit", f"{source!r} cannot be converted to {target!r}: they measure different things."
        ) from error
    return converted / other.factor


def symbol(code: str) -> str:
    """Return how people write the unit: "ug/m3" is µg/m³, "Cel" is °C, "1" is nothing."""
    return parse(code).symbol


class _Reader:
    """Reads one code from left to right; parentheses by recursion of bounded depth."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._at = 0
        self._scales = 0
        self._components = 0

    def read(self) -> CodedUnit:
        """Return the unit of the whole code."""
        factor, unit, written = self._term(0)
        if self._at < len(self._code):
            raise self._error("Nothing can follow here.")
        if self._scales and (self._components > 1 or factor != 1.0):
            raise self._error("A scale such as Cel or dB stands alone; for differences use K.")
        return CodedUnit(self._code, factor, unit, written)

    def _term(self, depth: int) -> tuple[float, Unit, str]:
        if depth > DEPTH_LIMIT:
            raise self._error("Too many parentheses.")
        factor, unit, written = 1.0, registry().Unit(""), ""
        divides = self._take("/")
        while True:
            number, part, word = self._component(depth)
            factor = factor / number if divides else factor * number
            unit = unit / part if divides else unit * part
            written += ("/" if divides else "·" if written and word else "") + word
            if self._take("/"):
                divides = True
            elif self._take("."):
                divides = False
            else:
                return factor, unit, written

    def _component(self, depth: int) -> tuple[float, Unit, str]:
        if self._take("("):
            factor, unit, written = self._term(depth + 1)
            if not self._take(")"):
                raise self._error("A parenthesis is not closed.")
            return factor, unit, f"({written})"
        found = COMPONENT.match(self._code, self._at)
        if found is None:
            raise self._error("A unit is missing or has a character that units do not have.")
        read = self._plain(found) or self._atom(found)
        self._at = found.end()
        return read

    def _plain(self, found: re.Match[str]) -> tuple[float, Unit, str] | None:
        """Return a power of ten, a number or a bare annotation; None where the component is a unit."""
        nothing = registry().Unit("")
        if found["ten"] is not None:
            return 10.0 ** int(found["ten"]), nothing, "10" + str(int(found["ten"])).translate(SUPERSCRIPTS)
        if found["number"]:
            return float(found["number"]), nothing, "" if found["number"] == "1" else found["number"]
        if found["note"]:
            return 1.0, nothing, found["note"][1:-1]
        return None

    def _atom(self, found: re.Match[str]) -> tuple[float, Unit, str]:
        prefix, atom, code = self._split(found["atom"])
        exponent = int(found["exponent"] or 1)
        if not -EXPONENT_LIMIT <= exponent <= EXPONENT_LIMIT or exponent == 0:
            raise self._error("This exponent makes no sense.")
        self._components += 1
        self._scales += atom.scale
        if atom.scale and exponent != 1:
            raise self._error("A scale such as Cel or dB takes no exponent.")
        unit: Unit = registry().Unit(PREFIXES.get(prefix, "") + atom.name) ** exponent  # type: ignore[assignment]
        raised = "" if exponent == 1 else str(exponent).translate(SUPERSCRIPTS)
        said = f" {found['said'][1:-1]}" if found["said"] else ""
        return 1.0, unit, f"{PREFIX_SYMBOLS.get(prefix, prefix)}{atom.symbol or code}{raised}{said}"

    def _split(self, word: str) -> tuple[str, Atom, str]:
        """Split a unit's word into its prefix ("" for none) and its atom; a whole atom comes before a split one."""
        if word in ATOMS:
            return "", ATOMS[word], word
        for length in (2, 1):
            prefix, code = word[:length], word[length:]
            if prefix in PREFIXES and code in ATOMS and ATOMS[code].metric:
                return prefix, ATOMS[code], code
        raise self._error(f"{word!r} is no unit known here.")

    def _take(self, character: str) -> bool:
        taken = self._code[self._at : self._at + 1] == character
        self._at += taken
        return taken

    def _error(self, message: str) -> InvalidError:
        return InvalidError(
            "unit", f"{self._code!r}, character {self._at + 1}: {message}", "Use a UCUM code, such as ug/m3."
        )
