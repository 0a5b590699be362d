"""Tiles of the register: what is in them, when they change, and how much they may hold."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.text import Text
from talkoot.core.register import bulk, prominence, services, tile_store, tiles
from talkoot.core.register.bulk import BulkThing
from talkoot.core.register.models import Source
from tests.core.register.conftest import AddThing, point, square
from tests.core.register.test_mvt import read

Z14 = (14, 9326, 4742)


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Tiles are kept in a home of the test's own."""


def layers(tile: bytes, folder: Path) -> set[str]:
    """Return the names of a tile's layers, as GDAL reads them."""
    path = folder / "layers.mvt"
    path.write_bytes(tile)
    return {name for name, _ in pyogrio.list_layers(path)}


def test_a_layer_for_each_kind_with_names_numbers_and_styles(add: AddThing, tmp_path: Path) -> None:
    lamp = add(name={"fi": "Lamppu", "sv": "Lampa"}, attributes={"height_m": 8.5, "lamp_type": "led"})
    add(kind="road_link", geometry={"type": "LineString", "coordinates": [[24.93, 60.167], [24.934, 60.169]]},
        attributes={"road_class": "residential", "lanes": 2, "bridge": True})  # fmt: skip
    tile = tiles.tile(*Z14)
    assert layers(tile.bytes, tmp_path) == {"street_lamp", "road_link"}
    [(shape, properties)] = read(tile.bytes, "street_lamp", tmp_path)
    assert properties == {
        "uid": str(lamp.uid),
        "name": "Lamppu",
        "name_sv": "Lampa",
        "height_m": 8.5,
        "mvt_id": lamp.pk,
    }
    assert shape.distance(tiles.mvt.to_tile_units(np.array([lamp.shape]), *Z14)[0]) < 1
    [(_, road)] = read(tile.bytes, "road_link", tmp_path)
    assert (road["road_class"], road["lanes"], bool(road["bridge"])) == ("residential", 2, True)


def test_a_tile_is_the_same_until_the_register_changes(add: AddThing, system: Actor) -> None:
    lamp = add()
    first, again = tiles.tile(*Z14), tiles.tile(*Z14)
    assert first == again
    higher = services.change_thing(system, lamp, attributes={"height_m": 8})
    changed = tiles.tile(*Z14)
    assert changed.etag != first.etag
    services.close_thing(system, higher)
    assert tiles.tile(*Z14).bytes == b""


def test_a_kept_tile_is_not_made_again(add: AddThing, monkeypatch: pytest.MonkeyPatch) -> None:
    add()
    kept = tiles.tile(*Z14)
    monkeypatch.setattr(tiles, "made", None)
    assert tiles.tile(*Z14) == kept


def test_kept_tiles_are_bounded_and_old_revisions_go(
    add: AddThing, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_store, "MAX_TILES", 5)
    add()
    for x in range(9):
        tiles.tile(14, 9326 + x, 4742)
    add()
    tiles.tile(*Z14)
    [folder] = (home / "tiles").iterdir()
    assert len(list(folder.iterdir())) == 1
    for x in range(9):
        tiles.tile(14, 9326 + x, 4742)
    assert len(list(folder.iterdir())) == 5


def test_shapes_are_cut_a_little_outside_the_tile(add: AddThing, tmp_path: Path) -> None:
    add(kind="water", geometry=square(24.0, 60.0, 1.0))
    [(shape, _)] = read(tiles.made(*Z14), "water", tmp_path)
    assert shape.equals(shapely.box(-64, -64, 4160, 4160))


def test_prominent_things_are_drawn_from_farther(add: AddThing, tmp_path: Path) -> None:
    add(kind="water", geometry=square(24.9, 60.1, 0.1))
    add(kind="building", geometry=square(side=0.0002))
    add(kind="tree")
    where = {z: layers(tiles.made(z, 18653 >> 15 - z, 9485 >> 15 - z), tmp_path) for z in (8, 14, 15)}
    assert where == {8: {"water"}, 14: {"water", "building"}, 15: {"water", "building", "tree"}}


@pytest.mark.parametrize(
    ("kind", "attributes", "zoom"),
    [
        ("road_link", {"road_class": "motorway"}, 5),
        ("road_link", {"road_class": "primary_link"}, 8),
        ("road_link", {"road_class": "service"}, 14),
        ("road_link", {}, 14),
        ("tree", {}, 15),
        ("railway", {}, 10),
        ("service_place", {"category": "library"}, 13),
        ("service_place", {"category": "cafe"}, 15),
        ("a programme's own", {}, 12),
    ],
)
def test_from_which_zoom(kind: str, attributes: dict[str, Any], zoom: int) -> None:
    details = [prominence.detail(key, kind, attributes, (24.9, 60.1, 24.9, 60.1)) for key in range(1000)]
    assert {int(detail) for detail in details} == {zoom}
    shares = np.histogram([detail - zoom for detail in details], bins=10, range=(0, 1))[0]
    assert shares.min() > 80  # evenly spread: a tenth of them in each tenth


def test_a_crowded_tile_leaves_things_out_evenly_and_says_so(system: Actor, source: Source, tmp_path: Path) -> None:
    choose = random.Random(5)
    west, south, east, north = 24.9170, 60.1615, 24.9380, 60.1720
    trees = [
        BulkThing("building", Text(), str(number), shapely.to_wkb(shapely.box(lon, lat, lon + 0.0003, lat + 0.0002)))
        for number in range(9000)
        for lon, lat in [(choose.uniform(west, east), choose.uniform(south, north))]
    ]
    bulk.add_many(system, source, trees)
    tile = tiles.made(*Z14)
    shown = read(tile, "building", tmp_path)
    assert 0.9 * tiles.MAX_FEATURES < len(shown) <= tiles.MAX_FEATURES
    [(_, thinned)] = read(tile, "thinned", tmp_path)
    assert thinned["shown"] == pytest.approx(len(shown), rel=0.01)  # slivers at the edge vanish in whole units
    middles = shapely.get_coordinates(shapely.centroid([shape for shape, _ in shown]))
    quarters = np.histogram2d(middles[:, 0], middles[:, 1], bins=2)[0]
    assert quarters.min() > 0.8 * quarters.max()


@pytest.mark.parametrize("place", [(-1, 0, 0), (17, 0, 0), (3, 8, 0), (3, 0, -1), (0, 0, 1)])
def test_there_is_no_tile_outside_the_grid(place: tuple[int, int, int], db: None) -> None:
    with pytest.raises(NotFoundError):
        tiles.tile(*place)


def test_the_corners_of_the_world_are_tiles(add: AddThing) -> None:
    add(kind="thing", geometry=point(179.9999, 85.05))
    add(kind="thing", geometry=point(-179.9999, -89.0))
    for x, y in ((0, 0), (65535, 0), (0, 65535), (65535, 65535)):
        tiles.made(16, x, y)
    assert tiles.made(0, 0, 0) == b""


def test_a_tile_is_answered_where_it_cannot_be_kept(add: AddThing, home: Path) -> None:
    (home / "tiles").write_text("a file where the folder should be")
    add()
    assert tiles.tile(*Z14).bytes
