"""What clients of the broker may do: by the tokens that they give as passwords.

Rights are read from the database when a client connects and again every few seconds while it stays, so that an ended
token soon ends what it allowed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.observations.access import datastreams
from talkoot.core.observations.models import Datastream, Token

REFRESH_SECONDS: Final = 2.0
TOKEN_USER: Final = "token"  # noqa: S105  (the user's name that any token may stand behind)
VISITOR: Final = b""
Peer = tuple[str, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a token allows beside what everybody may: the private datastreams that it is told of."""

    name: str
    sees: frozenset[int] = frozenset()


NONE: Final = Rights("")


class RightsBook:
    """The rights of all clients that are connected, and which datastreams are public."""

    def __init__(self) -> None:
        # One thread and so one connection to the database, which the loop never waits for.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mqtt-rights")
        self._rights: dict[bytes, Rights] = {VISITOR: NONE}
        self._private: frozenset[int] = frozenset()
        self._users: dict[Peer, bytes] = {}
        self._secrets: dict[Peer, str] = {}

    async def admit(self, peer: Peer, user: str | None, password: str | None) -> bool:
        """Let a client in, or not: without a user's name as a visitor, else by its token.

        The user's name is the token's name, or "token".
        """
        key = VISITOR
        if user or password:
            key = hashlib.sha256((password or "").encode()).digest()
            found = (await self._read({key})).get(key)
            if found is None or user not in (TOKEN_USER, found.name):
                return False
            self._rights[key] = found
        self._users[peer] = key
        self._secrets[peer] = password or ""
        return True

    def leave(self, peer: Peer) -> None:
        """Forget a client that has gone."""
        self._users.pop(peer, None)
        self._secrets.pop(peer, None)

    def secret(self, peer: Peer) -> str:
        """Return the token that a client came with; empty for a visitor."""
        return self._secrets.get(peer, "")

    def may_see(self, peer: Peer, stream: int) -> bool:
        """Tell whether a client may be told of a datastream."""
        return stream not in self._private or stream in self._of(peer).sees

    def is_private(self, stream: int) -> bool:
        """Tell whether a datastream is hidden from visitors."""
        return stream in self._private

    def _of(self, peer: Peer) -> Rights:
        return self._rights.get(self._users.get(peer, VISITOR), NONE)

    async def keep_fresh(self) -> None:
        """Read all rights again and again, until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read the rights of those who are connected, and which datastreams are private."""
        keys = set(self._users.values()) - {VISITOR}
        found = await self._read(keys)
        self._rights = {VISITOR: NONE, **{key: found.get(key, NONE) for key in keys}}

    async def call(self, fn: Callable[..., T], *given: Any) -> T:
        """Do something that reads the database, without holding up the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, fn, *given)

    async def _read(self, keys: Collection[bytes]) -> dict[bytes, Rights]:
        found, self._private = await self.call(read_rights, keys)
        return found


def read_rights(keys: Collection[bytes]) -> tuple[dict[bytes, Rights], frozenset[int]]:
    """Return the rights of the tokens with these digests that hold today, and the private datastreams."""
    close_old_connections()
    hidden = Datastream.objects.filter(is_public=False)
    private = frozenset(hidden.values_list("pk", flat=True))
    held = Q(ended_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
    tokens = Token.objects.filter(held, digest__in=list(keys)).select_related("account") if keys else ()
    return {bytes(token.digest): _rights_of(token) for token in tokens}, private


def _rights_of(token: Token) -> Rights:
    if token.is_bound:
        return Rights(token.name, frozenset(token.datastreams.values_list("pk", flat=True)))
    actor = Actor(account=token.account, door="api")
    sees = datastreams(actor).filter(is_public=False).values_list("pk", flat=True)
    return Rights(token.name, frozenset(sees))
