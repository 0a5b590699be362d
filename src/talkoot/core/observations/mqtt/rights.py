"""What clients of the broker may do: by the tokens that they give as passwords.

Rights are read from the database when a client connects and again every few seconds while it stays, so that an ended
token soon ends what it allowed.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
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
MOST_ASKED: Final = 500  # tokens of one query
TOKEN_USER: Final = "token"  # noqa: S105  (the user's name that any token may stand behind)
SESSION_SECONDS: Final = 24 * 3600.0  # how long a client's session, and so its rights, outlive its connection
VISITOR: Final = ""
Key = str  # the digest of a token in hexadecimal; VISITOR for who has none
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a token allows beside what everybody may: the private datastreams that it is told of."""

    name: str
    sees: frozenset[int] = frozenset()


class RightsBook:
    """The rights of all who are or were connected of late, and which datastreams are public."""

    def __init__(self) -> None:
        # One thread and so one connection to the database, which the loop never waits for.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mqtt-rights")
        self._rights: dict[Key, Rights] = {}
        self._seen: dict[Key, float] = {}
        self._private: frozenset[int] = frozenset()

    async def admit(self, user: str, password: str) -> Key | None:
        """Return the key of who comes: a visitor's without a name, else its token's; None for who is not let in.

        The user's name is the token's name, or "token".
        """
        if not user and not password:
            return VISITOR
        key = hashlib.sha256(password.encode()).hexdigest()
        found = (await self._read({key})).get(key)
        if found is None or user not in (TOKEN_USER, found.name):
            return None
        self._rights[key] = found
        self.see(key)
        return key

    def see(self, key: Key) -> None:
        """Take note that who has the key is there."""
        if key != VISITOR:
            self._seen[key] = time.monotonic()

    def may_see(self, key: Key, stream: int) -> bool:
        """Tell whether who has the key may be told of a datastream."""
        return stream not in self._private or (key in self._rights and stream in self._rights[key].sees)

    def hide(self, streams: Iterable[int]) -> None:
        """Take note that datastreams are hidden from visitors now, before all rights are read again."""
        if new := frozenset(streams) - self._private:
            self._private |= new

    async def keep_fresh(self) -> None:
        """Read all rights again and again, until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read the rights of those who were there of late, and which datastreams are private."""
        gone = time.monotonic() - SESSION_SECONDS
        self._seen = {key: at for key, at in self._seen.items() if at > gone}
        asked = set(self._seen)
        found = await self._read(asked)
        # Who was let in meanwhile keeps what was read then; a token that has ended is no longer found.
        self._rights = {key: rights for key, rights in self._rights.items() if key not in asked} | found

    async def call(self, fn: Callable[..., T], *given: Any) -> T:
        """Do something that reads the database, without holding up the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, fn, *given)

    async def _read(self, keys: Collection[Key]) -> dict[Key, Rights]:
        found, self._private = await self.call(read_rights, keys)
        return found


def read_rights(keys: Collection[Key]) -> tuple[dict[Key, Rights], frozenset[int]]:
    """Return the rights of those of the tokens that hold now, and the private datastreams; in few queries."""
    close_old_connections()
    private = frozenset(Datastream.objects.filter(is_public=False).values_list("pk", flat=True))
    held = Q(ended_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
    known = Token.objects.filter(held, account__is_active=True).select_related("account")
    digests = [bytes.fromhex(key) for key in keys]
    tokens = [
        token
        for first in range(0, len(digests), MOST_ASKED)
        for token in known.filter(digest__in=digests[first : first + MOST_ASKED])
    ]
    bound = _bound_private()
    return {bytes(token.digest).hex(): Rights(token.name, _sees(token, bound)) for token in tokens}, private


def _bound_private() -> dict[int, set[int]]:
    """Return the private datastreams of each bound token, by its primary key."""
    found: dict[int, set[int]] = defaultdict(set)
    links = Token.datastreams.through.objects.filter(datastream__is_public=False, token__is_bound=True)
    for token, datastream in links.values_list("token_id", "datastream_id"):
        found[token].add(datastream)
    return found


def _sees(token: Token, bound: Mapping[int, set[int]]) -> frozenset[int]:
    if token.is_bound:
        return frozenset(bound.get(token.pk, ()))
    actor = Actor(account=token.account, door="api")
    return frozenset(datastreams(actor).filter(is_public=False).values_list("pk", flat=True))
