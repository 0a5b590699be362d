"""Resource paths: what an address below the service's root names. Source: OGC 18-088, clause 9.2."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.observations.sta.query.ast import ResourcePath, Step
from talkoot.core.observations.sta.query.lexer import shown
from talkoot.core.observations.sta.query.literals import MAX_INTEGER
from talkoot.core.observations.sta.query.schema import COLLECTIONS, ENTITIES, ID, ID_NAMES, EntityType

MAX_PATH: Final = 2000  # characters
MAX_STEPS: Final = 20
SUFFIXES: Final = ("$value", "$ref", "$count")
STEP: Final = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<key>[^()]*)\))?")
KEY_FIX: Final = "Identifiers are whole numbers: Things(1)."


def parse_path(path: str) -> ResourcePath:
    """Return what `path` names, such as "Things(1)/Datastreams" or "Datastreams(1)/unitOfMeasurement/name".

    Parameters: the path below the service's root, percent-decoded. Raises NotFoundError where it names nothing,
    InvalidError for an identifier that is no whole number and for a path that is too long.
    """
    pieces = path.strip("/").split("/")
    if len(path) > MAX_PATH or len(pieces) > MAX_STEPS:
        raise InvalidError("path", f"The path is longer than {MAX_STEPS} steps.", "Begin it at a later step.")
    kind = COLLECTIONS.get(pieces[0].partition("(")[0])
    if kind is None:
        _missing(pieces[0], f"There are {', '.join(COLLECTIONS)}.")
    step = _step(pieces[0])
    steps, many = [step], step.key is None
    rest = pieces[1:]
    while rest and (way := kind.navigations.get(rest[0].partition("(")[0])) is not None and not many:
        step = _step(rest.pop(0))
        if step.key is not None and not way.many:
            raise InvalidError("path", f"There is only one {way.name}, which needs no identifier.", "Leave it out.")
        steps.append(step)
        kind, many = ENTITIES[way.target], way.many and step.key is None
    suffix = rest.pop() if rest and rest[-1] in SUFFIXES else ""
    keys = _property(kind, many, rest)
    _require_fitting(suffix, keys, many)
    return ResourcePath(tuple(steps), kind.name, many, keys, suffix)  # type: ignore[arg-type]


def _step(piece: str) -> Step:
    match = STEP.fullmatch(piece)
    if match is None:
        raise InvalidError("path", f"“{shown(piece)}” is no step of a path.", KEY_FIX)
    key = match["key"]
    if key is None:
        return Step(match["name"])
    if not re.fullmatch(r"-?[0-9]+", key):
        raise InvalidError("path", f"“{shown(key)}” is no identifier.", KEY_FIX)
    if len(key) > 19 or abs(int(key)) > MAX_INTEGER:
        _missing(piece, "No identifier is so large.")
    return Step(match["name"], int(key))


def _property(kind: EntityType, many: bool, rest: list[str]) -> tuple[str, ...]:
    """Return the property that the rest of a path names, with the keys below it."""
    if not rest:
        return ()
    if many:
        _missing(rest[0], f"Choose one of the {kind.collection} first: {kind.collection}(1).")
    name = ID if rest[0] in ID_NAMES else rest[0]
    if name not in kind.properties:
        _missing(rest[0], f"{kind.name} has {', '.join((*kind.properties, *kind.navigations))}.")
    if len(rest) > 1 and kind.properties[name] not in ("json", "geometry"):
        _missing(rest[1], f"There is nothing below {name}.")
    return (name, *rest[1:])


def _require_fitting(suffix: str, keys: tuple[str, ...], many: bool) -> None:
    if suffix == "$value" and not keys:
        _missing(suffix, "It stands behind a property: Things(1)/name/$value.")
    if suffix == "$ref" and keys:
        _missing(suffix, "It stands behind entities: Things(1)/Datastreams/$ref.")
    if suffix == "$count" and not many:
        _missing(suffix, "It stands behind a set: Things/$count.")


def _missing(piece: str, fix: str) -> NoReturn:
    raise NotFoundError(f"There is nothing at “{shown(piece)}”. {fix}")
