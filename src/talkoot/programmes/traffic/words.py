"""What a model of traffic tells in codes, said in words of the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talkoot.core.base.programmes import variables
from talkoot.programmes.traffic.kinds import FLOW, SPEED
from talkoot.programmes.traffic.links import DAY

DIGITS: Final = 3
RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def variable_name(variable: str) -> str:
    """Return what a variable is called."""
    return str(variables()[variable].name)


def unit_of(variable: str, hour: str) -> str:
    """Return the unit of a variable's values in an hour, or in all hours together, as people write it."""
    if variable == FLOW:
        return _("vehicles") if hour == DAY else _("vehicles/h")
    return plain_unit(variable, hour)


def plain_unit(variable: str, hour: str) -> str:
    """Return the same unit in no language, as programs read it."""
    if variable == SPEED:
        return "km/h"
    amount_of = "veh" if variable == FLOW else "g"
    return amount_of if hour == DAY else f"{amount_of}/h"


def hour_words(hour: str) -> str:
    """Return an hour of the day as people write it: from when to when."""
    if hour == DAY:
        return _("all hours together")
    return f"{int(hour):02d}–{(int(hour) + 1) % 24:02d}"


def amount(value: float) -> str:
    """Write an amount with three digits that count, as the active language does."""
    rounded = float(f"{value:.{DIGITS}g}")
    places = 0 if abs(rounded) >= 10 ** (DIGITS - 1) else None
    shown = round(rounded) if places == 0 or rounded == int(rounded) else rounded
    return number_format(shown, use_l10n=True, force_grouping=True)


def small(share: float) -> str:
    """Write a very small share as a power of ten: 5 × 10⁻⁷."""
    if not share:
        return "0"
    digit, exponent = f"{share:.0e}".split("e")
    return f"{digit} × 10{str(int(exponent)).translate(RAISED)}"


def percent(share: float) -> str:
    """Write a share as percent with one decimal, as the active language does, without the sign."""
    return number_format(round(100 * share, 1), 1, use_l10n=True)


def mode_name(mode: str) -> str:
    """Return what a mode of travel is called."""
    names = {
        "car": _("by car"),
        "transit": _("by public transport"),
        "cycle": _("by bicycle"),
        "walk": _("on foot"),
    }
    return names.get(mode, mode)


def class_name(vehicle: str) -> str:
    """Return what a class of vehicles is called."""
    names = {
        "car": _("Cars"),
        "van": _("Vans"),
        "truck": _("Trucks"),
        "bus": _("Buses"),
        "motorcycle": _("Motorcycles"),
    }
    return names.get(vehicle, vehicle)


def left_out(counts: Mapping[str, int]) -> list[str]:
    """Say in words what is not in a model."""
    words = {
        "unconnected": lambda n: ngettext(
            "%d link is left out: it cannot be reached or left.",
            "%d links are left out: they cannot be reached or left.",
            n,
        ),
        "closed_to_cars": lambda n: ngettext("%d road is closed to cars.", "%d roads are closed to cars.", n),
        "not_lines": lambda n: ngettext("%d road has no line on the map.", "%d roads have no line on the map.", n),
        "loops": lambda n: ngettext(
            "%d road that ends where it begins is left out.", "%d roads that end where they begin are left out.", n
        ),
        "restrictions": lambda n: ngettext(
            "%d turn restriction is not applied: it holds at times only or leads over a third road.",
            "%d turn restrictions are not applied: they hold at times only or lead over a third road.",
            n,
        ),
        "vehicles_without_gateway": lambda n: ngettext(
            "%d car trip a day to or from outside is left out: no main road carries it.",
            "%d car trips a day to or from outside are left out: no main road carries them.",
            n,
        ),
        "vehicles_within_zones": lambda n: ngettext(
            "%d car trip of the busiest hour stays in its zone and drives on no link.",
            "%d car trips of the busiest hour stay in their zones and drive on no link.",
            n,
        ),
    }
    return [words[code](count) % count for code, count in counts.items() if code in words and count]


def assumed(assumptions: Mapping[str, Any]) -> list[str]:
    """Say in words what had to be assumed of the city."""
    words = {
        "people_from_floor_area": lambda n: ngettext(
            "Residents and jobs are assumed from the floor area of %d building.",
            "Residents and jobs are assumed from the floor areas of %d buildings.",
            n,
        ),
        "levels_from_height": lambda n: ngettext(
            "The storeys of %d building are assumed from its height.",
            "The storeys of %d buildings are assumed from their heights.",
            n,
        ),
        "uses_unknown": lambda n: ngettext(
            "The use of %d building is not known.", "The uses of %d buildings are not known.", n
        ),
        "zones_without_numbers": lambda n: ngettext(
            "%d traffic zone says nothing of residents or jobs: it counts as having none.",
            "%d traffic zones say nothing of residents or jobs: they count as having none.",
            n,
        ),
        "zones_nowhere": lambda n: ngettext(
            "%d traffic zone has no place and is left out.", "%d traffic zones have no place and are left out.", n
        ),
        "lanes_by_class": lambda n: ngettext(
            "The lanes of %d road are assumed by its class.", "The lanes of %d roads are assumed by their class.", n
        ),
        "speeds_by_class": lambda n: ngettext(
            "The speed limit of %d road is assumed by its class.",
            "The speed limits of %d roads are assumed by their class.",
            n,
        ),
        "capacities_by_class": lambda n: ngettext(
            "The capacity of %d road is assumed by its class.",
            "The capacities of %d roads are assumed by their class.",
            n,
        ),
    }
    return [words[code](count) % count for code, count in assumptions.items() if code in words and count]
