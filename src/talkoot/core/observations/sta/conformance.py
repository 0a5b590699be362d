"""The landing page: the entity sets and, of the standard's conformance classes, just those that tests prove."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.observations.sta.query.schema import COLLECTIONS

SPEC: Final = "http://www.opengis.net/spec/iot_sensing/1.1"
CLASSES: Final = (
    f"{SPEC}/req/datamodel",
    f"{SPEC}/req/resource-path/resource-path-to-entities",
    f"{SPEC}/req/request-data",
    f"{SPEC}/req/create-update-delete/create-entity",
    f"{SPEC}/req/create-update-delete/link-to-existing-entities",
    f"{SPEC}/req/create-update-delete/deep-insert",
    f"{SPEC}/req/create-update-delete/deep-insert-status-code",
    f"{SPEC}/req/create-update-delete/update-entity",
    f"{SPEC}/req/create-update-delete/update-entity-put",
    f"{SPEC}/req/create-update-delete/update-entity-jsonpatch",
    f"{SPEC}/req/create-update-delete/delete-entity",
    f"{SPEC}/req/create-update-delete/historical-location-auto-creation",
    f"{SPEC}/req/batch-request/batch-request",
    f"{SPEC}/req/multi-datastream",
    f"{SPEC}/req/data-array/data-array",
)


def landing_page(root: str) -> dict[str, Any]:
    """Return the service's root document; `root` is its address. Source: OGC 18-088, clause 9.2.1."""
    return {
        "serverSettings": {"conformance": list(CLASSES)},
        "value": [{"name": collection, "url": f"{root}/{collection}"} for collection in COLLECTIONS],
    }
