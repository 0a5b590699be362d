"""The latest value of each thing over HTTP: right, bounded, and private where it must be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from talkoot.core.base.actors import operator
from talkoot.core.base.text import Text
from talkoot.core.observations import queries, readings, spots
from talkoot.core.observations.models import Datastream, ObservedProperty
from talkoot.core.observations.services import add_datastream, add_observed_property, add_sensor
from talkoot.core.observations.store.batch import Batch
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing, ensure_source

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("no_readings")]
LATEST = "/api/v1/observations/latest"


@pytest.fixture
def warmth(db: None) -> ObservedProperty:
    """What is observed: a declared variable, as devices that know its address define it."""
    return add_observed_property(operator(), name="Lämpötila", definition="https://x/variables/weather.temperature")


def station(number: int, *, simulated: bool = False) -> Thing:
    source = ensure_source(
        operator(), code=f"s{simulated}", name=Text(en="Stations"), licence="CC0-1.0", simulated=simulated
    )
    place = {"type": "Point", "coordinates": [24.93 + number / 1000, 60.17]}
    name = Text(fi=f"Asema {number}", sv=f"Station {number}", en=f"Station {number}")
    return add_thing(operator(), kind="weather_station", name=name, source=source, geometry=place)


def stream(thing: Thing, observed: ObservedProperty, value: float, age: float = 0, **more: Any) -> Datastream:
    """Make a datastream with one reading, `age` seconds old."""
    made = add_datastream(
        operator(),
        thing=thing,
        sensor=add_sensor(operator(), name="T1", encoding_type="application/pdf", metadata="T1"),
        observed_properties=[observed],
        name="Lämpötila",
        observation_types=["http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"],
        units=[{"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}],
        source=thing.source,
        interval=60.0,
        **more,
    )
    readings.write(Batch.of([made.pk], [queries.microseconds(timezone.now() - timedelta(seconds=age))], [value]))
    return made


def browser(role: str = "") -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    if role:
        city = ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki"), is_city=True)
        account = create_account(operator(), email=f"{role}@example.org")
        grant_role(operator(), account, city, role)
        client.force_login(account, backend="talkoot.core.people.backends.AccountBackend")
    return client


def answered(address: str, client: Client | None = None) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = (client or browser()).get(address).json()["features"]
    return features


def test_each_thing_has_its_latest_value_with_unit_time_state_and_badge(warmth: ObservedProperty) -> None:
    one, other = station(1), station(2, simulated=True)
    stream(one, warmth, 1.5, age=500)
    heard_last = stream(one, warmth, 2.5, age=10)
    stream(other, warmth, 3.5, age=100)
    first, second = answered(LATEST)
    assert first["geometry"] == {"type": "Point", "coordinates": [24.931, 60.17]}
    told = first["properties"]
    assert (told["uid"], told["datastream"], told["value"]) == (str(one.uid), heard_last.pk, 2.5)
    assert (told["unit"], told["state"], told["badge"]) == ("°C", "fresh", "measured")
    assert told["name"]["sv"] == "Station 1"
    assert (second["properties"]["state"], second["properties"]["badge"]) == ("late", "simulated")


def test_a_property_is_asked_for_by_number_definition_or_code(warmth: ObservedProperty) -> None:
    stream(station(1), warmth, 1.0)
    stream(station(2), add_observed_property(operator(), name="Muu", definition="urn:other"), 2.0)
    for given in (warmth.pk, warmth.definition, "weather.temperature"):
        assert [feature["properties"]["value"] for feature in answered(f"{LATEST}?property={given}")] == [1.0]
    told = browser().get("/api/v1/observations/properties").json()
    assert [(each["name"]["fi"], each["datastreams"]) for each in told] == [("Lämpötila", 1), ("Muu", 1)]


def test_a_box_and_pages_bound_the_answer(warmth: ObservedProperty) -> None:
    for number in range(5):
        stream(station(number), warmth, float(number))
    inside = answered(f"{LATEST}?bbox=24.9305,60.16,24.9325,60.18")
    assert [feature["properties"]["value"] for feature in inside] == [1.0, 2.0]
    address, found = f"{LATEST}?property={warmth.pk}&limit=2", []
    while address:
        page = browser().get(address).json()
        found += [feature["properties"]["value"] for feature in page["features"]]
        address = page.get("next", "")
    assert found == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_thousands_of_things_cost_as_many_queries_as_one(
    warmth: ObservedProperty, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        stream(station(number), warmth, float(number))
    with django_assert_max_num_queries(4):
        assert len(spots.latest_by_thing(operator(), observed=warmth).spots) == 3


@pytest.mark.parametrize(
    ("asked", "status"),
    [("bbox=1,2", 422), ("limit=0", 422), ("limit=5001", 422), ("after=-1", 422), ("property=unknown", 404)],
)
def test_what_makes_no_sense_is_refused(asked: str, status: int, db: None) -> None:
    assert browser().get(f"{LATEST}?{asked}").status_code == status


def test_a_private_datastream_is_there_only_for_who_may_see_it(warmth: ObservedProperty) -> None:
    hidden = stream(station(1), warmth, 7.0, is_public=False)
    shown = stream(station(2), warmth, 1.0, age=30)
    operators, planner, visitor = browser("operator"), browser("planner"), browser()
    both = {hidden.pk, shown.pk}
    assert {feature["properties"]["datastream"] for feature in answered(LATEST, operators)} == both
    for client in (planner, visitor):
        assert {feature["properties"]["datastream"] for feature in answered(LATEST, client)} == {shown.pk}
    counts = [client.get("/api/v1/observations/properties").json()[0]["datastreams"] for client in (operators, visitor)]
    assert counts == [2, 1]


def test_an_answer_is_kept_for_some_seconds_and_never_among_people(warmth: ObservedProperty) -> None:
    stream(station(1), warmth, 1.0)
    assert browser().get(LATEST)["Cache-Control"] == "max-age=10, public"
    own = browser("operator").get(LATEST)
    assert own["Cache-Control"] == "max-age=10, private" and "Cookie" in own["Vary"]
