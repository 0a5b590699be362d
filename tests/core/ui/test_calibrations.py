"""Calibrations on a measurement's page: seen by all, set and deleted by those who may, and in what is taken along."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pyarrow import parquet

from talkoot.core.observations.calibrations import apply_all
from talkoot.core.observations.models import Calibration, Datastream
from tests.core.ui.conftest import MakeClient, SmallCity
from tests.core.ui.test_measurements import send, stream

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_readings")]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SPAN = "from=2026-05-04T00:00Z&to=2026-05-05T00:00Z"
FORM = {"valid_from": "2026-05-04T15:00:00", "factor": "2", "offset": "0.5", "note": "beside a reference"}  # local time


@pytest.fixture
def temperature(small_city: SmallCity) -> Iterator[Datastream]:
    """A datastream with readings before and after noon, in a store that is left without calibrations."""
    made = stream(small_city, "Lämpötila")
    send(made, [NOON - timedelta(hours=1), NOON + timedelta(hours=1)], [10, 10])
    yield made
    Calibration.objects.all().delete()
    apply_all()


def told(client: Client, datastream: Datastream) -> str:
    """Return what a measurement's page says of calibration, "" for nothing."""
    page = client.get(f"/en/measurements/{datastream.pk}/?{SPAN}").content.decode()
    found = re.search(r'<section class="panel" id="calibrations".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def test_a_calibration_is_set_deleted_and_set_again(
    temperature: Datastream, visitor: Client, signed_in: MakeClient
) -> None:
    operators = signed_in("operator")
    address = f"/en/measurements/{temperature.pk}/calibrations/"
    assert not told(visitor, temperature)
    assert "Add a calibration" in told(operators, temperature)
    assert operators.post(address, FORM).status_code == 302
    assert "not read by it yet" in told(operators, temperature)  # within a transaction the store is not told yet
    apply_all()
    assert "not read by it yet" not in told(operators, temperature)
    [row] = temperature.calibrations.all()
    assert (row.valid_from, row.factor, row.offset, row.note) == (NOON, 2, 0.5, "beside a reference")
    assert "beside a reference" in told(operators, temperature)
    assert "Calibrated since" in told(visitor, temperature)
    assert "<form" not in told(visitor, temperature)
    answer = operators.post(f"{address}delete/", {"valid_from": NOON.isoformat()})
    assert not temperature.calibrations.exists()
    page = operators.get(answer["Location"].partition("#")[0]).content.decode()
    fields = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in FORM}
    again = {name: found[1] for name, found in fields.items() if found}
    assert again == FORM
    assert operators.post(address, again).status_code == 302
    assert temperature.calibrations.get().valid_from == NOON
    operators.post(f"{address}delete/", {"valid_from": "nonsense"})
    assert temperature.calibrations.exists()


@pytest.mark.parametrize("wrong", [{"factor": "0"}, {"offset": "1e99"}, {"valid_from": "soon"}, {"note": "x" * 301}])
def test_what_is_wrong_is_told_at_its_field(
    temperature: Datastream, signed_in: MakeClient, wrong: dict[str, str]
) -> None:
    answer = signed_in("operator").post(f"/en/measurements/{temperature.pk}/calibrations/", FORM | wrong)
    assert answer.status_code == 422
    assert f'id="id_{next(iter(wrong))}_error"' in answer.content.decode()
    assert not temperature.calibrations.exists()


@pytest.mark.parametrize("role", ["", "planner", "manager", "register_editor", "auditor"])
def test_others_neither_see_the_form_nor_may_send_it(temperature: Datastream, signed_in: MakeClient, role: str) -> None:
    client, address = signed_in(role), f"/en/measurements/{temperature.pk}/calibrations/"
    Calibration.objects.create(datastream=temperature, valid_from=NOON, factor=3)
    assert "<form" not in told(client, temperature)
    assert client.post(address, FORM).status_code == 403
    assert client.post(f"{address}delete/", {"valid_from": NOON.isoformat()}).status_code == 403
    assert [row.factor for row in temperature.calibrations.all()] == [3]


def test_a_private_measurement_has_no_such_page(small_city: SmallCity, signed_in: MakeClient) -> None:
    private = stream(small_city, "Salainen", is_public=False)
    address = f"/en/measurements/{private.pk}/calibrations/"
    planner = signed_in("planner")
    assert [planner.get(address).status_code, planner.post(address, FORM).status_code] == [404, 404]
    assert planner.post(f"{address}delete/", {}).status_code == 404
    assert signed_in("operator").get(f"{address}delete/").status_code == 405


def test_what_is_taken_along_has_the_raw_values_too(temperature: Datastream, visitor: Client) -> None:
    address = f"/en/measurements/{temperature.pk}/readings"

    def text(format: str) -> str:
        return b"".join(visitor.get(f"{address}.{format}?{SPAN}")).decode()

    assert text("csv").splitlines()[0] == "time,value,flag,unit"
    Calibration.objects.create(datastream=temperature, valid_from=NOON, factor=2, offset=0.5)
    apply_all()
    assert [line.split(",", 1)[1] for line in text("csv").splitlines()] == [
        "value,flag,unit,raw_value",
        "10.0,0,°C,10.0",
        "20.5,0,°C,10.0",
    ]
    assert [(row["value"], row["raw_value"]) for row in json.loads(text("json"))] == [(10, 10), (20.5, 10)]
    table = parquet.read_table(io.BytesIO(b"".join(visitor.get(f"{address}.parquet?{SPAN}"))))
    assert table.column("value").to_pylist() == [10, 20.5]
    assert table.column("raw_value").to_pylist() == [10, 10]
