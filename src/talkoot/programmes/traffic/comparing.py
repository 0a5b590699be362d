"""Two models side by side: totals with their ranges and what differs, and the roads that change most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.compute.models import Run
from talkoot.core.ui.tables import Cell, Column, Table
from talkoot.core.ui.things import address_of
from talkoot.programmes.traffic.drawing import Shapes, change_between
from talkoot.programmes.traffic.kinds import POLLUTANTS
from talkoot.programmes.traffic.links import Links, plan_of
from talkoot.programmes.traffic.words import amount, percent, unit_of, variable_name

MOST_ROWS: Final = 20


def totals(first: Run, second: Run) -> Table:
    """Return the totals of two models beside each other, with ranges where they have some, and their change."""
    columns = [
        Column("what", _("What")),
        Column("first", title_of(first), numeric=True),
        Column("second", title_of(second), numeric=True),
        Column("change", _("Change"), numeric=True),
        Column("share", _("Change"), unit="%", numeric=True),
    ]
    rows: list[Any] = [
        _plain(_("Vehicle trips"), first, second, "vehicles"),
        _plain(_("Distance driven (vehicle-km)"), first, second, "vehicle_km"),
        _plain(_("Mean speed (km/h)"), first, second, "mean_speed_kmh"),
    ]
    one, other = (plan_of(run)["totals_kg"] for run in (first, second))
    for pollutant in POLLUTANTS:
        before, after = one[pollutant], other[pollutant]
        name = f"{variable_name(f'traffic.{pollutant}')} (kg)"
        rows.append((name, ranged(before), ranged(after), *_change(before["value"], after["value"])))
    return Table(_("Totals of the hours that were computed"), columns, rows, id="totals")


def title_of(run: Run) -> str:
    """Return what a run is called: its scenario, else its parameters' own words."""
    return run.scenario or _("A model without a name")


def ranged(told: dict[str, float]) -> str:
    """Write a value with its range."""
    return f"{amount(told['value'])} ({amount(told['low'])}–{amount(told['high'])})"


def _plain(name: str, first: Run, second: Run, code: str) -> tuple[str, ...]:
    before, after = float(first.summary[code]), float(second.summary[code])
    return (name, amount(before), amount(after), *_change(before, after))


def _change(before: float, after: float) -> tuple[str, str]:
    change = after - before
    sign = "+" if change > 0 else ""
    return f"{sign}{amount(change)}", f"{sign}{percent(change / before)}" if before else "–"


def changed_roads(before: Links, after: Links, shapes: Shapes, variable: str, hour: str) -> Table:
    """Return the roads whose value differs most between two models, the largest change first."""
    common, change = change_between(before, after, variable, hour)
    order = streets(np.argsort(-np.abs(change), kind="stable"), common, shapes)
    one, other = before.of(variable, hour), after.of(variable, hour)
    unit = unit_of(variable, hour)
    columns = [
        Column("road", _("Road")),
        Column("first", _("First"), unit=unit, numeric=True),
        Column("second", _("Second"), unit=unit, numeric=True),
        Column("change", _("Change"), unit=unit, numeric=True),
    ]
    rows = []
    for at in order:
        uid = common[at]
        if not change[at]:
            continue
        values = amount(float(one[before.place[uid], 0])), amount(float(other[after.place[uid], 0]))
        sign = "+" if change[at] > 0 else ""
        rows.append((road_cell(after, shapes, uid), *values, f"{sign}{amount(float(change[at]))}"))
    return Table(
        _("Streets that change most, each by its link that does: %s") % variable_name(variable),
        columns,
        rows,
        id="roads",
        empty=_("No road that both models have differs."),
    )


def streets(order: NDArray[np.int64], uids: Sequence[str], shapes: Shapes) -> list[int]:
    """Return the first positions of an order, of each street (by its name) only the first; at most 20."""
    found: dict[str, int] = {}
    for at in order.tolist():
        name = shapes[uids[at]][0] if uids[at] in shapes else ""
        found.setdefault(name or uids[at], at)
        if len(found) == MOST_ROWS:
            break
    return list(found.values())


def road_cell(links: Links, shapes: Shapes, uid: str) -> Cell:
    """Return a road's name, leading to its page where it is a thing of the register."""
    name = shapes[uid][0] if uid in shapes else ""
    if not links.is_registered:
        return Cell(name or uid)
    return Cell(name or _("Road %s") % uid[-6:], address_of(uid))
