"""JSON Patch (RFC 6902): operations on a JSON value, applied to a copy of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, NoReturn

import msgspec

from talkoot.core.base.errors import InvalidError

MAX_OPERATIONS: Final = 1000
MAX_BYTES: Final = 1024 * 1024


def applied(value: Any, operations: Any) -> Any:
    """Return `value` after the operations, each applied to what the one before left.

    Raises InvalidError that names the operation by its position, for one that is malformed, whose path leads nowhere
    or whose test fails; then nothing is changed.
    """
    if not isinstance(operations, list) or len(operations) > MAX_OPERATIONS:
        raise InvalidError("body", f"This is no list of at most {MAX_OPERATIONS} operations.", "Compare RFC 6902.")
    result = copy.deepcopy(value)
    for position, operation in enumerate(operations):
        result = _Operation(operation, f"[{position}]").applied(result)
    return result


class _Operation:
    """One operation of a patch; `where` names it in messages."""

    def __init__(self, operation: Any, where: str) -> None:
        self.where = where
        if not isinstance(operation, dict):
            self.refuse("", "This is no operation.", "Give an object with op and path.")
        self.members = operation

    def refuse(self, member: str, message: str, fix: str) -> NoReturn:
        """Raise InvalidError about a member of the operation."""
        raise InvalidError(f"{self.where}.{member}" if member else self.where, message, fix)

    def applied(self, value: Any) -> Any:
        """Return `value`, changed in place or replaced as a whole."""
        operations: dict[Any, Callable[[Any], Any]] = {
            "add": lambda value: self._add(value, self._pointer("path"), self._value()),
            "remove": lambda value: self._remove(value, self._pointer("path")),
            "replace": self._replace,
            "move": self._move,
            "copy": self._copy,
            "test": self._test,
        }
        word = self.members.get("op")
        if not isinstance(word, str) or word not in operations:
            self.refuse("op", "There is no such operation.", f"Use one of: {', '.join(operations)}.")
        return operations[word](value)

    def _value(self) -> Any:
        if "value" not in self.members:
            self.refuse("value", "This is missing.", "Give it.")
        return copy.deepcopy(self.members["value"])

    def _pointer(self, member: str) -> list[str]:
        """Return the steps of a JSON Pointer (RFC 6901)."""
        text = self.members.get(member)
        if not isinstance(text, str) or (text and not text.startswith("/")):
            self.refuse(member, "This is no JSON Pointer.", "Write it like /properties/key.")
        return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]

    def _at(self, value: Any, steps: list[str], member: str = "path") -> Any:
        for step in steps:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and (index := self._index(step, len(value) - 1)) is not None:
                value = value[index]
            else:
                self.refuse(member, f"There is nothing at {step[:60]!r}.", "Name what is there.")
        return value

    def _index(self, step: str, last: int) -> int | None:
        index = int(step) if step.isascii() and step.isdigit() and len(step) < 10 else -1
        return index if 0 <= index <= last else None

    def _from(self, value: Any) -> Any:
        return self._at(value, self._pointer("from"), "from")

    def _add(self, value: Any, steps: list[str], added: Any) -> Any:
        if not steps:
            return added
        parent, last = self._at(value, steps[:-1]), steps[-1]
        if isinstance(parent, dict):
            parent[last] = added
        elif isinstance(parent, list):
            index = len(parent) if last == "-" else self._index(last, len(parent))
            if index is None:
                self.refuse("path", f"The list has no position {last[:60]!r}.", 'Give one that it has, or "-".')
            parent.insert(index, added)
        else:
            self.refuse("path", "Nothing can be below this.", "Name an object or a list.")
        return value

    def _remove(self, value: Any, steps: list[str]) -> Any:
        self._at(value, steps)
        if not steps:
            self.refuse("path", "The whole entity cannot be removed so.", "Send DELETE.")
        parent = self._at(value, steps[:-1])
        del parent[steps[-1] if isinstance(parent, dict) else int(steps[-1])]
        return value

    def _replace(self, value: Any) -> Any:
        steps = self._pointer("path")
        self._at(value, steps)
        if not steps:
            return self._value()
        parent = self._at(value, steps[:-1])
        parent[steps[-1] if isinstance(parent, dict) else int(steps[-1])] = self._value()
        return value

    def _move(self, value: Any) -> Any:
        source, target = self._pointer("from"), self._pointer("path")
        if target[: len(source)] == source and target != source:
            self.refuse("path", "A value cannot move into itself.", "Name another place.")
        moved = self._from(value)
        return self._add(self._remove(value, source), target, moved)

    def _copy(self, value: Any) -> Any:
        copied = self._add(value, self._pointer("path"), copy.deepcopy(self._from(value)))
        if len(msgspec.json.encode(copied)) > MAX_BYTES:  # copies of copies double at each operation
            self.refuse("path", f"The entity would be larger than {MAX_BYTES} bytes.", "Copy less.")
        return copied

    def _test(self, value: Any) -> Any:
        if self._at(value, self._pointer("path")) != self._value():
            self.refuse("value", "The value there is another.", "Read the entity again.")
        return value
