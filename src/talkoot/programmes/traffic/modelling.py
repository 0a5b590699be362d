"""The run of a traffic model: roads and demand, the equilibrium of each hour, emissions, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from functools import reduce
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.context import RunContext
from talkoot.programmes.traffic import telling, uploads
from talkoot.programmes.traffic.case import Case, case_of_city, case_of_upload
from talkoot.programmes.traffic.correcting import Corrected, corrected
from talkoot.programmes.traffic.counters import Counter, counters_at, digest_of
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.estimate import Emissions
from talkoot.programmes.traffic.engine.emissions.fleet import finnish_fleet
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.hourly import Hour, Model, hours_of
from talkoot.programmes.traffic.services import day_of, require_possible

MINUTES: float = 60.0
Floats = NDArray[np.float64]


def model(context: RunContext) -> None:
    """Find the traffic of a workday hour by hour, and what it emits; leave tables, a summary and roads for drawing.

    Raises InvalidError by field for what cannot be computed; what reading the register raises.
    """
    require_possible(context.parameters)
    try:
        _model(context, context.parameters)
    except (NetworkError, EmissionsError) as error:
        raise InvalidError(error.field, error.problem, error.fix) from error


def _model(context: RunContext, parameters: Mapping[str, Any]) -> None:
    context.progress(0.02, _("Reading roads and zones"))
    case = case_of_upload(parameters) if parameters["network"] else case_of_city(parameters)
    for name, digest in case.digests.items():
        context.add_input(name, digest)
    known = _corrected(case, context)
    if known.counters:
        context.add_input("counts", digest_of(known.counters))
    asked = _asked(case, known, parameters)

    def tell(share: float, gap: float) -> None:
        words = _("Finding where traffic goes (relative gap %(gap)s)") % {"gap": f"{gap:.1e}"}
        context.progress(0.25 + 0.6 * share, words)

    def of_hour(hour: int) -> Floats:
        return known.applied(case, hour) * float(parameters["demand_factor"])

    hours = hours_of(asked, sorted(parameters["hours"]), of_hour, tell)
    context.progress(0.85, _("Adding up emissions"))
    day = reduce(np.add, (of_hour(hour) for hour in parameters["hours"]))
    _leave(context, case, asked, known, hours, day)


def _corrected(case: Case, context: RunContext) -> Corrected:
    def tell(share: float) -> None:
        context.progress(0.1 + 0.15 * min(share, 1.0), _("Correcting trips to counts"))

    tell(0.0)
    return corrected(case, _counters(case, context), context.parameters, tell)


def _counters(case: Case, context: RunContext) -> list[Counter]:
    """Return the counts that were sent in, else those of the city's counters beside these roads."""
    if context.parameters["counts"]:
        return uploads.counters_of(uploads.find(context.parameters["counts"], "counts"))
    if not case.is_registered:
        return []
    roads = np.flatnonzero(~case.is_connector)
    uids = [case.uids[link] for link in roads.tolist()]
    return counters_at(uids, case.geometries[roads], context.actor, int(context.parameters["count_days"]))


def _asked(case: Case, known: Corrected, parameters: Mapping[str, Any]) -> Model:
    """Return the roads as the scenario has them, with who drives on them."""
    network = case.network
    faster = np.where(case.is_connector, 1.0, float(parameters["speed_factor"]))
    fixed = np.where(_named(case, parameters, "closed_links"), np.inf, 0.0)
    toll = MINUTES * float(parameters["toll_eur"]) / float(parameters["value_of_time_eur_h"])
    fixed += np.where(_named(case, parameters, "toll_links"), toll, 0.0)
    return Model(
        network=replace(network, free_flow_time=network.free_flow_time / faster),
        fixed=fixed,
        length_km=np.where(case.is_connector, 0.0, case.length_m / 1000.0),
        emissions=Emissions(
            finnish_fleet(ev_share=float(parameters["ev_share"])),
            temperature_c=float(parameters["temperature_c"]),
            seed=int(parameters["seed"]),
        ),
        spread=known.spread,
        gap=float(parameters["gap"]),
    )


def _named(case: Case, parameters: Mapping[str, Any], field: str) -> NDArray[np.bool_]:
    """Return which links are on the roads that a parameter names. Raises InvalidError, naming those that are none."""
    wanted = {str(uid) for uid in parameters[field]}
    if missing := sorted(wanted - set(case.uids)):
        problem = _("No road of this network is called %s.") % missing[0]
        raise InvalidError(field, problem, _("Name road links by their identifiers, or leave them out."))
    return case.links_of(wanted)


def _leave(context: RunContext, case: Case, asked: Model, known: Corrected, hours: list[Hour], day: Floats) -> None:
    plan = {**telling.summary(case, asked, hours), **known.told(case, hours)}
    context.summarise(**telling.figures(plan))
    context.add_plan("summary", plan)
    context.add_table("links", telling.links_table(case, hours, midnight(context.parameters)))
    context.add_table("zones", telling.zones_table(case, asked, hours, day))
    if not case.is_registered and case.is_placed:
        context.add_paths("roads", telling.roads_paths(case))


def midnight(parameters: Mapping[str, Any]) -> datetime:
    """Return when the day begins that results are said to be of, in the city's time zone."""
    day = day_of(parameters) or timezone.localdate()
    return timezone.make_aware(datetime.combine(day, time()))
