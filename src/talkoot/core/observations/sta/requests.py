"""One request to the SensorThings service, by itself or in a batch: what is asked, and what is answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError, TalkootError
from talkoot.core.observations.mqtt.endpoints import endpoints
from talkoot.core.observations.sta import data_array
from talkoot.core.observations.sta.conformance import landing_page
from talkoot.core.observations.sta.create import create_entity
from talkoot.core.observations.sta.entities import FORMS, address
from talkoot.core.observations.sta.patch import apply_json_patch, change_entity, delete_entity
from talkoot.core.observations.sta.problems import (
    MethodError,
    UnavailableError,
    problem_details,
    problem_headers,
    status_of,
)
from talkoot.core.observations.sta.query.ast import Options, ResourcePath
from talkoot.core.observations.sta.query.options import parse_query_string
from talkoot.core.observations.sta.query.paths import parse_path
from talkoot.core.observations.sta.query.schema import ENTITIES, ID
from talkoot.core.observations.sta.reads import Reader, Scope
from talkoot.core.observations.store.frames import RefusedError, WriterError

log = logging.getLogger(__name__)

JSON_PATCH: Final = "application/json-patch+json"
CREATE_OBSERVATIONS: Final = ("CreateObservations", "BulkObservations")
NO_OPTIONS: Final = Options()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: a method, a path below the service's root (percent-decoded), the query behind it, a body.

    `body` reads the JSON value, `raw` the bytes.
    """

    method: str
    path: str
    query: str = ""
    content_type: str = ""
    body: Callable[[], Any] = lambda: None
    raw: Callable[[], bytes] = bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a status, a JSON value (or text, or nothing), and headers."""

    status: int
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_text: bool = False


def handle(actor: Actor, root: str, asked: Asked) -> Answer:
    """Answer a request; `root` is the service's address. Errors are answers too."""
    try:
        return _handled(actor, root, asked)
    except TalkootError as error:
        return problem(error)
    except RefusedError as error:
        return problem(InvalidError("phenomenonTime", str(error), "Give another time."))
    except (WriterError, OSError) as error:
        log.warning("the store of readings could not be used: %s", error)
        return problem(UnavailableError("Readings cannot be stored at the moment. Send them again later."))


def problem(error: TalkootError) -> Answer:
    """Return the answer to what went wrong."""
    status = status_of(error)
    return Answer(status, problem_details(error), problem_headers(status))


def _handled(actor: Actor, root: str, asked: Asked) -> Answer:
    method = "GET" if asked.method == "HEAD" else asked.method
    if asked.path.strip("/") in CREATE_OBSERVATIONS:
        _require(method, "POST")
        return Answer(HTTPStatus.CREATED, data_array.create_observations(actor, root, asked.raw()))
    if not asked.path.strip("/"):
        _require(method, "GET")
        return Answer(HTTPStatus.OK, landing_page(root, endpoints(root)))
    path = parse_path(asked.path)
    reader = Reader(actor, root)
    if method == "GET":
        return _read(reader, path, asked)
    _require(method, *(("POST",) if path.many else ("PATCH", "PUT", "DELETE")))
    if path.property or path.suffix:
        raise MethodError("Write to the entity itself: its address ends with its identifier.")
    return _create(reader, path, asked) if path.many else _change(reader, path, asked)


def _require(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise MethodError(f"This address does not take {method[:20]}. Use GET or {' or '.join(allowed)}.")


def _read(reader: Reader, path: ResourcePath, asked: Asked) -> Answer:
    options = parse_query_string(asked.query, path.entity)
    scope = reader.scope(path)
    if path.suffix == "$count":
        return Answer(HTTPStatus.OK, str(reader.count(scope, options)), is_text=True)
    if path.many:
        return Answer(HTTPStatus.OK, _set(reader, scope, path, options, asked))
    row = reader.one(scope)
    if path.property:
        return _property(path, row)
    if path.suffix == "$ref":
        return Answer(HTTPStatus.OK, {"@iot.selfLink": address(reader.root, path.entity, row.pk)})
    return Answer(HTTPStatus.OK, reader.entity(path.entity, row, options))


def _set(reader: Reader, scope: Scope, path: ResourcePath, options: Options, asked: Asked) -> dict[str, Any]:
    """Return a page of a set as entities, as links to them ($ref) or as data arrays."""
    if after := parse_qs(asked.query).get("after"):
        scope = reader.following(scope, after[0])
    if path.suffix == "$ref":
        options = replace(options, select=(("@iot.selfLink",),), expand=())
    return reader.collection(scope, options, f"{reader.root}/{asked.path.strip('/')}")


def _property(path: ResourcePath, row: Any) -> Answer:
    name, *keys = path.property
    value = row.pk if name == ID else FORMS[path.entity].values[name](row)
    for key in keys:
        value = _below(value, key)
    if value is None:
        return Answer(HTTPStatus.NO_CONTENT)
    if path.suffix == "$value" and not isinstance(value, dict | list | bool):
        return Answer(HTTPStatus.OK, str(value), is_text=True)
    if path.suffix == "$value":
        return Answer(HTTPStatus.OK, value)
    return Answer(HTTPStatus.OK, {keys[-1] if keys else "@iot.id" if name == ID else name: value})


def _below(value: Any, key: str) -> Any:
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and key.isascii() and key.isdigit() and int(key[:9]) < len(value):
        return value[int(key[:9])]
    raise NotFoundError(f"There is nothing below it at “{key[:60]}”.")


def _create(reader: Reader, path: ResourcePath, asked: Asked) -> Answer:
    given: dict[str, Any] = {}
    if len(path.steps) > 1:
        above = ResourcePath(path.steps[:-1], _entity_above(path), many=False)
        parent = reader.one(reader.scope(above))
        ways = ENTITIES[path.entity].navigations
        above_kind = ENTITIES[above.entity]
        given = {name: parent for name in (above_kind.name, above_kind.collection) if name in ways}
    key = create_entity(reader.actor, path.entity, asked.body(), given)
    link = address(reader.root, path.entity, key)
    return Answer(HTTPStatus.CREATED, {"@iot.id": key, "@iot.selfLink": link}, {"Location": link})


def _entity_above(path: ResourcePath) -> str:
    entity = next(kind.name for kind in ENTITIES.values() if kind.collection == path.steps[0].name)
    for step in path.steps[1:-1]:
        entity = ENTITIES[entity].navigations[step.name].target
    return entity


def _change(reader: Reader, path: ResourcePath, asked: Asked) -> Answer:
    row = reader.one(reader.scope(path))
    if asked.method == "DELETE":
        delete_entity(reader.actor, path.entity, row)
        return Answer(HTTPStatus.OK)
    if asked.content_type == JSON_PATCH:
        apply_json_patch(reader.actor, path.entity, row, asked.body())
    else:
        change_entity(reader.actor, path.entity, row, asked.body(), whole=asked.method == "PUT")
    return Answer(HTTPStatus.OK, {"@iot.id": row.pk, "@iot.selfLink": address(reader.root, path.entity, row.pk)})
