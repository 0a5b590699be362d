"""$batch: several requests in one, each answered by itself.

Source: OGC 18-088, clause 11, in the JSON form of OData JSON Format 4.01, clause 19.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from django.db import transaction

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.problems import GroupFailedError
from talkoot.core.observations.sta.requests import Answer, Asked, handle, problem

MAX_REQUESTS: Final = 1000
REFERENCE: Final = re.compile(r"\$([A-Za-z0-9_.-]+)")
OBSERVATIONS: Final = re.compile(r"Observations(?:\(-?\d+\))?/*\Z")
METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


def run_batch(actor: Actor, root: str, value: Any) -> dict[str, Any]:
    """Answer the requests of a batch one after the other; `root` is the service's address.

    A request names what an earlier one made by its id: `$1`, in its url or as an @iot.id. One that is wrong is
    answered with an error and the others are answered all the same; what depends on it fails with it. Those of one
    atomicityGroup, one after the other, are done all or not at all. Raises InvalidError for what is no batch.
    """
    requests = value.get("requests") if isinstance(value, dict) else None
    if not isinstance(requests, list) or len(requests) > MAX_REQUESTS:
        raise InvalidError("requests", f"This is no list of at most {MAX_REQUESTS} requests.", "Send fewer at a time.")
    batch = _Batch(actor, root)
    responses: list[dict[str, Any]] = []
    for group, following in groupby(enumerate(requests), key=lambda each: _group_of(each[1])):
        members = list(following)
        responses += batch.responses(members) if group is None else batch.together(group, members)
    return {"responses": responses}


def _group_of(request: Any) -> Any:
    """Return the atomicityGroup of a request; None for none."""
    return request.get("atomicityGroup") if isinstance(request, dict) else None


class _FailedError(Exception):
    """A request of a group failed, so that none of it is done."""


class _Batch:
    """A batch on its way: what its requests have made, by their ids."""

    def __init__(self, actor: Actor, root: str) -> None:
        self.actor = actor
        self.root = root
        self.made: dict[str, int] = {}
        self.links: dict[str, str] = {}
        self.failed: set[str] = set()

    def responses(self, requests: Sequence[tuple[int, Any]]) -> list[dict[str, Any]]:
        """Answer requests, each with its position in the batch, one by one."""
        return [_written(_key_of(*each), self._answer(*each)) for each in requests]

    def together(self, group: Any, requests: Sequence[tuple[int, Any]]) -> list[dict[str, Any]]:
        """Answer the requests of an atomicity group: where one fails, none is done, and the others say so."""
        failed: tuple[int, Answer] | None = None
        answers: list[Answer] = []
        try:
            with transaction.atomic():
                for place, each in enumerate(requests):
                    answers.append(self._answer(*each, group=group))
                    if answers[-1].status >= HTTPStatus.BAD_REQUEST:
                        failed = place, answers[-1]
                        raise _FailedError
        except _FailedError:
            answers = [problem(GroupFailedError(f"Another request of the group {str(group)[:60]!r} failed."))] * len(
                requests
            )
        if failed is not None:
            answers[failed[0]] = failed[1]
            self._forget(str(group), [_key_of(*each) for each in requests])
        keys = [_key_of(*each) for each in requests]
        return [
            {**_written(key, answer), "atomicityGroup": group if isinstance(group, str) else str(group)}
            for key, answer in zip(keys, answers, strict=True)
        ]

    def _answer(self, position: int, request: Any, *, group: Any = None) -> Answer:
        """Answer one request of the batch."""
        where = f"requests[{position}]"
        try:
            asked = self._asked(request, where)
            if group is not None:
                _require_revocable(asked, group, where)
            answer = handle(self.actor, self.root, asked)
        except InvalidError as error:
            answer = problem(error)
        self._remember(_key_of(position, request), answer)
        return answer

    def _forget(self, group: str, keys: Sequence[str]) -> None:
        """Take note that nothing of a group was done."""
        self.failed |= {group, *keys}
        for key in keys:
            self.made.pop(key, None)
            self.links.pop(key, None)

    def _remember(self, key: str, answer: Answer) -> None:
        if answer.status >= 400:
            self.failed.add(key)
        elif isinstance(answer.value, dict) and "Location" in answer.headers:
            self.made[key] = answer.value["@iot.id"]
            self.links[key] = answer.headers["Location"].removeprefix(f"{self.root}/")

    def _asked(self, request: Any, where: str) -> Asked:
        if not isinstance(request, dict):
            raise InvalidError(where, "This is no request.", "Give an object with id, method and url.")
        method, url = request.get("method"), request.get("url")
        if not isinstance(method, str) or method.upper() not in METHODS:
            raise InvalidError(f"{where}.method", "There is no such method.", f"Use one of: {', '.join(METHODS)}.")
        if not isinstance(url, str):
            raise InvalidError(f"{where}.url", "This is no address.", "Give one below the service's root.")
        self._require_done(request, where)
        path, query = self._address(url, where)
        body = self._linked(request.get("body"), where)
        return Asked(
            method.upper(), path, query, self._content_type(request), lambda: body, lambda: msgspec.json.encode(body)
        )

    def _require_done(self, request: Mapping[str, Any], where: str) -> None:
        after = request.get("dependsOn", [])
        if isinstance(after, list) and any(isinstance(key, str) and key in self.failed for key in after):
            raise InvalidError(f"{where}.dependsOn", "A request that this depends on failed.", "Mend that one.")

    def _address(self, url: str, where: str) -> tuple[str, str]:
        """Return path and query of a url that is relative to the root, to the host, or whole."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise InvalidError(f"{where}.url", "This is no address.", "Give one below the service's root.") from error
        root = urlsplit(self.root).path
        path = parts.path.removeprefix(root) if parts.path.startswith(root) else parts.path
        path = path.lstrip("/")
        first, slash, rest = path.partition("/")
        if found := REFERENCE.fullmatch(first):
            first = self._known(self.links, found[1], f"{where}.url")
        return unquote(first + slash + rest), parts.query

    def _linked(self, value: Any, where: str) -> Any:
        """Return a body in which references stand for identifiers: {"@iot.id": "$1"}."""
        if isinstance(value, list):
            return [self._linked(item, where) for item in value]
        if not isinstance(value, dict):
            return value
        linked = {name: self._linked(item, where) for name, item in value.items()}
        reference = linked.get("@iot.id")
        if isinstance(reference, str) and (found := REFERENCE.fullmatch(reference)):
            linked["@iot.id"] = self._known(self.made, found[1], f"{where}.body")
        return linked

    def _known(self, known: Mapping[str, Any], key: str, field: str) -> Any:
        if key not in known:
            raise InvalidError(field, f"No earlier request ${key} has made anything.", "Put it before this one.")
        return known[key]

    @staticmethod
    def _content_type(request: Mapping[str, Any]) -> str:
        headers = request.get("headers")
        for name, text in headers.items() if isinstance(headers, dict) else ():
            if name.lower() == "content-type" and isinstance(text, str):
                return text.partition(";")[0].strip().lower()
        return ""


