"""Makes what an adopted run shows as: a sensor that is the procedure, observed properties, datastreams."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from django.conf import settings
from django.db.models import Q

from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.declare import Procedure, Variable
from talkoot.core.base.programmes import variables
from talkoot.core.base.text import Text
from talkoot.core.base.units import symbol
from talkoot.core.compute.models import Run
from talkoot.core.compute.viewing import may_view
from talkoot.core.observations.models import Datastream, DatastreamProperty, ObservedProperty, Sensor
from talkoot.core.observations.placing import default_features
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import ensure_source

MEASUREMENT: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
MOST_ASKED: Final = 5_000  # of one statement
Pair = tuple[str, str]  # the uid of a thing, the code of a variable


def ensure_sensor(procedure: Procedure, run: Run) -> Sensor:
    """Return the sensor that stands for a procedure; its metadata name the run that it shows now."""
    sensor = Sensor.objects.filter(procedure=procedure.code).first() or Sensor(procedure=procedure.code)
    sensor.name = procedure.title
    sensor.description = Text(
        fi="Laskenta, jonka kaupunki on ottanut tilannekuvakseen: arvot on mallinnettu.",
        sv="En beräkning som staden har gjort till sin lägesbild: värdena är modellerade.",
        en="A computation that the city has adopted as its current picture: the values are modelled.",
    )
    sensor.encoding_type = "application/json"
    sensor.metadata = {
        "procedure": procedure.code,
        "version": run.version,
        "run": str(run.uid),
        "scenario": run.scenario,
        "finished": run.finished_at.isoformat() if run.finished_at else None,
    }
    sensor.save()
    return sensor


def ensure_datastreams(procedure: Procedure, sensor: Sensor, pairs: Collection[Pair]) -> dict[Pair, int]:
    """Return the datastream of each thing and variable, made where there is none; without what is unknown by now."""
    declared = variables()
    of_variable = {code: _property(declared[code]) for code in {code for _, code in pairs} if code in declared}
    known = _known(sensor)
    missing = [pair for pair in pairs if pair not in known and pair[1] in of_variable]
    is_public = may_view(Actor(), procedure.code)
    sensor.datastreams.exclude(is_public=is_public).update(is_public=is_public)
    for start in range(0, len(missing), MOST_ASKED):
        made = _make(procedure, sensor, missing[start : start + MOST_ASKED], of_variable, is_public=is_public)
        known |= made
    return {pair: known[pair] for pair in pairs if pair in known}


def _known(sensor: Sensor) -> dict[Pair, int]:
    rows = sensor.datastreams.values_list("thing__uid", "property_links__observed_property__code", "pk")
    return {(str(uid), code): key for uid, code, key in rows.iterator()}


def _make(
    procedure: Procedure,
    sensor: Sensor,
    pairs: Iterable[Pair],
    of_variable: dict[str, ObservedProperty],
    *,
    is_public: bool,
) -> dict[Pair, int]:
    wanted = list(pairs)
    things = {str(one.uid): one for one in Thing.objects.filter(uid__in={uid for uid, _ in wanted})}
    features = default_features(list(things.values()))
    source = modelled_source()
    there = [pair for pair in wanted if pair[0] in things]
    there.sort(key=lambda pair: (things[pair[0]].pk, pair[1]))
    made = Datastream.objects.bulk_create(
        Datastream(
            thing=things[uid],
            sensor=sensor,
            name=of_variable[code].name,
            description=procedure.title,
            observation_types=[MEASUREMENT],
            units=[_unit(variables()[code].unit)],
            feature=features.get(things[uid].pk),
            source=source,
            is_public=is_public,
        )
        for uid, code in there
    )
    DatastreamProperty.objects.bulk_create(
        DatastreamProperty(datastream=datastream, observed_property=of_variable[code])
        for datastream, (_, code) in zip(made, there, strict=True)
    )
    return {pair: datastream.pk for pair, datastream in zip(there, made, strict=True)}


def _unit(code: str) -> dict[str, str]:
    return {"name": code, "symbol": symbol(code), "definition": f"https://ucum.org/ucum#{code}"}


def _property(variable: Variable) -> ObservedProperty:
    """Return the observed property of a declared variable: what measures it observes the same."""
    definition = f"{settings.BASE_URI}/variables/{variable.code}"
    named = ObservedProperty.objects.filter(Q(code=variable.code) | Q(code="", definition=definition))
    found = named.order_by("-code", "pk").first()
    if found is not None and found.code == variable.code:
        return found
    found = found or ObservedProperty(definition=definition, name=variable.name, description=variable.description)
    found.code = variable.code
    found.save()
    return found


def modelled_source() -> Source:
    """Return the source of what the city computes itself."""
    if (found := Source.objects.filter(code="adopted-runs").first()) is not None:
        return found
    name = Text(fi="Kaupungin mallilaskelmat", sv="Stadens modellberäkningar", en="The city's computations")
    return ensure_source(city_job(), code="adopted-runs", name=name, licence="CC-BY-4.0")
