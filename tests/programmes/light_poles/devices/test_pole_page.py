"""A pole's page with its devices, drawn and listed; a device's page with its pole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.actors import Actor
from talkoot.core.base.text import Text
from talkoot.core.observations import queries, readings
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.store.batch import Batch
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing, ensure_source
from talkoot.programmes.light_poles.devices.making import ensure_devices
from talkoot.programmes.light_poles.devices.mounted import height_of
from talkoot.programmes.light_poles.devices.picture import LABEL, apart
from talkoot.programmes.light_poles.devices.sparks import WIDTH, spark

NAN = float("nan")


@pytest.fixture
def pole(system: Actor, no_readings: None) -> Thing:
    """A pole on a street, with every kind of device; each measures something now."""
    source = ensure_source(system, code="lamps", name=Text(en="Lamps"), licence="CC0-1.0")
    street = {"type": "LineString", "coordinates": [[24.92, 60.17], [24.94, 60.17]]}
    name = Text(fi="Mannerheimintie", sv="Mannerheimvägen", en="Mannerheimintie")
    add_thing(system, kind="road_link", name=name, source=source, geometry=street)
    place = {"type": "Point", "coordinates": [24.93, 60.17]}
    made = add_thing(
        system,
        kind="street_lamp",
        name=Text(),
        source=source,
        geometry=place,
        attributes={"height_m": 8.0},
        external_id="node/123",
    )
    keys = [each.datastream for each in ensure_devices(system, 1, 60)]
    now = timezone.now()
    for minutes in (0, 60, 120):
        at = queries.microseconds(now - timedelta(minutes=minutes))
        readings.write(Batch.of(keys, [at] * len(keys), [7.25 + minutes] * len(keys)))
    return made


@pytest.mark.django_db(databases="__all__")
def test_a_pole_s_page_draws_and_lists_its_devices(pole: Thing, browser_of: Callable[..., Client]) -> None:
    page = browser_of().get(f"/en/things/{pole.uid}/").content.decode()
    assert "Devices on this pole" in page and "Measured and modelled here" not in page
    assert "Drawing: Light pole 123, 8 m. From top to bottom: Luminaire (8 m); Weather station (5 m)" in page
    for datastream in Datastream.objects.all():
        assert f"/en/measurements/{datastream.pk}/" in page and f'data-live="{datastream.pk}"' in page
    assert page.count('class="spark" viewBox') == Datastream.objects.count() == 13
    assert "from 7.25 to 127.2 µg/m³" in page
    assert ">simulated<" in page and "state fresh" in page and "style=" not in page


@pytest.mark.django_db(databases="__all__")
def test_names_tell_the_street_and_the_pole_in_three_languages(pole: Thing) -> None:
    names = {str(name.sv) for name in Thing.objects.filter(kind="counter").values_list("name", flat=True)}
    assert names == {
        "Räknare för förbipasserande, Mannerheimvägen, stolpe 123",
        "Fordonsräknare, Mannerheimvägen, stolpe 123",
    }
    luminaire = Thing.objects.get(kind="luminaire")
    assert luminaire.name.fi == "Valaisin, Mannerheimintie, pylväs 123"
    assert luminaire.name.en == "Luminaire, Mannerheimintie, pole 123"
    assert luminaire.attributes["lanternHeight"] == 8.0


@pytest.mark.django_db(databases="__all__")
def test_a_device_s_page_leads_to_its_pole_and_says_its_attributes_in_words(
    pole: Thing, browser_of: Callable[..., Client]
) -> None:
    luminaire = Thing.objects.get(kind="luminaire")
    page = browser_of().get(f"/fi/things/{luminaire.uid}/").content.decode()
    assert f'Kiinnitetty kohteeseen <a href="/fi/things/{pole.uid}/">Valaisinpylväs 123</a>' in page
    assert "8 m maanpinnasta" in page and "Sääasema" in page
    for word in ("Ohjaustapa", "yksittäin", "Kunto", "kunnossa", "päällä"):
        assert word in page
    assert "illuminanceLevel" not in page and "powerState" not in page
    assert "Measured and modelled here" in browser_of().get(f"/en/things/{luminaire.uid}/").content.decode()


@pytest.mark.django_db(databases="__all__")
def test_a_private_measurement_of_a_device_is_shown_only_to_who_may_see_it(
    pole: Thing, browser_of: Callable[..., Client]
) -> None:
    hidden = Datastream.objects.get(thing__kind="charger")
    Datastream.objects.filter(pk=hidden.pk).update(is_public=False)
    address = f"/en/things/{pole.uid}/"
    visitor = browser_of().get(address).content.decode()
    assert f"/en/measurements/{hidden.pk}/" not in visitor and "nothing that is open to you" in visitor
    assert "kW" not in visitor
    assert f"/en/measurements/{hidden.pk}/" in browser_of("operator").get(address).content.decode()


def test_a_height_that_nobody_has_said_is_the_usual_one_and_assumed() -> None:
    assert height_of(Thing(kind="air_station", attributes={"height_m": 4}), 6.0) == (4.0, False)
    assert height_of(Thing(kind="luminaire", attributes={"lanternHeight": 5.5}), 6.0) == (5.5, False)
    assert height_of(Thing(kind="luminaire", attributes={}), 6.0) == (6.0, True)
    assert height_of(Thing(kind="weather_station", attributes={}), 4.0) == (4.0, True)


@given(st.lists(st.floats(30, 290), min_size=1, max_size=7))
def test_labels_stand_apart_between_sky_and_ground(levels: list[float]) -> None:
    places = apart(sorted(levels), 22.0, 290.0)
    assert all(below - above >= LABEL - 1e-6 for above, below in pairwise(places))
    assert places[-1] <= 290.0 and places[0] >= 22.0 - 1e-6


def test_a_spark_breaks_where_nothing_was_measured() -> None:
    made = spark([1.0, 2.0, NAN, 3.0], "°C")
    assert made is not None and len(made.pieces) == 2 and made.words.endswith("from 1 to 3 °C")
    lone = made.pieces[1].split()
    assert lone[0].split(",")[1] == lone[1].split(",")[1] and float(lone[1].split(",")[0]) == WIDTH
    assert spark([NAN, NAN], "") is None