def _key_of(position: int, request: Any) -> str:
    """Return the id of a request, or its position where it has none."""
    key = request.get("id") if isinstance(request, dict) else None
    return key if isinstance(key, str) else str(position)


def _written(key: str, answer: Answer) -> dict[str, Any]:
    """Return an answer as it stands in the batch's."""
    headers = {name.lower(): text for name, text in answer.headers.items()}
    response: dict[str, Any] = {"id": key, "status": int(answer.status), **({"headers": headers} if headers else {})}
    if "location" in headers:
        response["location"] = headers["location"]
    if answer.value is not None:
        response["body"] = answer.value
    return response


def _require_revocable(asked: Asked, group: Any, where: str) -> None:
    """Raise InvalidError for a group that is none, and for readings in one: they are kept as soon as they come."""
    if not isinstance(group, str) or not group:
        raise InvalidError(f"{where}.atomicityGroup", "This names no group.", "Give a text.")
    writes = asked.method != "GET"
    if writes and (OBSERVATIONS.search(asked.path) or _has_readings(asked.body())):
        raise InvalidError(
            f"{where}.atomicityGroup",
            "Observations are kept as soon as they come and cannot be taken back with the rest of a group.",
            "Send them after it, outside of any group.",
        )


def _has_readings(value: Any) -> bool:
    """Tell whether observations are described anywhere within a body."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if found.get("Observations"):
                return True
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
    return False
