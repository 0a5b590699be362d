"""Schemas of what the SensorThings service takes and answers (JSON Schema 2020-12), from the tables of its entities."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.observations.sta.batch import MAX_REQUESTS, METHODS
from talkoot.core.observations.sta.body import MAX_CHILDREN, REQUIRED
from talkoot.core.observations.sta.json_patch import MAX_OPERATIONS
from talkoot.core.observations.sta.members import MEMBERS
from talkoot.core.observations.sta.query.schema import ENTITIES, ID, EntityType, Navigation
from talkoot.core.observations.sta.rows import FIELDS

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
OBJECT: Final[Schema] = {"type": "object"}
WHOLE: Final[Schema] = {"type": "integer"}
LINK: Final[Schema] = {"type": "string", "format": "uri"}
KEY: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": (1 << 53) - 1}
TIME: Final[Schema] = {**TEXT, "description": "ISO 8601: a moment, or an interval as begin/end."}
# What each property is, wherever it stands.
VALUES: Final[dict[str, Schema]] = {
    "name": TEXT,
    "description": TEXT,
    "properties": OBJECT,
    "encodingType": {**TEXT, "examples": ["application/geo+json"]},
    "metadata": {},
    "definition": {**TEXT, "description": "The URI that says what is observed."},
    "location": {"description": "As encodingType says: GeoJSON (RFC 7946), or anything else."},
    "feature": {"description": "As encodingType says: GeoJSON (RFC 7946), or anything else."},
    "observedArea": OBJECT,
    "observationType": TEXT,
    "multiObservationDataTypes": {"type": "array", "items": TEXT},
    "unitOfMeasurement": OBJECT,
    "unitOfMeasurements": {"type": "array", "items": OBJECT},
    "phenomenonTime": TIME,
    "resultTime": {**TIME, "type": ["string", "null"]},
    "validTime": {**TIME, "type": ["string", "null"]},
    "time": TIME,
    "isPublic": {
        "type": "boolean",
        "description": "Of our own: false hides the datastream and its readings from who may not see private ones.",
    },
    "result": {"description": "As the datastream's observationType says; null where nothing was measured."},
    "resultQuality": {"description": "good, suspect, bad or estimated are flags; anything else is kept as it is."},
    "parameters": {"type": ["object", "array", "null"]},
}


def reference(name: str) -> Schema:
    """Return what leads to a schema of this description."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """Return every schema by its name: of each entity `Thing` (answered), `ThingSet`, `ThingNew` and `ThingChange`."""
    found = {**_COMMON}
    for entity in ENTITIES.values():
        found[entity.name] = answered(entity)
        found[f"{entity.name}Set"] = answered_set(reference(entity.name))
        found[f"{entity.name}New"] = taken(entity, whole=True)
        found[f"{entity.name}Change"] = taken(entity, whole=False)
    found["ObservationSet"]["properties"]["value"]["items"] = {
        "anyOf": [reference("Observation"), reference("DataArrayAnswered")]
    }
    return found


def answered(entity: EntityType) -> Schema:
    """Return the schema of an entity as it is answered: nothing else stands in it, and $select may leave all out."""
    members: dict[str, Schema] = {"@iot.id": KEY, "@iot.selfLink": LINK}
    members |= {name: VALUES[name] for name in entity.properties if name != ID}
    for way in entity.navigations.values():
        members |= _answered_way(way)
    return {"type": "object", "properties": members, "additionalProperties": False}


def _answered_way(way: Navigation) -> dict[str, Schema]:
    members = {f"{way.name}@iot.navigationLink": LINK}
    if not way.many:
        return {**members, way.name: reference(way.target)}
    return {
        **members,
        way.name: {"type": "array", "items": reference(way.target)},
        f"{way.name}@iot.count": WHOLE,
        f"{way.name}@iot.nextLink": LINK,
    }


def answered_set(item: Schema) -> Schema:
    """Return the schema of a page of a set."""
    return {
        "type": "object",
        "properties": {"@iot.count": WHOLE, "@iot.nextLink": LINK, "value": {"type": "array", "items": item}},
        "required": ["value"],
        "additionalProperties": False,
    }


def taken(entity: EntityType, *, whole: bool) -> Schema:
    """Return the schema of an entity as clients send it: a new one (`whole`), or changes of one."""
    if entity.name == "Observation":
        members = {name: VALUES[name] for name in sorted(FIELDS & VALUES.keys())}
        required = ["result"]
    else:
        members = {member.name: VALUES[member.name] for member in MEMBERS[entity.name]}
        required = [member.name for member in MEMBERS[entity.name] if member.absent is REQUIRED]
    for way in entity.navigations.values():
        child: Schema = {"anyOf": [reference("Link"), reference(f"{way.target}New")]}
        members[way.name] = {"type": "array", "items": child, "maxItems": MAX_CHILDREN} if way.many else child
    schema: Schema = {"type": "object", "properties": members}
    return {**schema, "required": required} if whole else schema


_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "Problem details (RFC 9457); code and message say the same as status and detail.",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": WHOLE,
        "detail": TEXT,
        "code": WHOLE,
        "message": TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": TEXT, "message": TEXT, "fix": TEXT},
                "required": ["field", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "message"],
}
_LINKED: Final[Schema] = {
    "type": "object",
    "properties": {"@iot.id": KEY, "@iot.selfLink": LINK},
    "required": ["@iot.id", "@iot.selfLink"],
}
_DATASTREAM_OF_ARRAY: Final[dict[str, Schema]] = {
    "Datastream": reference("Link"),
    "MultiDatastream": reference("Link"),
}
_DATA_ARRAY: Final[Schema] = {
    "type": "object",
    "description": "Rows of one datastream, each with a value for every component.",
    "properties": {
        **_DATASTREAM_OF_ARRAY,
        "components": {"type": "array", "items": {"enum": ["id", *sorted(FIELDS)]}},
        "dataArray@iot.count": WHOLE,
        "dataArray": {"type": "array", "items": {"type": "array"}},
    },
    "required": ["components", "dataArray"],
}
_DATA_ARRAY_ANSWERED: Final[Schema] = {
    "type": "object",
    "properties": {
        "Datastream@iot.navigationLink": LINK,
        "MultiDatastream@iot.navigationLink": LINK,
        "components": {"type": "array", "items": TEXT},
        "dataArray@iot.count": WHOLE,
        "dataArray": {"type": "array", "items": {"type": "array"}},
    },
    "required": ["components", "dataArray@iot.count", "dataArray"],
    "additionalProperties": False,
}
_BATCH: Final[Schema] = {
    "type": "object",
    "properties": {
        "requests": {
            "type": "array",
            "maxItems": MAX_REQUESTS,
            "items": {
                "type": "object",
                "properties": {
                    "id": TEXT,
                    "method": {"enum": list(METHODS)},
                    "url": {**TEXT, "description": "Below the service's root; $1 stands for what request 1 made."},
                    "headers": OBJECT,
                    "body": {},
                    "dependsOn": {"type": "array", "items": TEXT},
                    "atomicityGroup": TEXT,
                },
                "required": ["id", "method", "url"],
            },
        }
    },
    "required": ["requests"],
}
_BATCH_ANSWERED: Final[Schema] = {
    "type": "object",
    "properties": {
        "responses": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": TEXT,
                    "status": WHOLE,
                    "headers": OBJECT,
                    "location": LINK,
                    "atomicityGroup": TEXT,
                    "body": {},
                },
                "required": ["id", "status"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["responses"],
    "additionalProperties": False,
}
_OPERATION: Final[Schema] = {
    "type": "object",
    "properties": {
        "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
        "path": TEXT,
        "from": TEXT,
        "value": {},
    },
    "required": ["op", "path"],
}
_LANDING_PAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        "serverSettings": {
            "type": "object",
            "properties": {"conformance": {"type": "array", "items": LINK}},
            "required": ["conformance"],
        },
        "value": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": TEXT, "url": LINK}, "required": ["name", "url"]},
        },
    },
    "required": ["serverSettings", "value"],
}
_KEY_GIVEN: Final[Schema] = {
    "type": "object",
    "properties": {"username": TEXT, "password": {**TEXT, "description": "The key."}},
    "required": ["password"],
}
_KEY_ANSWERED: Final[Schema] = {
    "type": "object",
    "properties": {"access_token": TEXT, "token_type": {"const": "bearer"}, "expires_in": WHOLE},
    "required": ["access_token", "token_type", "expires_in"],
}
_COMMON: Final[dict[str, Schema]] = {
    "Problem": _PROBLEM,
    "Link": {
        "type": "object",
        "description": "An entity that is there.",
        "properties": {"@iot.id": KEY},
        "required": ["@iot.id"],
    },
    "Linked": _LINKED,
    "LinkSet": answered_set({"type": "object", "properties": {"@iot.selfLink": LINK}, "required": ["@iot.selfLink"]}),
    "DataArray": _DATA_ARRAY,
    "DataArrayAnswered": _DATA_ARRAY_ANSWERED,
    "Batch": _BATCH,
    "BatchAnswered": _BATCH_ANSWERED,
    "JsonPatch": {"type": "array", "maxItems": MAX_OPERATIONS, "items": _OPERATION},
    "LandingPage": _LANDING_PAGE,
    "KeyGiven": _KEY_GIVEN,
    "KeyAnswered": _KEY_ANSWERED,
}
