"""Who may write where, kept for a few seconds so that a device which sends much is looked up seldom."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.db import close_old_connections, connections
from django.db.models import Q
from django.utils import timezone

from talkoot.core.base.actors import Actor, city_job
from talkoot.core.observations.access import Device, may_write
from talkoot.core.observations.models import MAX_DATASTREAMS, Datastream, FeatureOfInterest, Token
from talkoot.core.observations.sta.rows import Shape
from talkoot.core.observations.tokens import actor_of_token

KEPT_SECONDS: Final = 3.0  # an ended key writes no longer than this
MOST_KEPT: Final = 10_000
MOST_ASKED: Final = 5_000  # of one statement
LARGEST_KEY: Final = 1 << 63
NO_KEY: Final = b""
Digest = bytes
T = TypeVar("T")


@dataclass(slots=True)
class Grant:
    """What a key may do until `until` (of the monotonic clock): its datastreams, None for those it may not write to."""

    actor: Actor | None
    until: float
    shapes: dict[int, Shape | None] = field(default_factory=dict)

    def missing(self, streams: Iterable[int]) -> set[int]:
        """Return those of the datastreams of which nothing is known yet."""
        return {stream for stream in streams if stream not in self.shapes}


class Grants:
    """The grants of the keys that are in use, read from the database in one thread that the loop never waits for."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="grants")
        self._grants: dict[Digest, Grant] = {}
        self._being_read: dict[Digest, asyncio.Future[Grant]] = {}
        self._features: set[int] = set()

    async def grant(self, secret: str, streams: Collection[int]) -> Grant | None:
        """Return what a key may do with at least these datastreams, or None where it opens nothing."""
        digest = _digest(secret)
        grant = self._grants.get(digest)
        if grant is None or grant.until < time.monotonic():
            grant = await self._renewed(digest, secret)
        if grant.actor is None:
            return None
        if missing := grant.missing(streams):
            grant.shapes |= await self._call(_shapes, grant.actor, missing)
        return grant

    async def trusted(self, streams: Collection[int]) -> Grant:
        """Return a grant of all datastreams, for readings whose senders the city's own broker has asked for keys."""
        grant = self._grants.get(NO_KEY)
        if grant is None or grant.until < time.monotonic():
            grant = Grant(city_job(), time.monotonic() + KEPT_SECONDS)
            self._keep(NO_KEY, grant)
        if missing := grant.missing(streams):
            grant.shapes |= await self._call(_shapes, city_job(), missing)
        return grant

    async def _renewed(self, digest: Digest, secret: str) -> Grant:
        """Return the grant as it is now; whoever asks while it is being read gets the same."""
        if (reading := self._being_read.get(digest)) is None:
            reading = self._being_read[digest] = asyncio.ensure_future(self._call(_read, secret))
            reading.add_done_callback(lambda _: self._being_read.pop(digest, None))
        grant = await asyncio.shield(reading)
        self._keep(digest, grant)
        return grant

    async def unknown_features(self, features: set[int]) -> set[int]:
        """Return those of the features of interest that are not there."""
        if wanted := features - self._features:
            found = await self._call(_features, wanted)
            self._features = found | (self._features if len(self._features) < MOST_KEPT else set())
            return wanted - found
        return set()

    async def close(self) -> None:
        """Let go of the thread and its connection to the database."""
        await self._call(connections.close_all)
        self._thread.shutdown()

    def _keep(self, digest: Digest, grant: Grant) -> None:
        if len(self._grants) >= MOST_KEPT:
            self._grants.clear()
        self._grants[digest] = grant

    async def _call(self, fn: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, fn, *arguments)


def _digest(secret: str) -> Digest:
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _read(secret: str) -> Grant:
    close_old_connections()
    until = time.monotonic() + KEPT_SECONDS
    actor = actor_of_token(secret, uuid.uuid4().hex)
    if actor is None:
        return Grant(None, until)
    ends = Token.objects.values_list("expires_at", flat=True).get(digest=_digest(secret))
    if ends is not None:
        until = min(until, time.monotonic() + (ends - timezone.now()).total_seconds())
    streams = actor.streams if isinstance(actor, Device) else ()
    return Grant(actor, until, _shapes(actor, streams))


def _shapes(actor: Actor, streams: Collection[int]) -> dict[int, Shape | None]:
    """Return the shapes of those datastreams of open things that the actor may write to, None for the others.

    Nobody writes to modelled ones.
    """
    close_old_connections()
    found: dict[int, Shape | None] = dict.fromkeys(streams)
    possible = [stream for stream in streams if 0 < stream < MAX_DATASTREAMS]
    if isinstance(actor, Device):
        possible = [stream for stream in possible if stream in actor.streams]
    of_open_things = Q(thing__valid_to__isnull=True) | Q(thing__valid_to__gt=timezone.now())
    for start in range(0, len(possible), MOST_ASKED):
        asked = possible[start : start + MOST_ASKED]
        known = Datastream.objects.filter(of_open_things, pk__in=asked, sensor__procedure="")
        if not isinstance(actor, Device):
            whole = known.select_related("thing", "sensor")
            known = known.filter(pk__in=[datastream.pk for datastream in whole if may_write(actor, datastream)])
        for key, types, is_multi in known.values_list("pk", "observation_types", "is_multi"):
            found[key] = Shape(tuple(types), is_multi)
    return found


def _features(features: Collection[int]) -> set[int]:
    close_old_connections()
    return set(
        FeatureOfInterest.objects.filter(pk__in=[key for key in features if 0 < key < LARGEST_KEY]).values_list(
            "pk", flat=True
        )
    )
