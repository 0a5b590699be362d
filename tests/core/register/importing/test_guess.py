"""Mappings proposed for a file that a planner sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.demo import kamppi
from talkoot.core.register.importing import describe, guess_mapping
from talkoot.core.register.importing.values import to_number
from tests.core.register.importing.conftest import Importer, thing
from tests.core.register.importing.test_tables import collection, csv, feature, geopackage, point

CITY = (
    "Pylvään tunnus;Nimi;Namn;Korkeus (cm);Lampun tyyppi;Teho;E;N\n"
    "P-1;Töölönkatu 1;Tölögatan 1;750;LED;60;25496000,5;6673000,25\n"
    "P-2;Töölönkatu 2;Tölögatan 2;600;LED;60;25496030;6673010\n"
)


@pytest.mark.django_db(databases="__all__")
def test_a_citys_own_csv_is_taken_in_as_proposed(take_in: Importer, tmp_path: Path) -> None:
    path = csv(tmp_path / "valaisinpylväät.csv", CITY, "latin-1")
    guess = guess_mapping(path)
    assert guess == {
        "kind": "street_lamp",
        "source": {"code": "valaisinpylvaat", "name": "valaisinpylväät", "licence": ""},
        "id": "Pylvään tunnus",
        "name": {"fi": "Nimi", "sv": "Namn"},
        "geometry": {"x": "E", "y": "N"},
        "crs": "EPSG:3879",
        "attributes": {
            "height_m": {"column": "Korkeus (cm)", "unit": "cm"},
            "lamp_type": "Lampun tyyppi",
            "power_w": "Teho",
        },
    }
    guess["source"]["licence"] = "CC-BY-4.0"
    assert take_in(path, mapping=guess).counts == {"added": 2}
    assert thing("P-1").attributes == {"height_m": 7.5, "lamp_type": "LED", "power_w": 60.0}
    assert (thing("P-1").shape.x, thing("P-1").shape.y) == pytest.approx((24.928, 60.173), abs=0.01)


def test_a_description_shows_the_first_rows(tmp_path: Path) -> None:
    found = describe(csv(tmp_path / "lamps.csv", CITY), "street_lamp")
    assert (found.format, found.count, len(found.rows)) == ("CSV", 2, 2)
    assert found.rows[0][:2] == ("P-1", "Töölönkatu 1")
    assert found.columns[3] == "Korkeus (cm)"


@pytest.mark.parametrize(
    ("x", "y", "crs"),
    [
        ("24,94", "60,17", "EPSG:4326"),
        ("25496000", "6673000", "EPSG:3879"),
        ("24496000", "6673000", "EPSG:3878"),
        ("385600", "6672000", "EPSG:3067"),
    ],
)
def test_coordinate_systems_are_known_by_size(tmp_path: Path, x: str, y: str, crs: str) -> None:
    text = f"id;x;y\n1;{x};{y}\n2;{x};{y}\n"
    assert guess_mapping(csv(tmp_path / "a.csv", text), "tree")["crs"] == crs


def test_the_identifier_is_a_column_that_tells_rows_apart(tmp_path: Path) -> None:
    text = "id;kohde_id;nimi;x;y\n1;a;n;24,9;60,1\n1;b;n;24,9;60,1\n"
    assert guess_mapping(csv(tmp_path / "a.csv", text), "tree")["id"] == "kohde_id"


def test_geojson_and_geopackage_need_no_columns_of_a_place(tmp_path: Path) -> None:
    path = collection(tmp_path / "trees.geojson", feature(1, point(24.9, 60.1), laji="Tilia", height=12))
    guess: dict[str, Any] = guess_mapping(path)
    assert (guess["kind"], guess["id"], guess["attributes"]) == (
        "tree",
        "tunnus",
        {"height_m": "height", "species": "laji"},
    )
    assert "geometry" not in guess
    assert guess_mapping(geopackage(tmp_path / "b.gpkg"), "building")["attributes"]["height_m"] == "korkeus"


def test_an_extract_has_nothing_to_map_and_an_unknown_kind_is_told(tmp_path: Path) -> None:
    assert describe(kamppi()).columns == ()
    with pytest.raises(InvalidError, match="kind: 'lamp'"):
        describe(csv(tmp_path / "a.csv"), "lamp")


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("12,5", "", 12.5),
        ("12.5", "", 12.5),
        ("1 234,5", "", 1234.5),
        ("1\u00a0234", "", 1234.0),
        ("1.234,5", "", 1234.5),
        ("1,234.5", "", 1234.5),
        ("1,234", "", 1.234),
        ("1,234", ".", 1234.0),
        ("-3", "", -3.0),
        ("1e3", "", 1000.0),
        ("abc", "", None),
        ("nan", "", None),
        ("inf", "", None),
        ("", "", None),
    ],
)
def test_numbers_as_offices_write_them(text: str, decimal: str, number: float | None) -> None:
    assert to_number(text, decimal) == number
