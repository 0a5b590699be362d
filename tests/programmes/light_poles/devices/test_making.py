"""Played devices stand on real poles of the register, and are made once."""

from __future__ import annotations

import itertools
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.text import Text
from talkoot.core.observations.models import Datastream, ObservedProperty, Sensor, Token
from talkoot.core.observations.tokens import actor_of_token
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing, ensure_source
from talkoot.programmes.light_poles.devices.making import Series, ensure_devices, ensure_key
from talkoot.programmes.light_poles.devices.playing import Play

pytestmark = pytest.mark.django_db


def add_lamps(system: Actor, count: int) -> None:
    source = ensure_source(system, code="lamps", name=Text(en="Lamps"), licence="CC0-1.0")
    for number in range(count):
        place = {"type": "Point", "coordinates": [24.93 + number / 1000, 60.17]}
        add_thing(system, kind="street_lamp", name=Text(en=f"Lamp {number}"), source=source, geometry=place)


def test_devices_are_made_once_on_poles_and_are_labelled_simulated(system: Actor) -> None:
    add_lamps(system, 12)
    series = ensure_devices(system, 4, 60)
    counts = [model.objects.count() for model in (Thing, Datastream, Sensor, ObservedProperty)]
    assert ensure_devices(system, 4, 60) == series
    assert [model.objects.count() for model in (Thing, Datastream, Sensor, ObservedProperty)] == counts
    things = Thing.objects.filter(datastreams__isnull=False).distinct()
    assert things.filter(kind="luminaire").count() == 4
    for thing in things:
        assert thing.source.simulated
        (relation,) = thing.relations_out.all()
        assert relation.type == "mounted_on" and relation.object.kind == "street_lamp"
    assert all(stream.source.simulated and stream.interval == 60 for stream in Datastream.objects.all())
    assert Datastream.objects.count() == len(series)


def test_fewer_lamps_than_asked_for_are_all_taken_and_none_is_told(system: Actor) -> None:
    with pytest.raises(NotFoundError, match="no light pole"):
        ensure_devices(system, 3, 60)
    add_lamps(system, 2)
    assert len({each.device.partition("/")[0] for each in ensure_devices(system, 3, 60)}) == 2


def test_the_key_is_kept_and_made_anew_when_it_no_longer_opens_all(
    system: Actor, settings: Settings, tmp_path: Path
) -> None:
    settings.HOME = tmp_path
    add_lamps(system, 2)
    few = ensure_devices(system, 1, 60)
    secret = ensure_key(system, few)
    assert ensure_key(system, few) == secret
    assert (tmp_path / "keys" / "simulated_poles.json").stat().st_mode & 0o077 == 0
    series = ensure_devices(system, 2, 60)
    new = ensure_key(system, series)
    assert new != secret and Token.objects.count() == 2
    actor = actor_of_token(new, "test")
    assert getattr(actor, "streams", None) == {each.datastream for each in series}


def test_a_play_leaves_no_reading_out_and_sends_none_twice() -> None:
    series = [Series(number, f"pole/{number}", "air.no2", 24.93, 60.17) for number in range(1, 6)]
    play = Play(series, ZoneInfo("Europe/Helsinki"), 60.0, 1)
    begin = 1_772_000_000.0
    whole = play.due(begin, begin + 7200)
    cuts = [begin, begin + 13.7, begin + 60, begin + 61, begin + 3000.5, begin + 7200]
    parts = [message for a, b in itertools.pairwise(cuts) for message in play.due(a, b)]
    assert parts == whole
    assert len(whole) == len(set(whole))
    assert 0.9 * 600 <= len(whole) <= 600  # two hours of five devices, one reading a minute, less what is silent
