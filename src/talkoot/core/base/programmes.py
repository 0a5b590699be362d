"""Finds what is declared: the core's rooms by name, every programme by its entry point."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final, cast

from talkoot.core.base.declare import Kind, Layer, Permission, Procedure, Programme, Role, Task, Variable, resolve

ENTRY_POINT_GROUP: Final = "talkoot.programmes"
CORE_ROOMS: Final = ("base", "people", "register", "compute", "observations", "catalogue", "ui")


def _room(name: str) -> Programme:
    room: Any = resolve(f"talkoot.core.{name}.declaration:ROOM")
    return cast(Programme, room)


@cache
def programmes() -> tuple[Programme, ...]:
    """Return the core's rooms in their order, then the installed programmes by code.

    Raises ValueError where two programmes carry the same code.
    """
    rooms: list[Programme] = [_room(room) for room in CORE_ROOMS]
    found = sorted((point.load() for point in entry_points(group=ENTRY_POINT_GROUP)), key=lambda p: p.code)
    every = [*rooms, *found]
    codes = [programme.code for programme in every]
    if doubled := {code for code in codes if codes.count(code) > 1}:
        raise ValueError(f"programmes declared twice: {', '.join(sorted(doubled))}")
    return tuple(every)


def declared(what: str) -> Iterator[Any]:
    """Yield every value declared under the field `what` ("kinds", "layers", ...), in programmes' order."""
    for programme in programmes():
        yield from getattr(programme, what)


def _by_code(what: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for item in declared(what):
        if item.code in table:
            raise ValueError(f"{what} declared twice: {item.code}")
        table[item.code] = item
    return table


@cache
def kinds() -> dict[str, Kind]:
    """Return the kinds of things by code."""
    return _by_code("kinds")


@cache
def permissions() -> dict[str, Permission]:
    """Return the permissions by code."""
    return _by_code("permissions")


@cache
def roles() -> dict[str, Role]:
    """Return the declared roles by code."""
    return _by_code("roles")


@cache
def layers() -> dict[str, Layer]:
    """Return the map layers by code."""
    return _by_code("layers")


@cache
def variables() -> dict[str, Variable]:
    """Return the observed and modelled variables by code."""
    return _by_code("variables")


@cache
def procedures() -> dict[str, Procedure]:
    """Return the procedures by code."""
    return _by_code("procedures")


@cache
def tasks() -> dict[str, Task]:
    """Return the tasks by code."""
    return _by_code("tasks")
