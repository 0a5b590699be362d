"""What a client sends, read with care: JSON objects whose members are asked for by name and type.

Every fault is an InvalidError that names the member by its way from the root: `Datastreams[0].Sensor.name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import msgspec

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.problems import json_problem

MAX_CHILDREN: Final = 1000
MAX_DEPTH: Final = 20
ID: Final = "@iot.id"
REQUIRED: Final[Any] = object()


def decode(data: bytes, field: str = "body") -> Any:
    """Return the value of JSON text. Raises InvalidError with the position for what is none, NaN and Infinity too."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        problem = f"This is no JSON that can be read: {json_problem(error, data)}."
        raise InvalidError(field, problem, "Send JSON (RFC 8259) in UTF-8.") from error


class Body:
    """One entity as a client described it."""

    def __init__(self, value: Any, where: str = "", depth: int = 0) -> None:
        if not isinstance(value, dict):
            raise InvalidError(where or "body", "This is no JSON object.", "Send an entity as an object.")
        if depth > MAX_DEPTH:
            raise InvalidError(where, "Entities are nested too deep.", "Make them one by one and link them by @iot.id.")
        self.value: dict[str, Any] = value
        self.where = where
        self.depth = depth

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def path(self, name: str) -> str:
        """Return the way to a member from the root, for messages."""
        return f"{self.where}.{name}" if self.where else name

    def refuse(self, name: str, message: str, fix: str) -> NoReturn:
        """Raise InvalidError about a member."""
        raise InvalidError(self.path(name), message, fix)

    @property
    def link(self) -> int | None:
        """The identifier of an entity that exists already, where this names one."""
        if ID not in self.value:
            return None
        key = self.value[ID]
        if isinstance(key, str) and key.isascii() and key.isdigit():
            key = int(key[:19])
        if isinstance(key, bool) or not isinstance(key, int) or not 0 < key < 1 << 53:
            self.refuse(ID, "This is no identifier.", "Give a whole number, as the service gave it.")
        return key

    def any(self, name: str, default: Any = REQUIRED) -> Any:
        """Return a member of any type."""
        if name in self.value:
            return self.value[name]
        if default is REQUIRED:
            self.refuse(name, "This is missing.", "Give it.")
        return default

    def text(self, name: str, default: Any = REQUIRED) -> Any:
        """Return a text; `default` where it is absent."""
        value = self.any(name, default)
        if value is not default and not isinstance(value, str):
            self.refuse(name, "This is no text.", "Give a text.")
        return value

    def flag(self, name: str, default: Any = REQUIRED) -> Any:
        """Return true or false; `default` where it is absent."""
        value = self.any(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "This is neither true nor false.", "Give true or false.")
        return value

    def mapping(self, name: str, default: Any = REQUIRED) -> Any:
        """Return a JSON object; `default` where it is absent or null."""
        value = self.any(name, default)
        if value is None and default is not REQUIRED:
            return default
        if value is not default and not isinstance(value, dict):
            self.refuse(name, "This is no JSON object.", "Give names with their values.")
        return value

    def moment(self, name: str, default: Any = REQUIRED) -> Any:
        """Return a moment (ISO 8601, taken for UTC where it says no zone); `default` where it is absent."""
        value = self.any(name, default)
        return value if value is default else self._moment(name, value)

    def _moment(self, name: str, value: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            self.refuse(name, "This is no moment of the years 1 to 9999.", "Give ISO 8601, as 2026-01-31T12:00:00Z.")

    def child(self, name: str) -> Body | None:
        """Return an entity that is described or linked in this one, or None."""
        value = self.value.get(name)
        return None if value is None else Body(value, self.path(name), self.depth + 1)

    def children(self, name: str) -> list[Body]:
        """Return the entities that are described or linked in this one."""
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MAX_CHILDREN:
            self.refuse(name, f"This is no list of at most {MAX_CHILDREN} entities.", "Give a list.")
        return [Body(item, f"{self.path(name)}[{index}]", self.depth + 1) for index, item in enumerate(value)]

    def strings(self, name: str) -> list[str]:
        """Return a list of texts."""
        value = self.any(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(name, "This is no list of texts.", "Give a list of texts.")
        return value

    def mappings(self, name: str) -> list[Mapping[str, Any]]:
        """Return a list of JSON objects."""
        value = self.any(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(name, "This is no list of objects.", "Give a list of objects.")
        return value
