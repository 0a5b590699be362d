"""The open datasets: what is in them, on pages, as downloads and through the API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Dataset
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.text import Text
from talkoot.core.catalogue import datasets
from talkoot.core.catalogue.downloads import format_of, formats_of
from talkoot.core.catalogue.search import find
from talkoot.core.register.services import close_thing
from tests.core.ui.conftest import SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def measured() -> Iterator[dict[str, Any]]:
    """Rows of a programme's dataset that declares no columns."""
    yield {"place": "Street 1", "value": 1.5}
    yield {"place": "Street 2", "value": None}


DECLARED = Dataset(
    code="trials.values",
    title=Text(fi="Arvot", en="Values"),
    description=Text(en="Values that were measured."),
    rows=f"{__name__}:measured",
    licence="CC0-1.0",
)


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """One dataset that a programme declares."""
    monkeypatch.setattr(datasets, "declared", lambda what: iter([DECLARED]))


def body(client: Client, address: str) -> str:
    """Return what a streamed address answers."""
    response = client.get(address)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def test_every_kind_with_things_is_a_dataset(small_city: SmallCity) -> None:
    found = {dataset.code: dataset for dataset in datasets.datasets()}
    assert found["register.street_lamp"].count == 5
    assert "register.tree" not in found
    assert found["register.street_lamp"].licence == "CC-BY-4.0"
    assert found["register.street_lamp"].attribution == "© City"


def test_the_rows_say_what_is_assumed_and_where_it_is_from(small_city: SmallCity) -> None:
    row = next(iter(datasets.dataset("register.building").rows()))
    assert row["name_sv"] == "Kulturhuset"
    assert row["height_m"] == 12.5
    assert row["assumed"] == "height_m"
    assert (row["source"], row["licence"]) == ("survey", "CC-BY-4.0")
    assert row["uri"].endswith(f"/id/{small_city.building.uid}")
    assert set(datasets.dataset("register.building").columns) == set(row) - {"geometry"}


def test_what_is_gone_is_not_in_open_data(small_city: SmallCity, system: Actor) -> None:
    close_thing(system, small_city.lamp)
    assert len(list(datasets.dataset("register.street_lamp").rows())) == 4


def test_no_account_is_in_open_data(small_city: SmallCity) -> None:
    text = json.dumps([list(dataset.rows()) for dataset in datasets.datasets()])
    assert "@" not in text
    assert "account" not in text


def test_unknown_datasets_and_formats_are_named(visitor: Client, small_city: SmallCity, declared: None) -> None:
    with pytest.raises(NotFoundError, match=r"nothing\.here"):
        datasets.dataset("nothing.here")
    with pytest.raises(NotFoundError, match="csv, json"):
        format_of(datasets.dataset("trials.values"), "geojson")
    assert [offered.code for offered in formats_of(datasets.dataset("trials.values"))] == ["csv", "json"]
    assert visitor.get("/en/datasets/nothing.here/").status_code == 404
    assert visitor.get("/en/datasets/register.building/rows.xls").status_code == 404


def test_a_programme_s_dataset_stands_on_its_page_and_in_the_list(
    visitor: Client, small_city: SmallCity, declared: None
) -> None:
    assert "Values that were measured." in visitor.get("/en/datasets/").content.decode()
    html = visitor.get("/en/datasets/trials.values/").content.decode()
    assert "Street 1" in html
    assert "CC0-1.0" in html
    assert body(visitor, "/en/datasets/trials.values/rows.csv").splitlines() == [
        "place,value",
        "Street 1,1.5",
        "Street 2,",
    ]


def test_a_kind_downloads_in_every_format(visitor: Client, small_city: SmallCity) -> None:
    rows = list(csv.DictReader(io.StringIO(body(visitor, "/en/datasets/register.street_lamp/rows.csv"))))
    features = json.loads(body(visitor, "/en/datasets/register.street_lamp/rows.geojson"))["features"]
    objects = json.loads(body(visitor, "/en/datasets/register.street_lamp/rows.json"))
    assert [row["uri"] for row in rows] == [feature["properties"]["uri"] for feature in features]
    assert [row["uri"] for row in rows] == [found["uri"] for found in objects]
    assert float(rows[0]["height_m"]) == features[0]["properties"]["height_m"] == objects[0]["height_m"] == 6.0


def test_the_api_lists_describes_and_gives(visitor: Client, small_city: SmallCity) -> None:
    listed = visitor.get("/api/v1/catalogue/datasets")
    assert listed["Access-Control-Allow-Origin"] == "*"
    (lamps,) = [found for found in listed.json() if found["code"] == "register.street_lamp"]
    assert visitor.get("/api/v1/catalogue/datasets/register.street_lamp").json() == lamps
    assert lamps["columns"]["height_m"]["fi"] == "Korkeus"
    address = lamps["downloads"]["geojson"].removeprefix("http://127.0.0.1")
    assert len(json.loads(body(visitor, address))["features"]) == 5
    missing = visitor.get("/api/v1/catalogue/datasets/nothing")
    assert missing.status_code == 404
    assert "nothing" in missing.json()["detail"]


def test_the_search_finds_data_in_any_language(small_city: SmallCity) -> None:
    assert [hit.title for hit in find(Actor(), "valaisin", 10)] == [hit.title for hit in find(Actor(), "belysning", 10)]
    assert find(Actor(), "valaisin", 10)
    assert not find(Actor(), "valaisin nothing", 10)


def test_the_documentation_describes_the_catalogue(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/api/docs", headers={"Accept-Language": "sv"}).content.decode()
    assert "Öppna data" in html
    assert "/api/v1/catalogue/datasets/{code}" in html
    assert "licence: string" in html
