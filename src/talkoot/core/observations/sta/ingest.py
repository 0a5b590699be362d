"""Readings taken in without Django: CreateObservations and POST of single Observations, answered after the commit.

Bytes to bytes in the event loop; what is not for it (deep inserts) is left to Django's views by returning None.
Source: OGC 18-088, SensorThings API part 1: Sensing, version 1.1, clauses 10.2 (create) and 13 (data arrays).
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from talkoot.core.base.errors import InvalidError, NotAllowedError, TalkootError
from talkoot.core.observations.sta.gathering import Writer
from talkoot.core.observations.sta.grants import Grant, Grants
from talkoot.core.observations.sta.groups import FEATURE, UNKNOWN, decode, named_features, take
from talkoot.core.observations.sta.moments import iso
from talkoot.core.observations.sta.problems import (
    UnavailableError,
    UnknownKeyError,
    json_problem,
    problem_details,
    problem_headers,
    problem_of_row,
    status_of,
)
from talkoot.core.observations.sta.rows import Row, RowError, row_of
from talkoot.core.observations.store.batch import Batch
from talkoot.core.observations.store.frames import WriterError

log = logging.getLogger(__name__)

ROOT: Final = "/sensorthings/v1.1"
DATASTREAM_LINKS: Final = ("Datastream", "MultiDatastream")
FEATURE_LINK: Final = "FeatureOfInterest"
CREATE_OBSERVATIONS: Final = f"{ROOT}/CreateObservations"
OBSERVATIONS: Final = re.compile(rf"{ROOT}/(?:(?:Multi)?Datastreams\((\d{{1,7}})\)/)?Observations")
LARGE_BYTES: Final = 256 * 1024  # a larger body is read beside the loop, which goes on meanwhile
LINK: Final = f"{ROOT}/Observations("  # and the number
# Pages of other sites may send readings too: with a key, never with a person's session.
OPEN_TO_ALL: Final = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "Location"))
TOO_OLD: Final = 3  # the status of a reading from before what its datastream keeps
TOO_OLD_MESSAGE: Final = "It is older than the datastream keeps."
JSON: Final = "application/json"
SAID_SECONDS: Final = 10.0
T = TypeVar("T")
_OBSERVATION: Final = msgspec.json.Decoder(dict[str, Any])


class Reply(NamedTuple):
    """What is answered: a status, headers and a body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def reply_to(error: TalkootError) -> Reply:
    """Return the answer to what went wrong."""
    status = status_of(error)
    return Reply(status, list(problem_headers(status).items()), msgspec.json.encode(problem_details(error)))


async def _at_once(fn: Callable[..., T], *arguments: Any) -> T:
    return fn(*arguments)


def is_for_ingest(method: str, path: str) -> bool:
    """Tell whether a request may be one that is answered here."""
    return method == "POST" and path.startswith(ROOT) and path.endswith("Observations")


def route_of(path: str) -> str:
    """Return the pattern of a path that is answered here, for the metrics."""
    return "sensorthings/CreateObservations" if path == CREATE_OBSERVATIONS else "sensorthings/Observations"


