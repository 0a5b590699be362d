"""The operations on the service as a whole: its root, its description, many requests or readings at once, keys."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.observations.sta.openapi.operations import answer, content, operation
from talkoot.core.observations.sta.openapi.schemas import TEXT, reference
from talkoot.core.observations.sta.requests import CREATE_OBSERVATIONS

TAG: Final = "Service"
FORM: Final = "application/x-www-form-urlencoded"


def service_paths() -> dict[str, Any]:
    """Return the addresses that belong to no set of entities."""
    return {
        "/": {"get": _read("readService", "Read what there is and what is proven", reference("LandingPage"))},
        "/api": {"get": _read("readDescription", "Read this description", {"type": "object"})},
        **{f"/{name}": {"post": _data_arrays(name)} for name in CREATE_OBSERVATIONS},
        "/$batch": {
            "post": {
                **operation(
                    "batch",
                    TAG,
                    "Send several requests in one",
                    {"200": answer("An answer for each.", reference("BatchAnswered"))},
                    writes=True,
                    body=content(reference("Batch")),
                ),
                "description": "Those of one atomicityGroup succeed or fail together; any other by itself.",
                "security": [{}, {"bearer": []}, {"basic": []}],
            }
        },
        "/Login": {
            "post": {
                **operation(
                    "login",
                    TAG,
                    "Trade a key given as a password for itself, as programs do that know only passwords",
                    {"200": answer("The key.", reference("KeyAnswered"))},
                    writes=True,
                    body=content(reference("KeyGiven"), FORM),
                ),
                "security": [],
            }
        },
    }


def _read(name: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return operation(name, TAG, summary, {"200": answer("It.", schema)})


def _data_arrays(name: str) -> dict[str, Any]:
    told = answer("For each row the link to its observation, or error and why.", {"type": "array", "items": TEXT})
    body = content({"type": "array", "items": reference("DataArray")})
    summary = "Send many readings of datastreams as data arrays"
    return operation(name[0].lower() + name[1:], TAG, summary, {"201": told}, writes=True, body=body)
