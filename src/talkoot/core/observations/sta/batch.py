"""$batch: several requests in one, each answered by itself.

Source: OGC 18-088, clause 11, in the JSON form of OData JSON Format 4.01, clause 19.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.requests import Answer, Asked, handle, problem

MAX_REQUESTS: Final = 1000
REFERENCE: Final = re.compile(r"\$([A-Za-z0-9_.-]+)")
METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


def run_batch(actor: Actor, root: str, value: Any) -> dict[str, Any]:
    """Answer the requests of a batch one after the other; `root` is the service's address.

    A request names what an earlier one made by its id: `$1`, in its url or as an @iot.id. One that is wrong is
    answered with an error and the others are answered all the same; what depends on it fails with it. Requests of an
    atomicityGroup are not offered: a deep insert makes all or nothing. Raises InvalidError for what is no batch.
    """
    requests = value.get("requests") if isinstance(value, dict) else None
    if not isinstance(requests, list) or len(requests) > MAX_REQUESTS:
        raise InvalidError("requests", f"This is no list of at most {MAX_REQUESTS} requests.", "Send fewer at a time.")
    batch = _Batch(actor, root)
    return {"responses": [batch.response(position, request) for position, request in enumerate(requests)]}


class _Batch:
    """A batch on its way: what its requests have made, by their ids."""

    def __init__(self, actor: Actor, root: str) -> None:
        self.actor = actor
        self.root = root
        self.made: dict[str, int] = {}
        self.links: dict[str, str] = {}
        self.failed: set[str] = set()

    def response(self, position: int, request: Any) -> dict[str, Any]:
        """Answer one request of the batch."""
        where = f"requests[{position}]"
        key = request.get("id") if isinstance(request, dict) else None
        key = key if isinstance(key, str) else str(position)
        try:
            answer = handle(self.actor, self.root, self._asked(request, where))
        except InvalidError as error:
            answer = problem(error)
        self._remember(key, answer)
        headers = {name.lower(): text for name, text in answer.headers.items()}
        response: dict[str, Any] = {
            "id": key,
            "status": int(answer.status),
            **({"headers": headers} if headers else {}),
        }
        if "location" in headers:
            response["location"] = headers["location"]
        if answer.value is not None:
            response["body"] = answer.value
        return response

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
        if request.get("atomicityGroup") is not None:
            raise InvalidError(f"{where}.atomicityGroup", "Groups are not offered.", "Send a deep insert.")
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
