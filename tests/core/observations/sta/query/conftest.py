"""A small city that measures: every entity of SensorThings, with and without what it may lack."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import shapely

from talkoot.core.base.text import Text
from talkoot.core.observations.models import (
    Datastream,
    DatastreamProperty,
    FeatureOfInterest,
    HistoricalLocation,
    ObservedProperty,
    Placement,
    Sensor,
)
from talkoot.core.register.geometries import to_geojson
from talkoot.core.register.models import Source, Thing

SHAPES = {
    "west": shapely.Point(24.93, 60.16),
    "east": shapely.Point(25.0, 60.2),
    "block": shapely.box(24.92, 60.15, 24.94, 60.17),
}


@dataclass
class City:
    """The rows by the letters that tests call them by."""

    rows: dict[str, Any] = field(default_factory=dict)

    def named(self, keys: list[int], model: type[Any]) -> str:
        """Return the letters of rows of a model, in the order of `keys`."""
        letters = {row.pk: letter for letter, row in self.rows.items() if isinstance(row, model)}
        return "".join(letters[key] for key in keys)


def placed(shape: shapely.Geometry | None) -> dict[str, Any]:
    """Return the columns of a geometry and its bounds."""
    if shape is None:
        return {}
    bounds = zip(("min_lon", "min_lat", "max_lon", "max_lat"), shape.bounds, strict=True)
    return {"geometry": shapely.to_wkb(shape), **dict(bounds)}


@pytest.fixture
def city(db: None) -> City:
    """Things a, b, c, d (e is closed), locations p, datastreams r, s (t is private), u of two properties."""
    source = Source.objects.create(code="survey", name=Text(fi="Kartoitus"), licence="CC0-1.0")

    def thing(kind: str, shape: str = "", **values: Any) -> Thing:
        return Thing.objects.create(kind=kind, source=source, **placed(SHAPES.get(shape)), **values)

    rows: dict[str, Any] = {}
    rows["a"] = thing(
        "street_lamp",
        "west",
        name=Text(fi="Älä sammuta", sv="Lampa A"),
        attributes={"height_m": 8, "lamp_type": "led", "on": True},
    )
    rows["b"] = thing("street_lamp", "east", name=Text(sv="Lampa B"), attributes={"height_m": 12.5, "on": False})
    rows["c"] = thing("building", "block", external_id="X7", attributes={"use": "school", "list": [4, "x"]})
    rows["d"] = thing(
        "thing",
        name=Text(fi="O'Hara 100%_"),
        tags={"description": "a car"},
        attributes={"height_m": "tall", "deep": {"a": {"b": None}}, "on": "true"},
    )
    rows["e"] = thing("thing", name=Text(fi="Älä sammuta"), valid_to=datetime(2020, 1, 1, tzinfo=UTC))
    rows["p"] = thing("location", "east", name=Text(fi="Satama"), attributes={"pier": 3})
    Placement.objects.create(thing=rows["d"], location=rows["p"])
    for letter, day in (("h", 1), ("i", 2), ("j", 15)):
        rows[letter] = HistoricalLocation.objects.create(
            thing=rows["d"], time=datetime(2026, 3, day, 12, 30, day, day * 1000, UTC)
        )
        rows[letter].locations.add(rows["p"])
    rows |= _instruments()
    rows |= _streams(rows, source)
    return City(rows)


def _instruments() -> dict[str, Any]:
    described = {"encoding_type": "application/pdf", "metadata": {"maker": "Oy", "year": 2024}}
    geojson = to_geojson(shapely.to_wkb(SHAPES["west"]))
    return {
        "k": Sensor.objects.create(name=Text(fi="DHT22"), description=Text(fi="lämpö"), **described),
        "l": Sensor.objects.create(name=Text(en="SDS011"), encoding_type="text/html", metadata="sds.html"),
        "m": ObservedProperty.objects.create(name=Text(fi="lämpötila", en="temperature"), definition="ucum:Cel"),
        "n": ObservedProperty.objects.create(name=Text(fi="kosteus", en="humidity"), definition="ucum:%"),
        "f": FeatureOfInterest.objects.create(
            name=Text(fi="Ilma"), encoding_type="application/geo+json", feature=geojson, **placed(SHAPES["west"])
        ),
        "g": FeatureOfInterest.objects.create(name=Text(fi="Vesi"), encoding_type="text/plain", feature="the sea"),
    }


def _streams(rows: dict[str, Any], source: Source) -> dict[str, Any]:
    def stream(name: str, thing: str, sensor: str, observed: str, **values: Any) -> Datastream:
        made = Datastream.objects.create(
            name=Text(fi=name),
            thing=rows[thing],
            sensor=rows[sensor],
            source=source,
            is_multi=len(observed) > 1,
            units=[{"name": "degree", "symbol": f"unit {each}"} for each in observed],
            observation_types=["OM_Measurement"] * len(observed),
            **values,
        )
        for position, each in enumerate(observed):
            DatastreamProperty.objects.create(datastream=made, observed_property=rows[each], position=position)
        return made

    area = to_geojson(shapely.to_wkb(SHAPES["block"]))
    return {
        "r": stream("air", "a", "k", "m", observed_area=area, properties={"limit": 20}),
        "s": stream("damp", "b", "l", "n", feature=rows["f"], properties={"limit": 50}),
        "t": stream("secret", "b", "k", "m", is_public=False),
        "u": stream("both", "a", "l", "mn"),
    }
