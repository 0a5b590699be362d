"""The landing page: the entity sets and, of the standard's conformance classes, just those that tests prove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from talkoot.core.observations.sta.query.schema import COLLECTIONS

SPEC: Final = "http://www.opengis.net/spec/iot_sensing/1.1"
CLASSES: Final = (
    f"{SPEC}/req/datamodel",
    f"{SPEC}/req/resource-path/resource-path-to-entities",
    f"{SPEC}/req/request-data",
    f"{SPEC}/req/create-update-delete",
    f"{SPEC}/req/create-update-delete/create-entity",
    f"{SPEC}/req/create-update-delete/link-to-existing-entities",
    f"{SPEC}/req/create-update-delete/deep-insert",
    f"{SPEC}/req/create-update-delete/deep-insert-status-code",
    f"{SPEC}/req/create-update-delete/update-entity",
    f"{SPEC}/req/create-update-delete/update-entity-put",
    f"{SPEC}/req/create-update-delete/update-entity-jsonpatch",
    f"{SPEC}/req/create-update-delete/delete-entity",
    f"{SPEC}/req/create-update-delete/historical-location-auto-creation",
    f"{SPEC}/req/create-update-delete/historical-location-manual-creation",
    f"{SPEC}/req/batch-request/batch-request",
    f"{SPEC}/req/multi-datastream",
    f"{SPEC}/req/data-array/data-array",
)
# While MQTT runs; each names where.
MQTT_CLASSES: Final = (
    f"{SPEC}/req/create-observations-via-mqtt/observations-creation",
    f"{SPEC}/req/receive-updates-via-mqtt/receive-updates",
)


def landing_page(root: str, mqtt: Sequence[str] = ()) -> dict[str, Any]:
    """Return the service's root document; `root` is its address, `mqtt` the addresses at which MQTT runs now.

    Source: OGC 18-088, clauses 9.2.1 (root) and 14 (MQTT: an entry of the class among the server's settings).
    """
    settings: dict[str, Any] = {"conformance": [*CLASSES, *(MQTT_CLASSES if mqtt else ())]}
    if mqtt:
        settings |= {each: {"endpoints": list(mqtt)} for each in MQTT_CLASSES}
    return {
        "serverSettings": settings,
        "value": [{"name": collection, "url": f"{root}/{collection}"} for collection in COLLECTIONS],
    }
