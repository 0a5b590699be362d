"""What is written in each format can be read back as it was."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.spreadsheets import unguarded
from talkoot.core.catalogue.formats import as_csv, as_geojson, as_json

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
values = st.one_of(st.none(), texts, st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
places = st.one_of(
    st.none(),
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(
        lambda place: {"type": "Point", "coordinates": [round(place[0], 6), round(place[1], 6)]}
    ),
)
rows = st.lists(st.fixed_dictionaries({"a": values, "b": values, "geometry": places}), max_size=30)


@given(rows)
def test_csv_comes_back(given_rows: list[dict[str, Any]]) -> None:
    text = b"".join(as_csv(given_rows, ("a", "b"), True)).decode()
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(read) == len(given_rows)
    for row, back in zip(given_rows, read, strict=True):
        assert unguarded(back["a"]) == ("" if row["a"] is None else str(row["a"]))
        assert bool(back["wkt"]) == (row["geometry"] is not None)
        if row["geometry"]:
            point = shapely.from_wkt(back["wkt"])
            assert [point.x, point.y] == pytest.approx(row["geometry"]["coordinates"], abs=1e-6)


@given(rows)
def test_json_comes_back(given_rows: list[dict[str, Any]]) -> None:
    assert json.loads(b"".join(as_json(given_rows, ("a", "b"), True))) == given_rows


@given(rows)
def test_geojson_comes_back_without_its_gaps(given_rows: list[dict[str, Any]]) -> None:
    collection = json.loads(b"".join(as_geojson(given_rows, ("a", "b"), True)))
    assert collection["type"] == "FeatureCollection"
    for row, feature in zip(given_rows, collection["features"], strict=True):
        assert feature["geometry"] == row["geometry"]
        assert feature["properties"] == {key: row[key] for key in ("a", "b") if row[key] not in (None, "")}


def test_nested_values_stand_in_csv_as_json() -> None:
    text = b"".join(as_csv([{"a": {"x": [1, 2]}}], ("a",), False)).decode()
    assert next(csv.DictReader(io.StringIO(text)))["a"] == '{"x":[1,2]}'


def test_a_text_is_no_formula_and_a_number_stays_one() -> None:
    text = b"".join(as_csv([{"a": "=1+1", "b": -5}, {"a": "-5", "b": "'@x"}], ("a", "b"), False)).decode()
    assert text.splitlines() == ["a,b", "'=1+1,-5", "'-5,''@x"]


def test_a_long_download_comes_in_pieces() -> None:
    many = ({"a": "x" * 1000} for _ in range(1000))
    pieces = list(as_csv(many, ("a",), False))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 200_000
