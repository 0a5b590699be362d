"""Mappings proposed for a file that a planner sends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.demo import kamppi
from talkoot.core.register.importing import describe, guess_mapping
from talkoot.core.register.importing import geopackage as gpkg
from talkoot.core.register.importing.guess import BEGINNING, LOOKED_AT
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


LARGE = 32 * 1024 * 1024


def bytes_read() -> int:
    """Return how many bytes this process has read of files so far."""
    return int(Path("/proc/self/io").read_text().split()[1])


def large_csv(path: Path) -> None:
    """Write rows of which one is cut, within a character of two bytes, where the beginning ends."""
    row = "%d;24,9;60,1;" + "ä" * 100 + "\n"
    with path.open("wb") as file:
        file.write(b"id;lon;lat;nimi\n")
        for number in count(1):
            file.write((row % number).encode())
            if file.tell() > LARGE:
                break


def large_geojson(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for number in range(1, 1001):
            file.write(
                b'{"type":"Feature","properties":{"id":%d,"nimi":"%b"},"geometry":null},' % (number, b"x" * 5000)
            )
        file.truncate(LARGE)


def large_geopackage(path: Path) -> None:
    geopackage(path)
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")  # they call functions of GDAL's
        rows = ((number, "x" * 64 * 1024) for number in range(4, 604))
        database.executemany('INSERT INTO rakennukset (tunnus, "käyttö") VALUES (?, ?)', rows)


@pytest.mark.parametrize(
    ("name", "write", "column", "rows"),
    [
        ("large.csv", large_csv, "nimi", LOOKED_AT),
        ("large.geojson", large_geojson, "nimi", LOOKED_AT),
        ("large.gpkg", large_geopackage, "käyttö", BEGINNING // (64 * 1024) + 3),
    ],
)
def test_of_a_large_file_only_the_beginning_is_read(
    tmp_path: Path, name: str, write: Callable[[Path], None], column: str, rows: int
) -> None:
    write(tmp_path / name)
    assert (tmp_path / name).stat().st_size >= LARGE
    before = bytes_read()
    found = describe(tmp_path / name, "thing")
    assert bytes_read() - before < 5 * BEGINNING
    assert (found.whole, found.count, len(found.rows)) == (False, rows, 10)
    assert found.guess["id"] in ("id", "tunnus")
    assert column in found.columns


@pytest.mark.parametrize("shift", [0, 1])
def test_where_the_beginning_ends_nothing_is_half(tmp_path: Path, shift: int) -> None:
    """The cut falls into a character or between two; the row that it cuts is not shown, and it is still UTF-8."""
    row = "ä" * 400_000
    text = "id;nimi\n" + "x" * shift + "".join(f"{number};{row}\n" for number in range(8))
    found = describe(csv(tmp_path / "a.csv", text), "thing")
    assert (found.whole, found.count) == (False, 5)
    assert set(found.rows[4][1]) == {"ä"}


def test_a_layer_that_takes_forever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpkg, "PREVIEW_SECONDS", 0.2)
    large_geopackage(tmp_path / "a.gpkg")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, NULL AS geom FROM n"
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute(f"CREATE VIEW loputon AS {endless} ORDER BY -i")
        database.execute("UPDATE gpkg_contents SET table_name = 'loputon'")
        database.execute("UPDATE gpkg_geometry_columns SET table_name = 'loputon', column_name = 'geom'")
    with pytest.raises(InvalidError, match="cannot be read as GeoPackage"):
        describe(tmp_path / "a.gpkg", "thing")


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
