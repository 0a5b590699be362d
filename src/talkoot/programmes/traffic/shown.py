"""What a finished model's page and report show: figures, map, chart of the day, tables, how it was made."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _

from talkoot.core.compute.models import Run
from talkoot.core.ui.maps import MapSpec
from talkoot.core.ui.parameters import ValueRow, parameter_rows
from talkoot.core.ui.tables import Column, Export, Table
from talkoot.programmes.traffic.chart import Amount, DayChart, day_chart
from talkoot.programmes.traffic.comparing import ranged, road_cell, streets
from talkoot.programmes.traffic.drawing import Shapes, bounds_of, shapes_of, value_layer
from talkoot.programmes.traffic.kinds import FLOW, POLLUTANTS, SPEED
from talkoot.programmes.traffic.links import DAY, VARIABLES, Links, busiest, links_of, plan_of, short, variable_of
from talkoot.programmes.traffic.models import TrafficInput
from talkoot.programmes.traffic.services import MODEL
from talkoot.programmes.traffic.showing import figures_of, per_day
from talkoot.programmes.traffic.words import (
    amount,
    assumed,
    class_name,
    hour_words,
    left_out,
    mode_name,
    percent,
    unit_of,
    variable_name,
)

GOOD_GEH: Final = 5.0
INPUTS: Final = ("network", "trips", "counts")


def chosen(run: Run, variable: str, hour: str) -> tuple[str, str]:
    """Return the variable and hour that an address asks for; unless it does, carbon dioxide in the busiest hour.

    Raises NotFoundError for others than the run tells of.
    """
    code = variable_of(variable or "co2")
    at = hour or busiest(run)
    links_of(run).of(code, at)
    return code, at


def result(run: Run, variable: str, hour: str) -> dict[str, Any]:
    """Return what templates show of a finished model, with a variable in an hour on its map."""
    links, told = links_of(run), plan_of(run)
    shapes = shapes_of(run, links)
    return {
        "told": told,
        "figures": figures_of(run),
        "variables": [(short(code), variable_name(code), code == variable) for code in VARIABLES],
        "hours": [(each, hour_words(each), each == hour) for each in (*map(str, links.hours), DAY)],
        "variable": short(variable),
        "variable_name": variable_name(variable),
        "hour": hour,
        "hour_words": hour_words(hour),
        **_beside(links, hour),
        "map": _map(run, links, shapes, variable, hour),
        "chart": _chart(run, told, variable, hour),
        "roads": _roads(run, links, shapes, variable, hour),
        "totals": _totals(run, told),
        "by_class": _by_class(told),
        **made_of(run, told),
    }


def made_of(run: Run, told: dict[str, Any]) -> dict[str, Any]:
    """Return how a model was made: its parameters, what was sent in, what was assumed, how it meets counts."""
    met = sum(count["geh"] < GOOD_GEH for count in told["counts"])
    return {
        "parameters": _parameters(run),
        "remarks": [*assumed(told["assumptions"]), *left_out(told.get("left_out", {}))],
        "modes": [(mode_name(mode), percent(share)) for mode, share in told["modes"].items()],
        "is_synthetic": not run.parameters["trips"],
        "counts": len(told["counts"]),
        "counts_met": percent(met / len(told["counts"])) if told["counts"] else "",
        "counts_simulated": told["counts_simulated"],
    }


def _parameters(run: Run) -> list[ValueRow]:
    """Return the parameters of a run in words, what was sent in by its name."""
    named = [run.parameters[code] for code in INPUTS if run.parameters[code]]
    names = {str(item.uid): item.name for item in TrafficInput.objects.filter(uid__in=named)} if named else {}
    rows = []
    for row in parameter_rows(MODEL, run.parameters):
        value = run.parameters[row.code]
        if row.code in INPUTS:
            row = ValueRow(row.code, row.label, names.get(value, value))
        elif row.code == "hours":
            row = ValueRow(row.code, row.label, _hours_words(value))
        elif isinstance(value, list):
            row = ValueRow(row.code, row.label, len(value))
        if row.value != "":
            rows.append(row)
    return rows


def _hours_words(hours: list[int]) -> str:
    """Write hours in short: 0–23, or one by one where some are left out."""
    whole = hours == list(range(hours[0], hours[-1] + 1))
    return f"{hours[0]}–{hours[-1]}" if whole and len(hours) > 1 else ", ".join(map(str, hours))


def _beside(links: Links, hour: str) -> dict[str, Any]:
    """Return the hours before and after the one shown, to step to."""
    at = links.hours.index(int(hour)) if hour != DAY else -1
    before = str(links.hours[at - 1]) if at > 0 else ""
    after = str(links.hours[at + 1]) if hour != DAY and at + 1 < len(links.hours) else ""
    return {
        "before": before,
        "after": after,
        "before_words": hour_words(before) if before else "",
        "after_words": hour_words(after) if after else "",
    }


def _map(run: Run, links: Links, shapes: Shapes, variable: str, hour: str) -> MapSpec | None:
    if not shapes:
        return None
    return MapSpec(
        title=_("%(what)s, %(hour)s") % {"what": variable_name(variable), "hour": hour_words(hour)},
        bounds=bounds_of(shapes),
        own=(value_layer(run, links, variable, hour),),
        table="roads",
        links=links.is_registered,
        remember=True,
    )


def _chart(run: Run, told: dict[str, Any], variable: str, hour: str) -> DayChart:
    if variable == FLOW:
        title, unit = _("Distance driven by the hour"), _("vehicle-km")
        amounts = [Amount(each["hour"], each["vehicle_km"]) for each in told["hours"]]
    elif variable == SPEED:
        title, unit = _("Mean speed by the hour"), "km/h"
        driven = [each for each in told["hours"] if each["vehicle_hours"]]
        amounts = [Amount(each["hour"], each["vehicle_km"] / each["vehicle_hours"]) for each in driven]
    else:
        title, unit = _("%s by the hour") % variable_name(variable), "kg/h"
        emitted = [(each["hour"], each["emissions_g"][short(variable)]) for each in told["hours"]]
        amounts = [Amount(at, *(each[name] / 1000.0 for name in ("value", "low", "high"))) for at, each in emitted]
    return day_chart("day", title, unit, amounts, hour)


def _roads(run: Run, links: Links, shapes: Shapes, variable: str, hour: str) -> Table:
    """Return the roads with most of a variable, or the slowest on which anybody drives."""
    values = links.of(variable, hour)
    driven = links.of(FLOW, hour)[:, 0] > 0.5
    weight = np.where(driven & np.isfinite(values[:, 0]), values[:, 0], np.nan)
    ranked = np.argsort(weight if variable == SPEED else -weight, kind="stable")
    order = streets(ranked[np.isfinite(weight[ranked])], links.uids, shapes)
    unit = unit_of(variable, hour)
    columns = [
        Column("road", _("Road")),
        Column("value", variable_name(variable), unit=unit, numeric=True),
        Column("low", _("At least"), unit=unit, numeric=True),
        Column("high", _("At most"), unit=unit, numeric=True),
    ]
    rows = [(road_cell(links, shapes, links.uids[at]), *map(amount, values[at].tolist())) for at in order]
    words = {"what": variable_name(variable), "hour": hour_words(hour)}
    caption = _("Slowest streets, %(hour)s") if variable == SPEED else _("Streets with most, %(hour)s: %(what)s")
    of_run = {"uid": run.uid, "name": "links"}
    exports = (
        Export(_("CSV, all roads and hours"), reverse("ui:run-result", kwargs=of_run)),
        Export("JSON", reverse("ui:run-table", kwargs={**of_run, "format": "json"})),
    )
    return Table(caption % words, columns, rows, id="roads", exports=exports, empty=_("Nobody drives in this hour."))


def _totals(run: Run, told: dict[str, Any]) -> Table:
    columns = [
        Column("what", _("What is emitted")),
        Column("value", _("Amount"), unit=per_day(run, "kg"), numeric=True),
        Column("low", _("At least"), unit="kg", numeric=True),
        Column("high", _("At most"), unit="kg", numeric=True),
    ]
    rows = []
    for pollutant in POLLUTANTS:
        total = told["totals_kg"][pollutant]
        rows.append(
            (variable_name(f"traffic.{pollutant}"), *(amount(total[name]) for name in ("value", "low", "high")))
        )
    return Table(_("Emissions in all, with the range that holds nine of ten"), columns, rows, id="totals")


def _by_class(told: dict[str, Any]) -> Table:
    columns = [
        Column("class", _("Vehicles")),
        *(Column(each, variable_name(f"traffic.{each}"), unit="kg", numeric=True) for each in POLLUTANTS),
    ]
    rows = [
        (class_name(vehicle), *(ranged(emitted[each]) for each in POLLUTANTS))
        for vehicle, emitted in told["classes_kg"].items()
    ]
    return Table(_("Emissions by class of vehicles, each with its range"), columns, rows, id="classes")
