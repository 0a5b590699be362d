"""What is measured, on the map: classes, legend, the list that says the same, the address that keeps it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.actors import operator
from talkoot.core.observations.models import Datastream
from talkoot.core.register.services import add_thing, relate
from talkoot.core.ui.measured import classes
from tests.core.ui.conftest import MakeClient, SmallCity
from tests.core.ui.test_measurements import send, stream

BOX = "bbox=24.92,60.16,24.95,60.18"


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6), min_size=1, max_size=300))
def test_classes_are_five_in_order_and_hold_all_but_the_outermost(values: list[float]) -> None:
    edges = classes(values)
    assert len(edges) == 4
    widths = [high - low for low, high in pairwise(edges)]
    assert all(width > 0 for width in widths)
    assert max(widths) == pytest.approx(min(widths), rel=1e-6)
    low, high = edges[0] - widths[0], edges[-1] + widths[0]
    beyond = [value for value in values if not low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high)]
    assert len(beyond) <= 2 * (len(values) // 100)


def test_classes_lie_at_round_numbers() -> None:
    assert classes([7.1, 8.2, 6.5, 10.0, 9.1]) == [7, 8, 9, 10]
    assert classes([0, 3, 14, 22, 61, 90]) == [20, 40, 60, 80]


@pytest.fixture
def measured(small_city: SmallCity, no_readings: None) -> Datastream:
    """A temperature at a lamp, just now."""
    datastream = stream(small_city, "Lämpötila")
    send(datastream, [timezone.now()], [21.5])
    return datastream


def spec_of(page: str) -> dict[str, object]:
    found = re.search(r'<script id="map-spec" type="application/json">(.*?)</script>', page)
    assert found
    spec: dict[str, object] = json.loads(found[1])
    return spec


@pytest.mark.django_db
def test_the_map_shows_what_the_address_asks_for_with_unit_time_and_badge(
    measured: Datastream, visitor: Client
) -> None:
    page = visitor.get(f"/en/map/?measured={measured.observed_properties.get().pk}").content.decode()
    spec = spec_of(page)
    [own] = spec["own"]  # type: ignore[misc]
    assert own["url"].startswith("/api/v1/observations/latest?property=") and own["inView"] and own["shown"]
    assert not any(layer["shown"] for layer in spec["layers"])  # type: ignore[attr-defined]
    assert "Lämpötila (°C)" in page and "Latest" in page and ">measured<" in page
    kept = spec_of(visitor.get("/en/map/?layer=lamps").content.decode())
    assert [layer["code"] for layer in kept["layers"] if layer["shown"]] == ["lamps"]  # type: ignore[attr-defined]
    assert visitor.get("/en/map/?measured=999999").status_code == 404


@pytest.mark.django_db
def test_the_list_says_the_same_as_the_map(measured: Datastream, small_city: SmallCity, visitor: Client) -> None:
    observed = measured.observed_properties.get().pk
    address = f"/en/map/in-view/?{BOX}&measured={observed}"
    shown = visitor.get(f"{address}&layer=measured").content.decode()
    assert "21.5" in shown and "°C" in shown and "comes in" in shown and ">measured<" in shown
    assert f"/en/measurements/{measured.pk}/" in shown and f"/en/things/{small_city.lamp.uid}/" in shown
    assert "21.5" not in visitor.get(f"{address}&layer=lamps").content.decode()


@pytest.mark.django_db
def test_a_private_value_is_on_no_map_but_theirs_who_may_see_it(
    measured: Datastream, small_city: SmallCity, visitor: Client, signed_in: MakeClient
) -> None:
    measured.is_public = False
    measured.save()
    observed = measured.observed_properties.get().pk
    address = f"/en/map/in-view/?{BOX}&measured={observed}&layer=measured"
    assert "21.5" not in visitor.get(address).content.decode()
    assert "21.5" in signed_in("operator").get(address).content.decode()


@pytest.mark.django_db
def test_the_comparison_tells_places_apart(measured: Datastream, small_city: SmallCity, visitor: Client) -> None:
    other = stream(small_city, "Toinen")
    other.observed_properties.set(measured.observed_properties.all(), through_defaults={"position": 0})
    send(other, [timezone.now() - timedelta(minutes=1)], [3.0])
    page = visitor.get(f"/en/measurements/{measured.pk}/").content.decode()
    assert "Toinen: Light pole 1000" in page and "readings.json?" in page


@pytest.mark.django_db
def test_a_device_that_has_no_name_of_its_own_is_told_apart_by_what_carries_it(
    small_city: SmallCity,
    visitor: Client,
    no_readings: None,
) -> None:
    device = add_thing(
        operator(),
        kind="luminaire",
        name="Valaisin",
        source=small_city.source,
        geometry={"type": "Point", "coordinates": [24.93, 60.17]},
    )
    relate(operator(), device, "mounted_on", small_city.lamp, source=small_city.source)
    stream(replace(small_city, lamp=device), "Teho")
    assert "Valaisin, Light pole 1000" in visitor.get("/en/measurements/").content.decode()
