"""Things of the register as open data: one flat row a thing, its attributes as columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import shapely
from django.db.models import Q
from django.utils import timezone

from talkoot.core.base.declare import Kind
from talkoot.core.base.identifiers import uri_of
from talkoot.core.base.text import Text
from talkoot.core.register.models import Source, Thing

COMMON: Final = {
    "uri": Text(fi="Pysyvä osoite", sv="Beständig adress", en="Stable address"),
    "name_fi": Text(fi="Nimi suomeksi", sv="Namn på finska", en="Name in Finnish"),
    "name_sv": Text(fi="Nimi ruotsiksi", sv="Namn på svenska", en="Name in Swedish"),
    "name_en": Text(fi="Nimi englanniksi", sv="Namn på engelska", en="Name in English"),
}
ORIGIN: Final = {
    "assumed": Text(fi="Oletetut arvot", sv="Antagna värden", en="Assumed values"),
    "source": Text(fi="Lähde", sv="Källa", en="Source"),
    "licence": Text(fi="Lisenssi", sv="Licens", en="Licence"),
    "recorded_at": Text(fi="Kirjattu", sv="Registrerad", en="Recorded"),
}
AT_ONCE: Final = 2000


def columns_of(kind: Kind) -> dict[str, Text]:
    """Return the columns of a kind's dataset with their names: the common ones and the kind's attributes."""
    attributes = {
        code: Text.of(schema.get("x-name") or {"en": schema.get("title", code)})
        for code, schema in kind.schema.get("properties", {}).items()
    }
    return {**COMMON, **attributes, **ORIGIN}


def rows_of(kind: Kind, *, after: int = 0, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the open things of a kind as flat rows with `geometry` as GeoJSON, in the order they were added.

    Things are read a few thousand at a time, so that memory does not grow with the register.
    """
    sources = {source.pk: (source.code, source.licence) for source in Source.objects.all()}
    now = timezone.now()
    found = Thing.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now), kind=kind.code, pk__gt=after)
    things = found.order_by("pk").defer("tags", "source_digest")
    attributes = list(kind.schema.get("properties", {}))
    for thing in (things[:limit] if limit else things).iterator(chunk_size=AT_ONCE):
        code, licence = sources[thing.source_id]
        yield _row(thing, attributes, code, licence)


def _row(thing: Thing, attributes: list[str], source: str, licence: str) -> dict[str, Any]:
    assumed = [code for code, origin in thing.provenance.items() if origin.startswith("assumed:")]
    return {
        "uri": uri_of(thing.uid),
        "name_fi": thing.name.fi,
        "name_sv": thing.name.sv,
        "name_en": thing.name.en,
        **{code: thing.attributes.get(code) for code in attributes},
        "assumed": ", ".join(sorted(assumed)),
        "source": source,
        "licence": licence,
        "recorded_at": thing.recorded_at.isoformat(timespec="seconds"),
        "geometry": json.loads(shapely.to_geojson(thing.shape)) if thing.geometry is not None else None,
    }
