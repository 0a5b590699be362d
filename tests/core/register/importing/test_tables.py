"""A city's own registers: CSV, GeoJSON and GeoPackage through a mapping."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from django.utils.translation import override

from talkoot.core.base.errors import InvalidError
from talkoot.core.catalogue.formats import as_csv
from talkoot.core.register.importing.csv_file import CsvTable
from talkoot.core.register.importing.tables import Row
from talkoot.core.register.models import RejectedRow, Source, Thing
from tests.core.register.importing.conftest import Importer, facts, thing

pytestmark = pytest.mark.django_db(databases="__all__")
Mapping = dict[str, Any]

LAMPS = "tunnus;nimi;korkeus;tyyppi;lon;lat\n1;Töölö;7,5;LED;24,94;60,17\n2;Ääni;6;HPS;24,941;60,171\n"


def csv(path: Path, text: str = LAMPS, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding, newline="")
    return path


def reasons() -> dict[str, str]:
    return dict(RejectedRow.objects.values_list("row", "reason"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_in_any_usual_dress(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping, encoding: str, delimiter: str
) -> None:
    text = LAMPS.replace(";", delimiter)
    reading = take_in(csv(tmp_path / "lamps.csv", text, encoding), mapping=lamp_mapping)
    assert reading.counts == {"added": 2}
    lamp = thing("1")
    assert (lamp.name.fi, lamp.attributes) == ("Töölö", {"height_m": 7.5, "lamp_type": "LED"})
    assert lamp.shape.equals(shapely.Point(24.94, 60.17))
    assert lamp.tags["korkeus"] == "7,5"
    source = Source.objects.get(code="lamps")
    assert (source.licence, source.name.fi) == ("CC-BY-4.0", "Valaisimet")


def test_our_own_csv_is_read_as_it_was(tmp_path: Path) -> None:
    path, names = tmp_path / "names.csv", ["=1+1", "'=1+1", "+358 9", "-5", "@home", "'quoted'", "\tindented"]
    path.write_bytes(
        b"".join(as_csv([{"id": n, "=name": name} for n, name in enumerate(names)], ("id", "=name"), False))
    )
    rows = list(CsvTable.open(path).rows())
    assert [row.values["=name"] for row in rows if isinstance(row, Row)] == names


def test_points_of_the_decimal_kind_and_quoted_commas(take_in: Importer, tmp_path: Path, lamp_mapping: Mapping) -> None:
    text = 'tunnus,nimi,korkeus,tyyppi,lon,lat\n1,"Katu 1, ""A""\nrappu",7.5,LED,24.94,60.17\n'
    take_in(csv(tmp_path / "lamps.csv", text), mapping=lamp_mapping)
    assert thing("1").name.fi == 'Katu 1, "A"\nrappu'
    assert thing("1").attributes["height_m"] == 7.5


def test_projected_coordinates_units_words_and_assumptions(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping
) -> None:
    lamp_mapping["crs"] = "EPSG:3879"
    lamp_mapping["attributes"] = {
        "height_m": {"column": "korkeus", "unit": "cm", "assumed": 8},
        "lamp_type": {"column": "tyyppi", "values": {"L": "LED", "S": "sodium"}},
        "power_w": {"column": "teho", "scale": 1000},
    }
    text = (
        "tunnus;nimi;korkeus;tyyppi;teho;lon;lat\n"
        "1;a;750;L;0,06;25496000;6673000\n2;b;;S;;25496010;6673000\n3;c;600;X;;25496020;6673000\n"
    )
    take_in(csv(tmp_path / "lamps.csv", text), mapping=lamp_mapping)
    assert thing("1").attributes == {"height_m": 7.5, "lamp_type": "LED", "power_w": 60}
    assert thing("2").attributes == {"height_m": 8, "lamp_type": "sodium"}
    assert thing("2").provenance == {"height_m": "assumed:default of the mapping"}
    point = thing("1").shape
    assert (point.x, point.y) == pytest.approx((24.928, 60.173), abs=0.01)
    assert "'X' is not among the mapping's values" in reasons()["line 4, tunnus 3"]


@pytest.mark.parametrize(
    ("language", "found"),
    [
        (
            "fi",
            {
                "rivi 4, tunnus 3": "-5.0 on pienempi kuin pienin sallittu arvo 0.",
                "rivi 5, tunnus 4": "Pituus- ja leveysaste ovat vaihtuneet",
                "rivi 6, tunnus 5": "501 merkkiä on enemmän kuin sallitut 300. Lyhennä sitä.",
            },
        ),
        (
            "sv",
            {
                "rad 4, tunnus 3": "-5.0 är mindre än det minsta tillåtna värdet 0.",
                "rad 5, tunnus 4": "Longitud och latitud har bytt plats",
                "rad 6, tunnus 5": "501 tecken är fler än de tillåtna 300. Förkorta den.",
            },
        ),
    ],
)
def test_reasons_are_told_in_the_reader_s_language(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping, language: str, found: dict[str, str]
) -> None:
    text = LAMPS + f"3;n;-5;LED;24,94;60,17\n4;n;5;LED;60,17;24,94\n5;{'n' * 501};5;LED;24,94;60,17\n"
    with override(language):
        take_in(csv(tmp_path / "lamps.csv", text), mapping=lamp_mapping)
    for row, reason in found.items():
        assert reason in reasons()[row]


def test_bad_rows_are_rejected_one_by_one(take_in: Importer, tmp_path: Path, lamp_mapping: Mapping) -> None:
    text = LAMPS + (
        "3;n;-5;LED;24,94;60,17\n"
        "4;n;korkea;LED;24,94;60,17\n"
        "5;n;5;LED;60,17;24,94\n"
        "2;n;5;LED;24,94;60,17\n"
        ";n;5;LED;24,94;60,17\n"
        "7;n;5;LED;itä;60,17\n"
        "8;n\n"
        "9;n;5;LED;;\n"
        "10;n;5;LED;24,94;95\n"
    )
    reading = take_in(csv(tmp_path / "lamps.csv", text), mapping=lamp_mapping)
    assert reading.counts == {"added": 3, "rejected": 8}
    assert thing("9").geometry is None
    found = reasons()
    for row, part in {
        "line 4, tunnus 3": "-5",
        "line 5, tunnus 4": "is no number",
        "line 6, tunnus 5": "swapped",
        "line 7, tunnus 2": "twice",
        "line 8": "'tunnus' is empty",
        "line 9, tunnus 7": "geometry.x: 'itä' is no number",
        "line 10": "2 values where the header has 6",
        "line 12, tunnus 10": "90 degrees",
    }.items():
        assert part in found[row]


def test_a_rejected_change_leaves_what_the_register_said(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping
) -> None:
    path = tmp_path / "lamps.csv"
    take_in(csv(path), mapping=lamp_mapping)
    reading = take_in(csv(path, LAMPS.replace("7,5", "-1").replace(";6;", ";kuusi;")), mapping=lamp_mapping)
    assert reading.counts == {"rejected": 2}
    assert thing("1").attributes["height_m"] == 7.5
    assert thing("2").is_open


def test_a_table_closes_only_its_own_kind(take_in: Importer, tmp_path: Path, lamp_mapping: Mapping) -> None:
    take_in(csv(tmp_path / "lamps.csv"), mapping=lamp_mapping)
    trees = {**lamp_mapping, "kind": "tree", "attributes": {}}
    text = LAMPS.replace("\n1;", "\nA;").replace("\n2;", "\n2;")
    reading = take_in(csv(tmp_path / "trees.csv", text), mapping=trees)
    assert reading.counts == {"added": 1, "rejected": 1}
    assert "has a street_lamp of this identifier" in reasons()["line 3, tunnus 2"]
    assert thing("1").is_open
    reading = take_in(csv(tmp_path / "lamps.csv", LAMPS.replace("\n1;", "\n7;")), mapping=lamp_mapping)
    assert {"added": 1, "closed": 1}.items() <= reading.counts.items()
    assert thing("A").is_open


def feature(number: int, geometry: Any, **properties: Any) -> Mapping:
    return {"type": "Feature", "geometry": geometry, "properties": {"tunnus": number, **properties}}


def collection(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "name": "features", "features": list(features)}))
    return path


def point(*xy: float) -> Mapping:
    return {"type": "Point", "coordinates": list(xy)}


def square(x: float, y: float) -> list[list[float]]:
    return [[x, y], [x + 0.001, y], [x + 0.001, y + 0.001], [x, y + 0.001], [x, y]]


@pytest.fixture
def building_mapping() -> Mapping:
    return {
        "kind": "building",
        "source": {"code": "buildings", "name": "Rakennukset", "licence": "CC-BY-4.0"},
        "id": "tunnus",
        "attributes": {"height_m": "korkeus", "use": "käyttö"},
    }


def test_geojson_with_every_fault(take_in: Importer, tmp_path: Path, building_mapping: Mapping) -> None:
    bow = [[24.94, 60.17], [24.941, 60.171], [24.941, 60.17], [24.94, 60.171], [24.94, 60.17]]
    path = collection(
        tmp_path / "buildings.geojson",
        feature(1, {"type": "Polygon", "coordinates": [square(24.95, 60.17)]}, korkeus=12, käyttö="<b>koulu</b>"),
        feature(2, {"type": "Polygon", "coordinates": [bow]}, korkeus=5),
        feature(3, point(math.nan, 60.17)),
        feature(4, point(24.94, 60.17, 12.0)),
        feature(5, point(60.17, 24.94)),
        feature(6, {"type": "Circle", "coordinates": [1]}),
        feature(7, {"type": "Polygon", "coordinates": [square(24.9405, 60.1705)]}, korkeus=-1),
        feature(8, None, korkeus=3),
        feature(9, {"type": "LineString", "coordinates": [[24.94, 60.17], [24.95, 60.17]]}),
        "no feature",
    )
    reading = take_in(path, mapping=building_mapping)
    assert reading.counts == {"added": 2, "rejected": 7}
    assert thing("1").attributes["use"] == "<b>koulu</b>"
    found = {row.partition(", ")[0]: reason for row, reason in reasons().items()}
    for row, part in {
        "feature 2": "crosses itself",
        "feature 3": "finite",
        "feature 4": "three dimensions",
        "feature 5": "swapped",
        "feature 6": "no GeoJSON geometry",
        "feature 7": "-1",
        "feature 9": "no LineString",
    }.items():
        assert part in found[row]
    again = take_in(path, mapping={**building_mapping, "mend": True, "drop_z": True})
    assert again.counts == {"added": 2, "unchanged": 2, "mended": 1, "rejected": 5}
    assert thing("2").shape.is_valid
    assert not thing("4").shape.has_z


def test_most_coordinates_swapped_is_an_error_of_the_file(
    take_in: Importer, tmp_path: Path, building_mapping: Mapping
) -> None:
    path = collection(
        tmp_path / "b.geojson", *(feature(n, point(60.17, 24.94 + n / 1e4), korkeus=1, käyttö="x") for n in range(9))
    )
    with pytest.raises(InvalidError, match=r"swapped in 9 of the first 9 rows.*swap_xy"):
        take_in(path, mapping=building_mapping)
    assert not Source.objects.exists()
    assert take_in(path, mapping={**building_mapping, "swap_xy": True}).counts["added"] == 9
    assert thing("0").shape.equals(shapely.Point(24.94, 60.17))


def test_projected_coordinates_swapped_are_told_too(take_in: Importer, tmp_path: Path, lamp_mapping: Mapping) -> None:
    lamp_mapping |= {"crs": "EPSG:3067", "geometry": {"x": "lat", "y": "lon"}}
    text = "tunnus;nimi;korkeus;tyyppi;lon;lat\n1;a;5;L;385600;6672000\n"
    with pytest.raises(InvalidError, match="swapped"):
        take_in(csv(tmp_path / "lamps.csv", text), mapping=lamp_mapping)


def test_a_feature_may_carry_its_identifier_itself(
    take_in: Importer, tmp_path: Path, building_mapping: Mapping
) -> None:
    own = {"type": "Feature", "id": "b-1", "geometry": point(24.94, 60.17), "properties": {"korkeus": 1, "käyttö": "x"}}
    take_in(collection(tmp_path / "b.json", own), mapping={**building_mapping, "id": "id"})
    assert thing("b-1").kind == "building"


def geopackage(path: Path, crs: str = "EPSG:3879") -> Path:
    boxes = [shapely.box(25_496_000 + 50 * n, 6_673_000, 25_496_020 + 50 * n, 6_673_030) for n in range(3)]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(boxes),
        [np.array([1, 2, 3]), np.array([10.5, -3.0, 20.0]), np.array(["koulu", "x'; DROP TABLE", None], object)],
        ["tunnus", "korkeus", "käyttö"],
        geometry_type="Polygon",
        crs=crs,
        driver="GPKG",
        layer="rakennukset",
    )
    return path


def test_geopackage_tells_its_own_coordinate_system(
    take_in: Importer, tmp_path: Path, building_mapping: Mapping
) -> None:
    path = geopackage(tmp_path / "b.gpkg")
    reading = take_in(path, mapping=building_mapping)
    assert reading.counts == {"added": 2, "rejected": 1}
    assert thing("1").shape.centroid.y == pytest.approx(60.17, abs=0.02)
    assert thing("1").attributes == {"height_m": 10.5, "use": "koulu"}
    assert take_in(path, mapping=building_mapping).counts == {"unchanged": 2, "rejected": 1}


def test_a_geopackage_value_beyond_bounds_is_passed_over(
    take_in: Importer, tmp_path: Path, building_mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = geopackage(tmp_path / "b.gpkg")
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")  # they call functions of GDAL's
        database.execute('UPDATE rakennukset SET "käyttö" = ? WHERE tunnus = 1', ["x" * 17 * 1024 * 1024])
    take_in(path, mapping=building_mapping)
    assert "larger than 16 MiB" in reasons()["row 1"]
    assert thing("3").attributes["height_m"] == 20.0


def test_layers_must_be_named_where_there_are_several(
    take_in: Importer, tmp_path: Path, building_mapping: Mapping
) -> None:
    path = geopackage(tmp_path / "b.gpkg")
    pyogrio.raw.write(
        path, shapely.to_wkb([shapely.Point(0, 0)]), [np.array([1])], ["tunnus"],
        geometry_type="Point", crs="EPSG:4326", driver="GPKG", layer="muut", append=True,
    )  # fmt: skip
    with pytest.raises(InvalidError, match=r"layer: The file has 2 layers\. Name one of: muut, rakennukset"):
        take_in(path, mapping=building_mapping)
    with pytest.raises(InvalidError, match="no layer 'talot'"):
        take_in(path, mapping={**building_mapping, "layer": "talot"})
    assert take_in(path, mapping={**building_mapping, "layer": "rakennukset"}).counts["added"] == 2


def test_the_three_formats_say_the_same(take_in: Importer, tmp_path: Path, lamp_mapping: Mapping) -> None:
    plain = {name: value for name, value in lamp_mapping.items() if name != "geometry"} | {"tags": False}
    take_in(csv(tmp_path / "lamps.csv"), mapping={**lamp_mapping, "tags": False})
    of_csv = facts()
    lamps = [
        feature(1, point(24.94, 60.17), nimi="Töölö", korkeus=7.5, tyyppi="LED"),
        feature(2, point(24.941, 60.171), nimi="Ääni", korkeus=6, tyyppi="HPS"),
    ]
    reading = take_in(collection(tmp_path / "lamps.geojson", *lamps), mapping=plain)
    assert facts() == of_csv
    assert "added" not in reading.counts
    assert Thing.objects.count() == 2
