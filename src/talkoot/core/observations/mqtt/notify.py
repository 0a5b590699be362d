"""The way out: readings that were stored, and entities that changed, told to those who subscribe.

Told topics (OGC 18-088, clause 14.2): sets ("v1.1/Datastreams(7)/Observations"), entities ("v1.1/Things(3)"),
properties ("v1.1/Things(3)/name"); the broker of our own also knows who asks for some properties of a set
("...?$select=result").
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from talkoot.core.base.actors import city_job
from talkoot.core.observations.mqtt.changes import Change, Changes
from talkoot.core.observations.mqtt.echoes import Echoes
from talkoot.core.observations.mqtt.rights import RightsBook
from talkoot.core.observations.mqtt.topics import READINGS, ROOT, matches, readings_of
from talkoot.core.observations.sta.observed import Observation, observations
from talkoot.core.observations.sta.query.ast import Options
from talkoot.core.observations.sta.query.schema import ENTITIES
from talkoot.core.observations.sta.reads import Reader
from talkoot.core.observations.store.batch import Readings
from talkoot.core.observations.store.client import AsyncWriterClient
from talkoot.core.observations.store.frames import WriterError

log = logging.getLogger(__name__)
PAUSE_SECONDS: Final = 1.0
SELECT: Final = "?$select="
MOST_AT_ONCE: Final = 500  # readings written as JSON in one go, so that the way in is not held up
Message = tuple[str, bytes]


class Outlet(Protocol):
    """A broker that notifications go to.

    `guards` says whether it tells private datastreams to those alone who may see them.
    """

    guards: bool

    def filters(self) -> Collection[str] | None:
        """Return the filters that anybody is subscribed to; None where the broker does not say."""

    async def tell(self, topic: str, payload: bytes) -> None:
        """Send a message to the subscribers of a topic."""


@dataclass(slots=True)
class Interest:
    """What subscribers ask for: plain topics with their selections, and filters with wildcards. None: everything."""

    plain: Mapping[str, list[str]] = field(default_factory=dict)
    wild: Sequence[str] = ()
    everything: bool = False

    @classmethod
    def of(cls, filters: Collection[str] | None) -> Interest:
        """Sort the filters of an outlet."""
        if filters is None:
            return cls(everything=True)
        plain: dict[str, list[str]] = defaultdict(list)
        wild = []
        for each in filters:
            if "+" in each or "#" in each:
                wild.append(each)
            else:
                plain[each.partition(SELECT)[0]].append(each)
        return cls(plain, wild)

    def __bool__(self) -> bool:
        return bool(self.everything or self.plain or self.wild)

    def topics(self, topic: str) -> list[str]:
        """Return the topics under which a message to `topic` is awaited: itself, and those with a selection."""
        if self.everything or any(matches(topic, each) for each in self.wild):
            return [topic, *(each for each in self.plain.get(topic, ()) if each != topic)]
        return list(self.plain.get(topic, ()))


class Notifier:
    """Tells an outlet what was stored and what changed. `root` is the address that links begin with."""

    def __init__(self, outlet: Outlet, book: RightsBook, root: str, echoes: Echoes | None = None) -> None:
        self._outlet = outlet
        self._book = book
        self._echoes = echoes
        self._reader = Reader(city_job(), root)

    async def follow_readings(self, writer: AsyncWriterClient) -> None:
        """Tell of readings as they are stored, until cancelled."""
        while True:
            try:
                async for readings in writer.subscribe():
                    await self._tell_readings(readings)
            except WriterError as error:
                log.info("stored readings are not told at the moment: %s", error)
            await asyncio.sleep(PAUSE_SECONDS)

    async def follow_changes(self, changes: Changes) -> None:
        """Tell of entities as they change, until cancelled."""
        while True:
            interest = Interest.of(self._outlet.filters())
            found = await self._book.call(changes.since_last)
            if interest and found:
                await self._send(await self._book.call(self._changed, found, interest))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _tell_readings(self, readings: Readings) -> None:
        interest = Interest.of(self._outlet.filters())
        if not interest:
            return
        echoes = self._echoes.take(readings) if self._echoes else [""] * len(readings)
        for first in range(0, len(readings), MOST_AT_ONCE):
            part = slice(first, first + MOST_AT_ONCE)
            await self._send(await self._book.call(self._stored, readings.take(part), echoes[part], interest))

    async def _send(self, messages: Iterable[Message]) -> None:
        for topic, payload in messages:
            await self._outlet.tell(topic, payload)

    def _stored(self, readings: Readings, echoes: Sequence[str], interest: Interest) -> list[Message]:
        """Return the messages about readings; runs in the database's thread."""
        came_on = dict(zip(readings.ids.tolist(), echoes, strict=True))
        rows = observations(readings)
        self._book.hide(row.stream for row in rows if not row.of.is_public)
        topics = [self._reading_topics(row, came_on[row.pk], interest) for row in rows]
        told = [(row, wanted) for row, wanted in zip(rows, topics, strict=True) if wanted]
        written = self._reader.written("Observation", [row for row, _ in told], Options())
        return [
            message for (_, wanted), entity in zip(told, written, strict=True) for message in _messages(entity, wanted)
        ]

    def _reading_topics(self, row: Observation, came_on: str, interest: Interest) -> list[str]:
        """Return the topics that a reading is told on: not again on the one that it came on."""
        private = not row.of.is_public
        if private and not self._outlet.guards:
            return []
        sets = [readings_of(row.stream, multi=row.of.is_multi), *([] if private else [READINGS])]
        return [topic for each in sets if each != came_on for topic in interest.topics(each)]

    def _changed(self, changes: Sequence[Change], interest: Interest) -> list[Message]:
        """Return the messages about changed entities; runs in the database's thread."""
        found: list[Message] = []
        for entity, rows in _by_entity(changes).items():
            written = self._reader.written(entity, rows, Options())
            for row, value in zip(rows, written, strict=True):
                private = entity in ("Datastream", "MultiDatastream") and not row.is_public
                if not private or self._outlet.guards:
                    found.extend(self._entity_messages(entity, row, value, private, interest))
        return found

    def _entity_messages(
        self, entity: str, row: Any, value: dict[str, Any], private: bool, interest: Interest
    ) -> Iterator[Message]:
        collection = ENTITIES[entity].collection
        own = f"{ROOT}/{collection}({row.pk})"
        sets = [] if private else [f"{ROOT}/{collection}"]
        if not private and hasattr(row, "thing_id") and entity != "FeatureOfInterest":
            sets.append(f"{ROOT}/Things({row.thing_id})/{collection}")
        for topic in (*sets, own):
            yield from _messages(value, interest.topics(topic))
        for name, part in value.items():
            if "@" not in name:
                yield from ((topic, _ENCODER.encode({name: part})) for topic in interest.topics(f"{own}/{name}"))


_ENCODER: Final = msgspec.json.Encoder()


def _messages(entity: Mapping[str, Any], topics: Sequence[str]) -> Iterator[Message]:
    """Return an entity as it is sent to each topic: whole, or with the properties that the topic selects."""
    whole: bytes | None = None
    for topic in topics:
        _, _, select = topic.partition(SELECT)
        if select:
            names = [name.strip() for name in select.split(",")]
            yield topic, _ENCODER.encode({name: entity[name] for name in names if name in entity})
            continue
        whole = whole or _ENCODER.encode(entity)
        yield topic, whole


def _by_entity(changes: Sequence[Change]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for change in changes:
        found[change.entity].append(change.row)
    return found
