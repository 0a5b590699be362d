"""The members of each entity's JSON as the services take them: their names there and how they are read.

A new entity and a PUT read all of them, a PATCH those that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.observations.sta.body import REQUIRED, Body

Read = Callable[[Body, str, Any], Any]


@dataclass(frozen=True, slots=True)
class Member:
    """A member: its name in JSON, the services' name for it, how it is read, what it is where it is absent.

    One that `stays` is left as it is by a PUT that does not name it, and to the service's own choice by a POST.
    """

    name: str
    argument: str
    read: Read = Body.text
    absent: Any = REQUIRED
    stays: bool = False


def _single_text(body: Body, name: str, absent: Any) -> list[str]:
    return [body.text(name)]


def _single_mapping(body: Body, name: str, absent: Any) -> list[Any]:
    return [body.mapping(name)]


def _strings(body: Body, name: str, absent: Any) -> list[str]:
    return body.strings(name)


def _mappings(body: Body, name: str, absent: Any) -> list[Any]:
    return list(body.mappings(name))


_NAME: Final = Member("name", "name")
_DESCRIPTION: Final = Member("description", "description", absent="")
_PROPERTIES: Final = Member("properties", "properties", Body.mapping, {})
_ATTRIBUTES: Final = Member("properties", "attributes", Body.mapping, {})
_ENCODING: Final = Member("encodingType", "encoding_type")
_DESCRIBED: Final = (_NAME, _DESCRIPTION, _PROPERTIES)
_STREAM: Final = (
    *_DESCRIBED,
    Member("observedArea", "observed_area", Body.mapping, None),
    Member("isPublic", "is_public", Body.flag, absent=True, stays=True),
)

MEMBERS: Final[dict[str, tuple[Member, ...]]] = {
    "Thing": (_NAME, _DESCRIPTION, _ATTRIBUTES),
    "Location": (_NAME, _DESCRIPTION, _ATTRIBUTES, _ENCODING, Member("location", "location", Body.any)),
    "HistoricalLocation": (Member("time", "time", Body.moment),),
    "Datastream": (
        *_STREAM,
        Member("observationType", "observation_types", _single_text),
        Member("unitOfMeasurement", "units", _single_mapping),
    ),
    "MultiDatastream": (
        *_STREAM,
        Member("multiObservationDataTypes", "observation_types", _strings),
        Member("unitOfMeasurements", "units", _mappings),
    ),
    "Sensor": (*_DESCRIBED, _ENCODING, Member("metadata", "metadata", Body.any, "")),
    "ObservedProperty": (*_DESCRIBED, Member("definition", "definition")),
    "FeatureOfInterest": (*_DESCRIBED, _ENCODING, Member("feature", "feature", Body.any)),
}


def read(entity: str, body: Body, *, whole: bool) -> dict[str, Any]:
    """Return the members of an entity by the services' names: all of them (`whole`), or those that `body` has."""
    return {
        member.argument: member.read(body, member.name, member.absent)
        for member in MEMBERS[entity]
        if member.name in body or (whole and not member.stays)
    }


@contextmanager
def blaming(entity: str, body: Body) -> Iterator[None]:
    """Let errors of services name a member as the client does: by its name and its way from the root."""
    names = {member.argument: member.name for member in MEMBERS[entity]}
    names["geometry"] = "feature" if entity == "FeatureOfInterest" else "location"
    try:
        yield
    except InvalidError as error:
        raise InvalidError(
            Problem(body.path(_client_name(problem.field, names)), problem.message, problem.fix)
            for problem in error.problems
        ) from error


def _client_name(field: str, names: dict[str, str]) -> str:
    first, dot, rest = field.partition(".")
    if first in ("name", "description"):  # texts have no languages here
        return first
    return names.get(first, first) + dot + rest
