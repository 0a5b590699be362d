"""Things as GeoJSON features (RFC 7946), one at a time or thousands, as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import shapely

from talkoot.core.register.models import Source, Thing


def feature(thing: Thing, sources: Mapping[int, str], geometry: msgspec.Raw | None) -> dict[str, Any]:
    """Return a thing as a GeoJSON feature, ready for msgspec; `geometry` is its GeoJSON text."""
    return {
        "type": "Feature",
        "id": str(thing.uid),
        "geometry": geometry,
        "properties": {
            "uri": thing.uri,
            "kind": thing.kind,
            "name": thing.name.as_dict(),
            "attributes": thing.attributes,
            "provenance": thing.provenance,
            "tags": thing.tags,
            "source": sources[thing.source_id],
            "external_id": thing.external_id,
            "valid_from": thing.valid_from,
            "valid_to": thing.valid_to,
            "recorded_at": thing.recorded_at,
        },
    }


def features(things: Sequence[Thing]) -> list[dict[str, Any]]:
    """Return things as GeoJSON features, ready for msgspec."""
    sources = dict(Source.objects.values_list("pk", "code")) if things else {}
    shapes = shapely.from_wkb([bytes(thing.geometry) if thing.geometry is not None else None for thing in things])
    texts = shapely.to_geojson(shapes)
    return [
        feature(thing, sources, msgspec.Raw(text.encode()) if text is not None else None)
        for thing, text in zip(things, texts, strict=True)
    ]


def collection(found: Sequence[dict[str, Any]], **members: Any) -> bytes:
    """Return features as the bytes of a GeoJSON feature collection, with further `members`."""
    return msgspec.json.encode({"type": "FeatureCollection", "features": found, **members})
