"""Files and mappings that cannot be used: one clear error, and nothing written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotAllowedError
from talkoot.core.base.models import AuditEntry
from talkoot.core.register.demo import kamppi
from talkoot.core.register.importing import import_file, load_mapping
from talkoot.core.register.models import Import, Source, Thing
from tests.core.register.importing.conftest import Importer, facts
from tests.core.register.importing.osm import Town, crossing
from tests.core.register.importing.test_tables import LAMPS, collection, csv, feature, point

pytestmark = pytest.mark.django_db(databases="__all__")
Mapping = dict[str, Any]


def assert_nothing_written() -> None:
    assert not Thing.objects.exists()
    assert not Source.objects.exists()
    assert not Import.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.5, 0.9, 0.9999])
def test_a_truncated_extract_changes_nothing(take_in: Importer, tmp_path: Path, share: float) -> None:
    whole = kamppi().read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InvalidError, match=r"^file: cut\.osm\.pbf"):
        take_in(path)
    assert_nothing_written()


def test_a_truncated_extract_leaves_an_earlier_import_alone(take_in: Importer, tmp_path: Path) -> None:
    path = crossing().write(tmp_path / "town.osm.pbf")
    take_in(path)
    before = facts()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidError):
        take_in(path)
    assert facts() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.osm.pbf", b"", "is empty"),
        ("a.csv", b"", "is empty"),
        ("a.osm.pbf", b"tunnus;nimi\n1;a\n", "called OpenStreetMap PBF but looks like CSV"),
        ("a.csv", b'{"type": "FeatureCollection"}', "called CSV but looks like GeoJSON"),
        ("a.gpkg", b"SQLite format 3\x00" + b"\x00" * 200, "cannot be read as GeoPackage"),
        ("a.csv", b"PK\x03\x04\x00\x00zip", "called CSV but holds something else"),
        ("a.geojson", b'{"type": "Topology"}', "no GeoJSON feature collection"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "has no features"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Feature"}', "cut off"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"a": "b', "cut off"),
        ("a.csv", b"tunnus;nimi\n", "no rows below its header"),
        ("a.csv", b"tunnus;tunnus\n1;2\n", "the column 'tunnus' twice"),
        ("a.csv", b"\n1;2\n", "no header"),
        ("a.xlsx", b"PK", "of no known format"),
        ("a.json", gzip.compress(b"{}", mtime=0), "holds something else"),
    ],
)
def test_unusable_files_are_told_by_name(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidError, match=r"^file: ") as caught:
        take_in(path, mapping=None if name.endswith("pbf") else lamp_mapping)
    assert words in str(caught.value)
    assert caught.value.problems[0].fix
    assert_nothing_written()


def test_a_missing_file_and_a_folder(take_in: Importer, tmp_path: Path) -> None:
    for path in (tmp_path / "none.osm.pbf", tmp_path):
        with pytest.raises(InvalidError, match="There is no file"):
            take_in(path)


def test_an_extract_with_nodes_after_ways_is_refused_with_the_way_out(take_in: Importer, tmp_path: Path) -> None:
    import osmium
    from osmium.osm.mutable import Node, Way

    path = tmp_path / "unsorted.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_way(Way(id=1, nodes=[1, 2], tags={"highway": "residential"}))
        writer.add_node(Node(id=1, location=(24.9, 60.1), tags={"natural": "tree"}))
    with pytest.raises(InvalidError, match="osmium sort"):
        take_in(path)


def test_an_extract_of_nothing_is_refused(take_in: Importer, tmp_path: Path) -> None:
    town = Town()
    town.node(1, 0, 0)
    with pytest.raises(InvalidError, match="no tagged object"):
        take_in(town.write(tmp_path / "empty.osm.pbf"))


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kind": "lamp"}, "kind", "no kind"),
        ({"colour": "red"}, "colour", "no such field"),
        ({"source": {"code": "x", "name": "X"}}, "source.licence", "must say this"),
        ({"source": {"code": "x y", "name": "X", "licence": "CC0-1.0"}}, "source.code", "no code"),
        ({"source": {"code": "../x", "name": "X", "licence": "CC0-1.0"}}, "source.code", "no code"),
        ({"attributes": {"height_m": {"colum": "korkeus"}}}, "attributes.height_m.colum", "no such field"),
        ({"attributes": {"height_m": {"unit": "cm"}}}, "attributes.height_m", "names no column"),
        ({"attributes": {"height": "korkeus"}}, "attributes.height", "no such attribute"),
        ({"attributes": {"height_m": "korkues"}}, "attributes.height_m", "Did you mean 'korkeus'?"),
        ({"attributes": {"height_m": {"column": "korkeus", "unit": "kg"}}}, "attributes.height_m.unit", "kg"),
        ({"attributes": {"lamp_type": {"column": "tyyppi", "unit": "m"}}}, "attributes.lamp_type.unit", "no unit"),
        ({"id": ""}, "id", "names no column"),
        ({"id": "avain"}, "id", "no column 'avain'"),
        ({"name": {"de": "nimi"}}, "name.de", "language"),
        ({"name": {"sv": "namn"}}, "name.sv", "no column 'namn'"),
        ({"geometry": {"x": "lon"}}, "geometry.y", "names no column"),
        ({"geometry": {"x": "lon", "y": "leveys"}}, "geometry.y", "no column 'leveys'"),
        ({"geometry": {}}, "geometry", "names no column"),
        ({"crs": "EPSG:999999"}, "crs", "no coordinate system"),
        ({"decimal": "." * 2}, "decimal", "no decimal sign"),
        ({"delimiter": ";;"}, "delimiter", "no delimiter"),
        ({"encoding": "utf-77"}, "encoding", "utf-77"),
        ({"tags": ["väri"]}, "tags", "no column 'väri'"),
        ({"mend": "perhaps"}, "mend", "bool"),
    ],
)
def test_every_fault_of_a_mapping_names_its_field(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping, change: Mapping, field: str, words: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        take_in(csv(tmp_path / "lamps.csv"), mapping={**lamp_mapping, **change})
    assert caught.value.problems[0].field == field
    assert words in str(caught.value)
    assert_nothing_written()


@pytest.mark.parametrize("mapping", [None, {}, "", "a: [1\n", "- 1\n- 2\n", "nowhere.yaml"])
def test_no_usable_mapping_at_all(take_in: Importer, tmp_path: Path, mapping: Any) -> None:
    with pytest.raises(InvalidError, match=r"^mapping: "):
        take_in(csv(tmp_path / "lamps.csv"), mapping=mapping)


def test_a_mapping_is_yaml_json_text_or_content(tmp_path: Path, lamp_mapping: Mapping) -> None:
    text = json.dumps(lamp_mapping, indent=1)
    path = tmp_path / "lamps.yaml"
    path.write_text(text)
    assert load_mapping(path) == load_mapping(text) == load_mapping(str(path)) == load_mapping(lamp_mapping)


def test_importing_needs_the_permission(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError, match=r"register\.import"):
        import_file(Actor(), crossing().write(tmp_path / "town.osm.pbf"))
    assert_nothing_written()


def test_lines_longer_than_bounds_are_passed_over(take_in: Importer, tmp_path: Path, lamp_mapping: Mapping) -> None:
    one_line, many_lines = "x" * 2_000_000, "y\n" * 1_000_000
    tail = "6;n;5;LED;24,94;60,17\n"
    text = f'{LAMPS}3;{one_line};5;LED;24,94;60,17\n4;n;5;LED;24,94;60,17\n5;"{many_lines}";5;LED;24,94;60,17\n{tail}'
    reading = take_in(csv(tmp_path / "lamps.csv", text), mapping=lamp_mapping)
    assert reading.counts == {"added": 4, "rejected": 2}
    assert set(Thing.objects.values_list("external_id", flat=True)) == {"1", "2", "4", "6"}
    assert set(reading.rejected.values_list("row", flat=True)) == {"line 4", "line 6"}


def test_rejections_are_all_counted_and_the_first_kept(
    take_in: Importer, tmp_path: Path, lamp_mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkoot.core.register.importing.batches.KEPT_REJECTIONS", 5)
    monkeypatch.setattr("talkoot.core.register.importing.run.BATCH", 4)
    reading = take_in(csv(tmp_path / "lamps.csv", LAMPS + ";;;;;\n" * 20), mapping=lamp_mapping)
    assert reading.counts == {"added": 2, "rejected": 20}
    assert reading.rejected.count() == 5


def test_strings_of_geojson_hold_what_they_like(take_in: Importer, tmp_path: Path) -> None:
    words = '"features": [{"}]\\ \u00e4\U0001f333 \\"'
    mapping = {
        "kind": "thing",
        "source": {"code": "things", "name": "Kohteet", "licence": "CC0-1.0"},
        "id": "tunnus",
        "name": "nimi",
    }
    path = collection(tmp_path / "t.geojson", *(feature(n, point(24.94, 60.17), nimi=words) for n in range(3)))
    assert take_in(path, mapping=mapping).counts == {"added": 3}
    assert {thing.name.fi for thing in Thing.objects.all()} == {words}
