"""Who acts: a signed-in account, a visitor, or the operator at the city's own shell."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

Door = Literal["page", "api", "shell", "job"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks a service for something, through which door, in which request.

    `account` is the account (None for a visitor and for the system). `system` marks the operator's shell and
    the city's own jobs, who hold every permission since they hold the database itself.
    """

    account: Any = None
    door: Door = "page"
    system: bool = False
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def account_uid(self) -> str:
        """The account's identifier, or "" for a visitor and for the system."""
        return str(self.account.uid) if self.account is not None else ""


def operator() -> Actor:
    """Return the actor of the city's own shell."""
    return Actor(door="shell", system=True)


def city_job() -> Actor:
    """Return the actor of the city's own background work."""
    return Actor(door="job", system=True)
