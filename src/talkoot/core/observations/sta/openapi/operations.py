"""The operations on sets of entities, on entities, and on what they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from talkoot.core.observations.sta.openapi.schemas import KEY, VALUES, WHOLE, Schema, reference
from talkoot.core.observations.sta.problems import MEDIA_TYPE
from talkoot.core.observations.sta.query.options import KNOWN, RESULT_FORMATS
from talkoot.core.observations.sta.query.schema import ENTITIES, ID, EntityType, Navigation
from talkoot.core.observations.sta.reads import MAX_PAGE, PAGE
from talkoot.core.observations.sta.requests import JSON_PATCH

JSON: Final = "application/json"
TEXT: Final = "text/plain"
ERRORS: Final = {
    400: "The request has errors; each is named with its place and how to mend it.",
    401: "The key opens nothing.",
    403: "Who asks may not do this.",
    404: "There is nothing there, or it may not be seen.",
    409: "The present state forbids it.",
    413: "The body is too large.",
    415: "The body is of a media type that is not read here.",
    503: "Readings cannot be stored or read at the moment.",
}
OF_READS: Final = (400, 401, 404, 503)
OF_WRITES: Final = (400, 401, 403, 404, 409, 413, 415, 503)
ONE: Final = ("select", "expand")
MANY: Final = ("filter", "orderby", "select", "expand", "top", "skip", "count")
KEYED: Final[list[Schema]] = [{"bearer": []}, {"basic": []}]
OPEN: Final[list[Schema]] = [{}, *KEYED]


def parameters() -> dict[str, Schema]:
    """Return the parameters of addresses and queries, by their names without the dollar sign."""
    options: dict[str, tuple[Schema, str]] = {
        "filter": ({"type": "string"}, "A condition, as in: name eq 'a' and properties/height gt 5."),
        "orderby": ({"type": "string"}, "Properties, each with asc or desc."),
        "select": ({"type": "string"}, "The properties that are answered."),
        "expand": ({"type": "string"}, "Navigation properties answered in place, as in: Datastreams($top=1)."),
        "top": ({**WHOLE, "minimum": 0}, f"How many at most; {PAGE} without it, never more than {MAX_PAGE}."),
        "skip": ({**WHOLE, "minimum": 0}, "How many are passed over."),
        "count": ({"type": "boolean"}, "Whether to say how many there are in all."),
        "resultFormat": ({"enum": list(RESULT_FORMATS)}, "Observations as lists of values."),
    }
    assert {f"${name}" for name in options} == set(KNOWN.split(", "))
    found = {
        name: {"name": f"${name}", "in": "query", "required": False, "schema": schema, "description": text}
        for name, (schema, text) in options.items()
    }
    found["id"] = {"name": "id", "in": "path", "required": True, "schema": KEY, "description": "The @iot.id."}
    return found


def responses(problem: Schema) -> dict[str, Any]:
    """Return the answers of errors, by their status."""
    content = {MEDIA_TYPE: {"schema": problem}}
    return {f"Error{status}": {"description": text, "content": content} for status, text in ERRORS.items()}


def operation(
    name: str,
    tag: str,
    summary: str,
    answers: dict[str, Any],
    *,
    writes: bool = False,
    takes: Iterable[Schema] = (),
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an operation: its name (one word), set, summary, answers of success, parameters and body."""
    errors = OF_WRITES if writes else OF_READS
    found: dict[str, Any] = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "parameters": list(takes),
        "responses": answers | {str(each): {"$ref": f"#/components/responses/Error{each}"} for each in errors},
        "security": KEYED if writes else OPEN,
    }
    return found if body is None else {**found, "requestBody": {"required": True, "content": body}}


def answer(text: str, schema: Schema | None = None, media: str = JSON) -> dict[str, Any]:
    """Return an answer of success."""
    return {"description": text} if schema is None else {"description": text, "content": {media: {"schema": schema}}}


def content(schema: Schema, media: str = JSON) -> dict[str, Any]:
    """Return what a body is made of."""
    return {media: {"schema": schema}}