class Ingest:
    """Takes readings from those whose keys allow it, and has them written."""

    def __init__(self, writer: Writer, grants: Grants) -> None:
        self._writer = writer
        self._grants = grants
        self._said_at = -SAID_SECONDS

    async def answer(self, address: str, path: str, secret: str, body: bytes) -> Reply | None:
        """Answer a POST by the holder of a key, or return None where Django's views must.

        `address` is the city's own as the sender knows it ("https://city.example"): every link begins with it.
        """
        reply = await self._reply(address, path, secret, body)
        return reply._replace(headers=[*reply.headers, *OPEN_TO_ALL]) if reply is not None else None

    async def _reply(self, address: str, path: str, secret: str, body: bytes) -> Reply | None:
        try:
            if path == CREATE_OBSERVATIONS:
                return await self._create_observations(f"{address}{LINK}", secret, body)
            if found := OBSERVATIONS.fullmatch(path):
                return await self._observation(f"{address}{LINK}", secret, body, int(found[1] or 0))
        except TalkootError as error:
            return reply_to(error)
        return None

    async def _create_observations(self, link: str, secret: str, body: bytes) -> Reply:
        try:
            run = asyncio.to_thread if len(body) > LARGE_BYTES else _at_once
            groups = await run(decode, body)
            grant = await self._granted(secret, {group.stream for group in groups})
            features = await self._known_features(await run(named_features, groups))
            taken = await run(take, groups, grant.shapes, features)
        except (msgspec.DecodeError, ValueError) as error:
            raise InvalidError("body", f"This is no data array: {json_problem(error, body)}.") from None
        batch = taken.batch()
        ids = await self._write(batch) if len(batch) else []
        return Reply(201, [("Content-Type", JSON)], _links(link, ids, taken.errors, taken.rows))

    async def _observation(self, link: str, secret: str, body: bytes, addressed: int) -> Reply | None:
        """Take one observation: of the datastream in the address, or of the one that it names."""
        fields = fields_of(body)
        linked = links_of(fields)
        if linked is None:
            return None
        streams = {linked[name] for name in DATASTREAM_LINKS if name in linked} | ({addressed} if addressed else set())
        if len(streams) != 1:
            raise InvalidError("Datastream", "There must be one.", 'Name it as {"@iot.id": 1} or in the address.')
        stream = streams.pop()
        grant = await self._granted(secret, {stream})
        if (shape := grant.shapes.get(stream)) is None:
            raise NotAllowedError(f"Datastream: {stream} {UNKNOWN}")
        features: set[int] = set()
        if (feature := linked.get(FEATURE_LINK)) is not None:
            fields[FEATURE] = feature
            features = await self._known_features({feature})
        try:
            row = row_of(fields, shape, features)
        except RowError as error:
            raise problem_of_row(error) from None
        (number,) = await self._write(
            Batch.of([stream], [row.t], [row.value], rt=[row.rt], flag=[row.flag], more=[row.more])
        )
        if not number:
            raise InvalidError("phenomenonTime", TOO_OLD_MESSAGE)
        link = f"{link}{number})"
        return Reply(201, [("Content-Type", JSON), ("Location", link)], _entity(number, link, fields, row))

    async def _granted(self, secret: str, streams: set[int]) -> Grant:
        grant = await self._grants.grant(secret, streams)
        if grant is None:
            raise UnknownKeyError("This key opens nothing: it is unknown or has ended.")
        return grant

    async def _known_features(self, features: set[int]) -> set[int]:
        return features - await self._grants.unknown_features(features) if features else features

    async def _write(self, batch: Batch) -> list[int]:
        """Have a batch written; return the identifiers when it is on the disk, 0 for what is too old to be kept."""
        try:
            ids, status = await self._writer.write(batch)
        except (WriterError, OSError) as error:
            self._say(error)
            raise UnavailableError("Readings cannot be stored at the moment. Send them again later.") from error
        return [0 if state == TOO_OLD else number for number, state in zip(ids.tolist(), status.tolist(), strict=True)]

    def _say(self, error: Exception) -> None:
        """Tell in the log that nothing is stored, not at each request: the log may be on the disk that is full."""
        if time.monotonic() - self._said_at >= SAID_SECONDS:
            self._said_at = time.monotonic()
            log.warning("readings cannot be stored at the moment: %s", error or type(error).__name__)


def fields_of(body: bytes) -> dict[str, Any]:
    """Read one observation. Raises InvalidError with the position for what is none."""
    try:
        return _OBSERVATION.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidError("body", f"This is no observation: {json_problem(error, body)}.") from None


def links_of(fields: dict[str, Any]) -> dict[str, int] | None:
    """Take the links to other entities out of an observation's fields and return the number of each.

    Return None where one describes an entity that is to be made, or links in a way of its own.
    """
    links = {name: fields.pop(name) for name in (*DATASTREAM_LINKS, FEATURE_LINK) if name in fields}
    numbers: dict[str, int] = {}
    for name, link in links.items():
        number = link.get("@iot.id") if isinstance(link, dict) and len(link) == 1 else None
        if type(number) is not int:
            return None
        numbers[name] = number
    return numbers


def _entity(number: int, link: str, fields: dict[str, Any], row: Row) -> bytes:
    """Return the observation as it was taken, with its links."""
    entity = {"@iot.id": number, "@iot.selfLink": link, **fields}
    entity.pop(FEATURE, None)
    if not fields.get("phenomenonTime"):
        entity["phenomenonTime"] = iso(row.t)
    entity.setdefault("resultTime", None)
    for name in ("Datastream", FEATURE_LINK):
        entity[f"{name}@iot.navigationLink"] = f"{link}/{name}"
    return msgspec.json.encode(entity)


def _links(link: str, ids: list[int], errors: dict[int, str], rows: int) -> bytes:
    """Return for each row the link to its observation, or "error" and what is wrong with it."""
    if not errors and all(ids):
        between = f')","{link}'
        return f'["{link}{between.join(map(str, ids))})"]'.encode() if ids else b"[]"
    stored = iter(ids)
    links = [f"error {errors[row]}" if row in errors else f"{link}{next(stored)})" for row in range(rows)]
    return msgspec.json.encode(links)
