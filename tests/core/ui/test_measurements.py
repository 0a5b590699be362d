"""Pages of measurements: lists, one over time, downloads; with real readings from the real writer."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pyarrow import parquet

from talkoot.core.base.actors import operator
from talkoot.core.observations import queries, readings
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.services import add_datastream, add_observed_property, add_sensor
from talkoot.core.observations.store.batch import Batch
from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_readings")]
FULL_HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def temperature(small_city: SmallCity) -> Datastream:
    """The temperature at the lamp: a reading every ten minutes of the last six hours, none in the third of them."""
    datastream = stream(small_city, "Lämpötila")
    moments = [FULL_HOUR - timedelta(minutes=10 * n) for n in range(1, 37) if not 13 <= n <= 18]
    send(datastream, moments, [20 + 0.5 * n for n in range(len(moments))])
    return datastream


def stream(small_city: SmallCity, name: str, **more: object) -> Datastream:
    return add_datastream(
        operator(),
        thing=small_city.lamp,
        sensor=add_sensor(operator(), name="T1", encoding_type="application/pdf", metadata="T1"),
        observed_properties=[add_observed_property(operator(), name="Lämpötila", definition="urn:t")],
        name=name,
        observation_types=["http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"],
        units=[{"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}],
        interval=600.0,
        **more,  # type: ignore[arg-type]
    )


def send(datastream: Datastream, moments: list[datetime], values: list[float]) -> None:
    times = [queries.microseconds(moment) for moment in moments]
    readings.write(Batch.of([datastream.pk] * len(times), times, values))


def chart_of(page: str) -> dict[str, object]:
    found = re.search(r'<script id="chart-measurement-\d+" type="application/json">(.*?)</script>', page)
    assert found
    chart: dict[str, object] = json.loads(found[1])
    return chart


def test_the_list_tells_the_latest_value_its_unit_and_that_it_comes_in(
    temperature: Datastream, visitor: Client
) -> None:
    page = visitor.get("/en/measurements/").content.decode()
    assert "Lämpötila" in page and "°C" in page
    assert re.search(r'<td class="numeric">20</td>', page)


def test_a_datastream_that_has_gone_silent_is_said_to_be(small_city: SmallCity, visitor: Client) -> None:
    datastream = stream(small_city, "Vanha")
    assert "nothing yet" in visitor.get("/en/measurements/").content.decode()
    send(datastream, [timezone.now() - timedelta(hours=5)], [1.0])
    assert "silent" in visitor.get("/en/measurements/").content.decode()
    send(datastream, [timezone.now()], [1.0])
    assert "comes in" in visitor.get("/en/measurements/").content.decode()


def test_one_measurement_over_time_shows_a_gap_as_a_gap(temperature: Datastream, visitor: Client) -> None:
    span = f"from={FULL_HOUR - timedelta(hours=6):%Y-%m-%dT%H:%M}Z&to={FULL_HOUR:%Y-%m-%dT%H:%M}Z"
    page = visitor.get(f"/en/measurements/{temperature.pk}/?{span}").content.decode()
    [band] = chart_of(page)["bands"]  # type: ignore[misc]
    measured = {at: mean for at, mean, _, _ in band["points"] if mean is not None}
    assert len(measured) == 30
    third = [FULL_HOUR - timedelta(minutes=10 * n) for n in range(13, 19)]
    assert not any(int(moment.timestamp() * 1000) in measured for moment in third)
    assert measured[int((FULL_HOUR - timedelta(minutes=10)).timestamp() * 1000)] == 20


def test_wide_buckets_give_mean_lowest_and_highest(temperature: Datastream) -> None:
    picture = queries.pictures([temperature.pk], FULL_HOUR - timedelta(hours=1), FULL_HOUR, points=1)[temperature.pk]
    assert picture.width == 3600
    assert (picture.low[0], picture.mean[0], picture.high[0], picture.count[0]) == (20, 21.25, 22.5, 6)


def test_csv_json_and_parquet_hold_every_reading(temperature: Datastream, visitor: Client) -> None:
    address = f"/en/measurements/{temperature.pk}/readings"
    text = b"".join(visitor.get(f"{address}.csv?span=week")).decode()  # type: ignore[arg-type]
    assert len(text.splitlines()) == 31
    assert text.splitlines()[-1].endswith(",20.0,0,°C")
    rows = json.loads(b"".join(visitor.get(f"{address}.json?span=week")))  # type: ignore[arg-type]
    assert [row["value"] for row in rows] == [34.5 - 0.5 * n for n in range(30)]
    file = b"".join(visitor.get(f"{address}.parquet?span=week"))  # type: ignore[arg-type]
    table = parquet.read_table(io.BytesIO(file))
    assert table.column("value").to_pylist() == [row["value"] for row in rows]
    assert table.schema.metadata[b"unit"].decode() == "°C"
    assert visitor.get(f"{address}.xls").status_code == 404


def test_a_private_measurement_is_nowhere(small_city: SmallCity, visitor: Client, signed_in: MakeClient) -> None:
    private = stream(small_city, "Salainen", is_public=False)
    send(private, [timezone.now()], [1.0])
    operators = signed_in("operator")
    for address in ("/en/measurements/", f"/en/things/{small_city.lamp.uid}/"):
        assert "Salainen" not in visitor.get(address).content.decode()
        assert "Salainen" in operators.get(address).content.decode()
    for address in (f"/en/measurements/{private.pk}/", f"/en/measurements/{private.pk}/readings.csv"):
        assert visitor.get(address).status_code == 404
        assert operators.get(address).status_code == 200


def test_two_measurements_are_compared(temperature: Datastream, small_city: SmallCity, visitor: Client) -> None:
    other = stream(small_city, "Toinen")
    send(other, [timezone.now()], [3.0])
    page = visitor.get(f"/en/measurements/{temperature.pk}/?with={other.pk}").content.decode()
    assert len(chart_of(page)["bands"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked", ["span=century", "from=x&to=y", "from=2026-05-02T00:00&to=2026-05-01T00:00", "from=0001-01-01T00:00"]
)
def test_a_time_that_is_none_is_refused_with_a_fix(temperature: Datastream, visitor: Client, asked: str) -> None:
    assert visitor.get(f"/en/measurements/{temperature.pk}/?{asked}").status_code == 422


def test_a_thing_s_page_shows_what_it_measures(temperature: Datastream, small_city: SmallCity, visitor: Client) -> None:
    page = visitor.get(f"/en/things/{small_city.lamp.uid}/").content.decode()
    assert f"/en/measurements/{temperature.pk}/" in page


def test_moments_are_exact() -> None:
    moment = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
    assert queries.moment(queries.microseconds(moment)) == moment
