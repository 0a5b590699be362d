"""What the tests of imports share: a home, and the register as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.register.importing import import_file
from talkoot.core.register.models import Import, Thing

Importer = Callable[..., Import]


@pytest.fixture
def take_in(home: Path, system: Actor) -> Importer:
    """Import a file as the operator, on a home of the test's own."""

    def imported(path: Path, **options: Any) -> Import:
        return import_file(system, path, **options)

    return imported


@pytest.fixture
def lamp_mapping() -> dict[str, Any]:
    """A mapping of a city's lamps."""
    return {
        "kind": "street_lamp",
        "source": {"code": "lamps", "name": {"fi": "Valaisimet"}, "licence": "CC-BY-4.0"},
        "id": "tunnus",
        "name": {"fi": "nimi"},
        "attributes": {"height_m": "korkeus", "lamp_type": "tyyppi"},
        "geometry": {"x": "lon", "y": "lat"},
    }


def thing(external_id: str) -> Thing:
    """Return the thing of an external identifier."""
    return Thing.objects.get(external_id=external_id)


def facts() -> list[tuple[Any, ...]]:
    """Return all that tells one register from another, whatever the keys."""
    rows = Thing.objects.order_by("source__code", "external_id")
    return [
        (
            row.external_id,
            row.kind,
            row.name,
            row.attributes,
            row.provenance,
            row.tags,
            bytes(row.geometry or b""),
            row.valid_to is None,
            sorted(row.relations_out.filter(valid_to__isnull=True).values_list("type", "object__external_id")),
        )
        for row in rows
    ]
