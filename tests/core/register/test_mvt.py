"""Vector tiles, read back by an independent reader (GDAL's)."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.core.register import mvt


def read(tile: bytes, layer: str, folder: Path) -> list[tuple[Any, dict[str, Any]]]:
    """Return (shape in tile units, properties) of a layer's features, as GDAL reads them."""
    path = folder / f"{uuid.uuid4()}.mvt"
    path.write_bytes(tile)
    found, _, shapes, fields = pyogrio.raw.read(path, layer=layer, CLIP="NO")
    # GDAL lays a tile out with y upwards from its lower edge.
    turned = shapely.transform(shapely.from_wkb(shapes), lambda xy: np.column_stack((xy[:, 0], mvt.EXTENT - xy[:, 1])))
    columns = found["fields"].tolist()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*fields, strict=True)]
    return list(zip(turned.tolist(), rows, strict=True))


def encoded(shapes: list[Any], **columns: list[mvt.Value]) -> bytes:
    """Return a layer "layer" of shapes with a column for each keyword."""
    properties = [{name: values[index] for name, values in columns.items()} for index in range(len(shapes))]
    return mvt.layer("layer", np.array(shapes, dtype=object), list(range(len(shapes))), properties)


whole = st.integers(-64, 4160)
places = st.tuples(whole, whole)
shapes = st.one_of(
    st.builds(shapely.Point, places),
    st.builds(shapely.MultiPoint, st.lists(places, min_size=2, max_size=5, unique=True)),
    st.builds(shapely.LineString, st.lists(places, min_size=2, max_size=8, unique=True)),
    st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), whole, whole, *[st.integers(1, 500)] * 2),
)


@given(drawn=st.lists(shapes, min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_whole_units_come_back_as_they_were(drawn: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    tile = encoded(drawn, number=list(range(len(drawn))))
    back = read(tile, "layer", tmp_path_factory.getbasetemp())
    assert len(back) == len(drawn)
    for shape, properties in back:
        assert shapely.equals(shape, drawn[properties["number"]])


def test_holes_and_many_parts_come_back(tmp_path: Path) -> None:
    block = shapely.box(100, 100, 500, 500).difference(shapely.box(200, 200, 300, 300))
    lines = shapely.MultiLineString([[(0, 0), (10, 10)], [(20, 20), (30, 10), (40, 20)]])
    areas = shapely.MultiPolygon([block, shapely.box(600, 600, 700, 800)])
    back = {
        row["name"]: shape
        for shape, row in read(encoded([block, lines, areas], name=["a", "b", "c"]), "layer", tmp_path)
    }
    assert back["a"].equals(block)
    assert back["b"].equals(lines)
    assert back["c"].equals(areas)


def test_values_of_every_type_come_back(tmp_path: Path) -> None:
    tile = encoded(
        [shapely.Point(1, 1), shapely.Point(2, 2)],
        text=["Töölö <b>", "1"],
        whole=[-(2**40), 17],
        real=[0.1, -2.5],
        yes=[True, False],
    )
    _, first = read(tile, "layer", tmp_path)[0]
    assert (first["text"], first["whole"], first["real"], bool(first["yes"])) == ("Töölö <b>", -(2**40), 0.1, True)


def test_equal_numbers_of_different_types_stay_apart(tmp_path: Path) -> None:
    tile = encoded([shapely.Point(1, 1), shapely.Point(2, 2), shapely.Point(3, 3)], value=[1, True, 1.0])
    assert tile.count(b"\x38\x01") == 1
    assert tile.count(b"\x30\x02") == 1
    assert tile.count(b"\x19" + np.float64(1.0).tobytes()) == 1


@pytest.mark.parametrize(
    "shape",
    [
        shapely.LineString([(1.1, 1.1), (1.2, 1.2)]),
        shapely.box(1.1, 1.1, 1.3, 1.3),
        shapely.Polygon([(0, 0), (10, 0), (20, 0)]),
        shapely.Polygon(),
    ],
)
def test_what_nobody_would_see_is_left_out(shape: Any) -> None:
    assert encoded([shape], number=[0]) == b""


def test_a_hole_goes_with_its_ring_and_a_small_hole_alone(tmp_path: Path) -> None:
    sliver = shapely.Polygon([(0, 0), (0.3, 0), (0.3, 0.3), (0, 0.3)], [[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2)]])
    pinhole = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(4.1, 4.1), (4.2, 4.1), (4.2, 4.2)]])
    [(shape, _)] = read(
        encoded([shapely.MultiPolygon([sliver, shapely.transform(pinhole, lambda xy: xy + 20)])], n=[1]),
        "layer",
        tmp_path,
    )
    assert shape.equals(shapely.box(20, 20, 29, 29))


def test_rings_are_wound_as_the_clause_says() -> None:
    for ring in ([(0, 0), (10, 0), (10, 10), (0, 10)], [(0, 0), (0, 10), (10, 10), (10, 0)]):
        # Outer rings run clockwise on the screen, where y goes down: first right, then down, from one corner.
        tile = encoded([shapely.Polygon(ring)], n=[1])
        geometry = tile[tile.index(b"\x18\x03\x22") + 4 :]
        steps = [(value >> 1) ^ -(value & 1) for value in geometry[1:3] + geometry[4:10]]
        corners = np.cumsum(np.array(steps).reshape(-1, 2), axis=0)
        assert shapely.is_ccw(shapely.LinearRing(corners))


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02"), (2**35, b"\x80\x80\x80\x80\x80\x01")],
)
def test_varints_are_those_of_protocol_buffers(number: int, expected: bytes) -> None:
    assert mvt.varint(number) == expected  # 300 is the example of the Protocol Buffers encoding guide


def test_the_projection_is_web_mercator() -> None:
    corner = mvt.to_tile_units(np.array([shapely.Point(0, 0), shapely.Point(-180, 85.0511287798)]), 1, 1, 1)
    assert shapely.get_coordinates(corner).round(6).tolist() == [[0, 0], [-4096, -4096]]
    # The tile of Kamppi at zoom 14, from the formulas of the slippy map's tile names.
    kamppi = mvt.to_tile_units(np.array([shapely.Point(24.932, 60.168)]), 14, 9326, 4742)
    assert ((shapely.get_coordinates(kamppi) >= 0) & (shapely.get_coordinates(kamppi) <= 4096)).all()
