"""What is mounted on a pole, at which height, and what each device measures now and has measured for a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Badge
from talkoot.core.observations import access, queries
from talkoot.core.observations.models import Datastream
from talkoot.core.register.models import Relation, Thing
from talkoot.core.ui.streams import address, how_it_comes, range_words
from talkoot.core.ui.things import address_of, kind_title, title_of
from talkoot.programmes.light_poles.devices.sparks import Spark, spark

MOUNTED_ON: Final = "mounted_on"
MOST: Final = 30  # devices of one pole, and datastreams of one device, that a page shows
DAY: Final = timedelta(days=1)
POINTS: Final = 48
HEIGHTS: Final = ("height_m", "lanternHeight")
# Where a device usually sits, in metres, for one whose height nobody has said; a luminaire is at the top.
USUAL_HEIGHTS: Final = {"air_station": 3.5, "weather_station": 5.0, "counter": 3.0, "charger": 1.2}
USUAL_HEIGHT: Final = 3.0


@dataclass(frozen=True, slots=True)
class Signal:
    """One datastream as the page shows it; `look` is the state's code."""

    key: int
    title: str
    url: str
    badge: Badge
    value: Any
    unit: str
    range: str
    time: Any
    look: queries.State
    state: str
    spark: Spark | None


@dataclass(frozen=True, slots=True)
class Mounted:
    """A device on a pole, at `height` metres above the ground; `assumed` where the register does not say so."""

    title: str
    kind: str
    kind_title: str
    url: str
    height: float
    assumed: bool
    signals: list[Signal]


def devices_on(pole: Thing) -> list[Thing]:
    """Return the things that are mounted on a pole now."""
    standing = Relation.objects.filter(object=pole, type=MOUNTED_ON, valid_to__isnull=True)
    now = timezone.now()
    there = Q(subject__valid_to__isnull=True) | Q(subject__valid_to__gt=now)
    return [relation.subject for relation in standing.filter(there).select_related("subject").order_by("pk")[:MOST]]


def carrier_of(device: Thing) -> Thing | None:
    """Return what a device is mounted on now, None where it stands by itself."""
    standing = Relation.objects.filter(subject=device, type=MOUNTED_ON, valid_to__isnull=True)
    relation = standing.select_related("object").order_by("-pk").first()
    return relation.object if relation else None


def height_of_pole(pole: Thing) -> float | None:
    """Return a pole's height in metres, None where the register does not say it."""
    height = pole.attributes.get("height_m")
    return float(height) if height else None


def height_of(device: Thing, pole_height: float | None) -> tuple[float, bool]:
    """Return how high a device sits, in metres, and whether that is assumed."""
    for attribute in HEIGHTS:
        if (known := device.attributes.get(attribute)) is not None:
            return float(known), False
    usual = USUAL_HEIGHTS.get(device.kind, USUAL_HEIGHT)
    if pole_height is None:
        return usual, True
    return (pole_height if device.kind == "luminaire" else min(usual, pole_height)), True


def short_title(device: Thing) -> str:
    """Return what a device is called on its own pole's page: its name without the place."""
    return title_of(device).partition(",")[0]


def mounted(actor: Actor, pole: Thing) -> tuple[list[Signal], list[Mounted]]:
    """Return what the pole itself measures, and the devices on it, the highest first, with what `actor` may see."""
    devices = devices_on(pole)
    of_thing = signals(actor, [pole, *devices])
    pole_height = height_of_pole(pole)
    found = []
    for device in devices:
        height, assumed = height_of(device, pole_height)
        own = of_thing.get(device.pk, [])
        found.append(
            Mounted(
                title=short_title(device),
                kind=device.kind,
                kind_title=kind_title(device.kind),
                url=address_of(device.uid),
                height=height,
                assumed=assumed,
                signals=own,
            )
        )
    return of_thing.get(pole.pk, []), sorted(found, key=lambda device: -device.height)


def signals(actor: Actor, things: Sequence[Thing]) -> dict[int, list[Signal]]:
    """Return what each thing (by primary key) measures, of what `actor` may see."""
    wanted = access.datastreams(actor).filter(thing__in=things, is_multi=False)
    datastreams = list(wanted.select_related("thing", "sensor", "source").order_by("pk")[: MOST * MOST])
    if not datastreams:
        return {}
    now = timezone.now()
    latest = queries.latest(datastreams)
    keys = [datastream.pk for datastream in datastreams]
    pictures = queries.pictures(keys, now - DAY, now, points=POINTS)
    found: dict[int, list[Signal]] = {}
    for datastream in datastreams:
        shown = _signal(datastream, latest.get(datastream.pk), pictures[datastream.pk])
        found.setdefault(datastream.thing_id, []).append(shown)
    return found


def _signal(datastream: Datastream, reading: queries.Reading | None, picture: queries.Picture) -> Signal:
    now = timezone.now()
    unit = queries.unit_of(datastream)
    return Signal(
        key=datastream.pk,
        title=str(datastream),
        url=address(datastream),
        badge=queries.badge_of(datastream),
        value=reading.value if reading else None,
        unit=unit,
        range=range_words(reading),
        time=timezone.localtime(reading.time) if reading else None,
        look=queries.state_of(datastream, reading, now),
        state=how_it_comes(datastream, reading, now),
        spark=spark(picture.mean.tolist(), unit),
    )
