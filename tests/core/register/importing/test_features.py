"""Cutting GeoJSON into features: the same as parsing the whole, wherever the pieces end."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.core.register.importing import geojson
from talkoot.core.register.importing.geojson import FeatureCutter

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FEATURES = st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=5)


@settings(max_examples=200, deadline=None)
@given(features=FEATURES, before=VALUES, after=VALUES, piece=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_features_are_those_of_a_whole_parse(
    features: list[Any], before: Any, after: Any, piece: int, indent: int | None
) -> None:
    text = json.dumps({"name": "features", "crs": before, "features": features, "end": after}, indent=indent)
    cutter, found = cut(text.encode(), piece)
    assert found == features
    assert cutter.whole


@settings(max_examples=100, deadline=None)
@given(features=FEATURES.filter(len), piece=st.integers(1, 40), share=st.floats(0, 0.999))
def test_a_collection_that_is_cut_off_is_never_whole(features: list[Any], piece: int, share: float) -> None:
    text = json.dumps({"features": features, "end": "x"}).encode()
    cutter, found = cut(text[: int(len(text) * share)], piece)
    assert not cutter.whole
    assert found == features[: len(found)]


def test_a_feature_beyond_bounds_comes_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MAX_ROW", 100)
    text = json.dumps({"features": [{"a": 1}, {"a": "x" * 500}, {"a": 2}]}).encode()
    assert cut(text, 64)[1] == [{"a": 1}, None, {"a": 2}]


def cut(text: bytes, piece: int) -> tuple[FeatureCutter, list[Any]]:
    """Return the cutter and the features that it finds, reading `piece` bytes at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geojson, "PIECE", piece)
        cutter = FeatureCutter(io.BytesIO(text))
        return cutter, [json.loads(part) if part is not None else None for part in cutter]
