"""Verbs on datastreams: made, changed and deleted with their readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.services import require, service
from talkoot.core.base.text import Text
from talkoot.core.observations.access import VIEW_PRIVATE, require_measured
from talkoot.core.observations.checks import require_storable, set_values
from talkoot.core.observations.forgetting import forget, save_new
from talkoot.core.observations.models import Datastream, DatastreamProperty, ObservedProperty, Sensor
from talkoot.core.observations.placing import default_feature
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import ensure_source, text_of

EDIT: Final = "observations.edit"
MAX_PROPERTIES: Final = 100
CHANGEABLE: Final = frozenset(
    {
        "name",
        "description",
        "properties",
        "thing",
        "sensor",
        "observation_types",
        "units",
        "observed_area",
        "is_public",
        "interval",
        "keep_days",
        "keep_hourly_days",
    }
)


@service(EDIT, subject="thing")
def add_datastream(
    actor: Actor,
    *,
    thing: Thing,
    sensor: Sensor,
    observed_properties: Sequence[ObservedProperty],
    name: Text | Mapping[str, str] | str,
    observation_types: Sequence[str],
    units: Sequence[Mapping[str, Any]],
    description: Text | Mapping[str, str] | str = "",
    properties: Mapping[str, Any] | None = None,
    observed_area: Mapping[str, Any] | None = None,
    is_multi: bool = False,
    source: Source | None = None,
    is_public: bool = True,
    interval: float | None = None,
    keep_days: int | None = None,
    keep_hourly_days: int | None = None,
) -> Datastream:
    """Add a series of readings of `thing` by `sensor`.

    Parameters: one observed property, unit and observation type, or as many of each for a MultiDatastream
    (`is_multi`); `interval`, the seconds between its readings; `keep_days` and `keep_hourly_days`, how long readings
    and hourly summaries are kept (for ever without). Raises InvalidError with each field that is wrong,
    ConflictError for a thing that is closed.
    """
    if not thing.is_open:
        raise ConflictError(f"{thing} is closed.")
    _require_instrument(sensor)
    datastream = Datastream(
        thing=thing,
        sensor=sensor,
        name=text_of("name", name),
        description=text_of("description", description),
        properties=properties or {},
        observation_types=list(observation_types),
        units=[dict(unit) for unit in units],
        observed_area=observed_area,
        is_multi=is_multi,
        source=source or own_source(),
        is_public=is_public,
        interval=interval,
        keep_days=keep_days,
        keep_hourly_days=keep_hourly_days,
    )
    _require_whole(datastream, len(observed_properties))
    if not is_public:
        require(actor, VIEW_PRIVATE, datastream)
    datastream.feature = default_feature(thing)
    save_new(datastream)
    _observe(datastream, observed_properties)
    audit.note(f"datastream {datastream.pk}", added=1)
    return datastream


@service(EDIT, subject="datastream")
def change_datastream(
    actor: Actor,
    /,
    datastream: Datastream,
    *,
    observed_properties: Sequence[ObservedProperty] | None = None,
    **changes: Any,
) -> Datastream:
    """Change a datastream by the names of `add_datastream`. Raises InvalidError as that does.

    Moving it to another thing needs the permission on that one too; hiding and showing it, that to see what is hidden.
    Raises ConflictError for a modelled one.
    """
    require_measured(datastream)
    if changes.get("is_public", datastream.is_public) != datastream.is_public:
        require(actor, VIEW_PRIVATE, datastream)
    if "sensor" in changes:
        _require_instrument(changes["sensor"])
    if "thing" in changes and changes["thing"].pk != datastream.thing_id:
        require(actor, EDIT, changes["thing"])
    texts: dict[str, Any] = {
        field: text_of(field, changes[field]) for field in ("name", "description") if field in changes
    }
    fields = set_values(datastream, {**changes, **texts}, CHANGEABLE)
    count = datastream.property_links.count() if observed_properties is None else len(observed_properties)
    _require_whole(datastream, count)
    if "thing" in fields:
        datastream.feature = default_feature(datastream.thing)
    if fields:
        datastream.save()
    if observed_properties is not None:
        datastream.property_links.all().delete()
        _observe(datastream, observed_properties)
        fields.append("observed_properties")
    if fields:
        audit.note(f"datastream {datastream.pk}", fields=fields)
    return datastream


@service(EDIT, subject="datastream")
def delete_datastream(actor: Actor, datastream: Datastream) -> None:
    """Delete a datastream and, once that is certain, its readings. Raises ConflictError for a modelled one."""
    require_measured(datastream)
    audit.note(f"datastream {datastream.pk}", deleted=1)
    forget(datastream)


def own_source() -> Source:
    """Return the source of what devices and programs send themselves."""
    if (found := Source.objects.filter(code="sensorthings").first()) is not None:
        return found
    name = Text(fi="SensorThings-rajapinta", sv="SensorThings-gränssnittet", en="SensorThings interface")
    return ensure_source(city_job(), code="sensorthings", name=name, licence="CC-BY-4.0")


def _require_instrument(sensor: Sensor) -> None:
    """Raise InvalidError for a sensor that stands for a procedure: its datastreams are those of the adopted run."""
    if sensor.procedure:
        fix = "Use the sensor that measures, or adopt a run."
        raise InvalidError("sensor", f"This sensor stands for the procedure {sensor.procedure}.", fix)


def _require_whole(datastream: Datastream, count: int) -> None:
    """Raise InvalidError unless a datastream has as many types and units as its `count` observed properties."""
    if not 1 <= count <= MAX_PROPERTIES or (count > 1 and not datastream.is_multi):
        allowed = f"1 to {MAX_PROPERTIES}" if datastream.is_multi else "one"
        raise InvalidError("observed_properties", f"There are {count} observed properties.", f"Give {allowed}.")
    for field in ("observation_types", "units"):
        if len(getattr(datastream, field)) != count:
            message = f"There are {len(getattr(datastream, field))} for {count} observed properties."
            raise InvalidError(field, message, "Give one for each, in their order.")
    if datastream.interval is not None and not datastream.interval > 0:
        raise InvalidError("interval", "This is no time between readings.", "Give seconds above 0, or none.")
    require_storable(datastream)


def _observe(datastream: Datastream, observed_properties: Sequence[ObservedProperty]) -> None:
    DatastreamProperty.objects.bulk_create(
        DatastreamProperty(datastream=datastream, observed_property=observed, position=position)
        for position, observed in enumerate(observed_properties)
    )