def taking(*names: str) -> list[Schema]:
    """Return references to parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def set_paths(entity: EntityType) -> dict[str, Any]:
    """Return the addresses of a set and of an entity in it, with its properties."""
    kind, tag = entity.name, entity.collection
    base, one = f"/{tag}", f"/{tag}({{id}})"
    changes = content(reference(f"{kind}Change"))
    changed = {"200": answer("It is changed.", reference("Linked"))}
    return {
        base: {"get": _listed(f"list{tag}", entity, tag), "post": _created(f"create{kind}", entity, tag, [])},
        **_of_set(base, tag, f"all{tag}", []),
        one: {
            "get": operation(
                f"read{kind}",
                tag,
                "Read it",
                {"200": answer(f"The {kind}.", reference(kind))},
                takes=taking("id", *ONE),
            ),
            "patch": operation(
                f"change{kind}",
                tag,
                "Change what the body names, or apply a JSON Patch",
                changed,
                writes=True,
                takes=taking("id"),
                body={**changes, **content(reference("JsonPatch"), JSON_PATCH)},
            ),
            "put": operation(
                f"replace{kind}",
                tag,
                "Let it be as the body says",
                changed,
                writes=True,
                takes=taking("id"),
                body=content(reference(f"{kind}New")),
            ),
            "delete": operation(
                f"delete{kind}",
                tag,
                "Delete it with what cannot be without it",
                {"200": answer("It is gone.")},
                writes=True,
                takes=taking("id"),
            ),
        },
        **_of_properties(one, entity),
    }


def way_paths(entity: EntityType, way: Navigation) -> dict[str, Any]:
    """Return the addresses of what an entity leads to."""
    target, tag = ENTITIES[way.target], entity.collection
    base, name = f"/{tag}({{id}})/{way.name}", f"{entity.name}{way.name}"
    if not way.many:
        summary, told = f"Read its {way.name}", {"200": answer(f"The {target.name}.", reference(target.name))}
        linked = {"200": answer("Its address.", reference("Linked") | {"required": ["@iot.selfLink"]})}
        return {
            base: {"get": operation(f"read{name}", tag, summary, told, takes=taking("id", *ONE))},
            f"{base}/$ref": {"get": operation(f"link{name}", tag, "Name it", linked, takes=taking("id"))},
        }
    item: dict[str, Any] = {"get": _listed(f"list{name}", target, tag, taking("id"))}
    item["post"] = _created(f"create{name}", target, tag, taking("id"))
    return {base: item, **_of_set(base, tag, name, taking("id"))}


def _listed(name: str, entity: EntityType, tag: str, above: list[Schema] | None = None) -> dict[str, Any]:
    options = (*MANY, "resultFormat") if entity.name == "Observation" else MANY
    told = {"200": answer(f"A page of {entity.collection}.", reference(f"{entity.name}Set"))}
    return operation(name, tag, f"List {entity.collection}", told, takes=[*(above or []), *taking(*options)])


def _created(name: str, entity: EntityType, tag: str, above: list[Schema]) -> dict[str, Any]:
    location = {"Location": {"description": "Its address.", "schema": {"type": "string", "format": "uri"}}}
    told = {"201": {**answer("It is made.", reference("Linked")), "headers": location}}
    body = content(reference(f"{entity.name}New"))
    return operation(name, tag, f"Make one of {entity.collection}", told, writes=True, takes=above, body=body)


def _of_set(base: str, tag: str, name: str, above: list[Schema]) -> dict[str, Any]:
    """Return how many there are in a set, and the links to them."""
    counted = {"200": answer("How many there are.", {"type": "string", "pattern": "^[0-9]+$"}, TEXT)}
    linked = {"200": answer("A page of links.", reference("LinkSet"))}
    listed = [*above, *taking("filter", "orderby", "top", "skip", "count")]
    return {
        f"{base}/$count": {
            "get": operation(f"count{name}", tag, "Count them", counted, takes=[*above, *taking("filter")])
        },
        f"{base}/$ref": {"get": operation(f"link{name}", tag, "List links to them", linked, takes=listed)},
    }


def _of_properties(one: str, entity: EntityType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in entity.properties:
        if name == ID:
            continue
        word = f"{entity.name}{name[0].upper()}{name[1:]}"
        wrapped: Schema = {"type": "object", "properties": {name: VALUES[name]}, "required": [name]}
        told = {"200": answer("The property.", wrapped), "204": answer("It has no value.")}
        bare = {"200": {"description": "Its value.", "content": {JSON: {"schema": {}}, TEXT: {"schema": {}}}}}
        found[f"{one}/{name}"] = {
            "get": operation(f"read{word}", entity.collection, f"Read its {name}", told, takes=taking("id"))
        }
        found[f"{one}/{name}/$value"] = {
            "get": operation(
                f"read{word}Value",
                entity.collection,
                f"Read its {name} bare",
                {**bare, "204": answer("It has no value.")},
                takes=taking("id"),
            )
        }
    return found
