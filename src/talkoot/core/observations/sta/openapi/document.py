"""The OpenAPI 3.1 description of the SensorThings service. Source: OpenAPI Specification 3.1.1."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from talkoot import __version__
from talkoot.core.observations.sta.openapi.operations import parameters, responses, set_paths, way_paths
from talkoot.core.observations.sta.openapi.schemas import reference, schemas
from talkoot.core.observations.sta.openapi.service import service_paths
from talkoot.core.observations.sta.query.schema import ENTITIES

PATH: Final = "api"
SUMMARY: Final = (
    "OGC SensorThings API 1.1. Every address can be followed further along navigation properties, as in "
    "/Things(1)/Datastreams(2)/Observations. Reading what is public needs no key."
)
SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of the city."},
    "basic": {"type": "http", "scheme": "basic", "description": "The key as the password, with any user's name."},
}


def description(root: str) -> Any:
    """Return the description of the service whose address is `root`, as JSON that is encoded already."""
    return msgspec.Raw(_encoded(root))


@lru_cache(maxsize=8)
def _encoded(root: str) -> bytes:
    return msgspec.json.encode(document(root))


def document(root: str) -> dict[str, Any]:
    """Return the description of the service whose address is `root`."""
    paths: dict[str, Any] = {**service_paths()}
    for entity in ENTITIES.values():
        paths |= set_paths(entity)
        for way in entity.navigations.values():
            paths |= way_paths(entity, way)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Talkoot: SensorThings", "version": __version__, "description": SUMMARY},
        "servers": [{"url": root}],
        "tags": [{"name": "Service"}, *({"name": entity.collection} for entity in ENTITIES.values())],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "parameters": parameters(),
            "responses": responses(reference("Problem")),
            "securitySchemes": SECURITY,
        },
    }
