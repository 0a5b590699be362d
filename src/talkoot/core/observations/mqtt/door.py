"""Makes rows of the store of what was published, by the same rules as over HTTP, and has them written."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.mqtt.echoes import Echoes
from talkoot.core.observations.mqtt.intake import Arrival
from talkoot.core.observations.mqtt.topics import stream_of
from talkoot.core.observations.sta.gathering import Writer
from talkoot.core.observations.sta.grants import Grants
from talkoot.core.observations.sta.groups import FEATURE
from talkoot.core.observations.sta.ingest import (
    DATASTREAM_LINKS,
    FEATURE_LINK,
    fields_of,
    links_of,
)
from talkoot.core.observations.sta.rows import Row, RowError, Shape, row_of
from talkoot.core.observations.store.batch import Batch
from talkoot.core.observations.store.ledger import CORRECTED

log = logging.getLogger(__name__)
STORED: Final = 0
SAID_SECONDS: Final = 10.0  # of readings that are refused, one in so many seconds is told in the log
Shapes = Mapping[int, Shape | None]


class Draft(NamedTuple):
    """A reading whose JSON is read: its datastream, its properties, the key and the topic it came with."""

    stream: int
    fields: dict[str, Any]
    secret: str | None
    topic: str


class ReadingDoor:
    """Reads what was published and has it written.

    What is refused is acknowledged too, and told in the log: MQTT 3.1.1 has no other answer than to end the
    connection (clause 3.3.5).
    """

    def __init__(self, writer: Writer, grants: Grants, echoes: Echoes | None = None) -> None:
        self._writer = writer
        self._grants = grants
        self._echoes = echoes
        self._said_at = -SAID_SECONDS

    async def read(self, arrivals: Sequence[Arrival]) -> Batch:
        """Return those of the readings that may be stored, in their order."""
        drafts = [draft for draft in map(self._draft, arrivals) if draft is not None]
        shapes = await self._shapes(drafts)
        named = {draft.fields[FEATURE] for draft in drafts if FEATURE in draft.fields}
        features = named - await self._grants.unknown_features(named) if named else set()
        kept: list[Draft] = []
        rows: list[Row] = []
        for draft in drafts:
            if (shape := shapes[draft.secret].get(draft.stream)) is None:
                self._refuse(draft.stream, "the datastream is unknown, or the key may not write to it")
                continue
            if (row := self._row(draft, shape, features)) is not None:
                rows.append(row)
                kept.append(draft)
        batch = Batch.of(
            [draft.stream for draft in kept],
            [row.t for row in rows],
            [row.value for row in rows],
            rt=[row.rt for row in rows],
            flag=[row.flag for row in rows],
            more=[row.more for row in rows],
        )
        if self._echoes is not None:
            self._echoes.expect(batch, [draft.topic for draft in kept])
        return batch

    async def write(self, batch: Batch) -> None:
        """Return when the batch is on disk. Raises WriterError where that is not possible at the moment."""
        _, status = await self._writer.write(batch)
        if self._echoes is not None:
            self._echoes.forget(batch.take((status != STORED) & (status != CORRECTED)))

    def _row(self, draft: Draft, shape: Shape, features: Container[int]) -> Row | None:
        try:
            return row_of(draft.fields, shape, features)
        except RowError as error:
            self._refuse(draft.stream, str(error))
        except Exception:
            # One reading that nobody thought of must not stop all that come after it.
            log.exception("a reading of datastream %d cannot be read", draft.stream)
        return None

    def _draft(self, arrival: Arrival) -> Draft | None:
        addressed = stream_of(arrival.topic)
        if addressed is None:
            self._refuse(0, "the topic is for no readings; publish to v1.1/Datastreams(1)/Observations")
            return None
        try:
            fields = fields_of(arrival.payload)
        except InvalidError as error:
            self._refuse(addressed, str(error))
            return None
        linked = links_of(fields)
        if linked is None:
            self._refuse(addressed, 'name datastream and feature as {"@iot.id": 1}; entities are made over HTTP')
            return None
        streams = {linked[name] for name in DATASTREAM_LINKS if name in linked} | ({addressed} if addressed else set())
        if len(streams) != 1:
            self._refuse(addressed, 'name one datastream, as {"@iot.id": 1} or in the topic')
            return None
        if FEATURE_LINK in linked:
            fields[FEATURE] = linked[FEATURE_LINK]
        return Draft(streams.pop(), fields, arrival.sender.secret, arrival.topic)

    async def _shapes(self, drafts: Sequence[Draft]) -> dict[str | None, Shapes]:
        """Return for each key what the datastreams take that it may write to."""
        wanted: dict[str | None, set[int]] = defaultdict(set)
        for draft in drafts:
            wanted[draft.secret].add(draft.stream)
        found: dict[str | None, Shapes] = {}
        for secret, streams in wanted.items():
            grant = await (self._grants.trusted(streams) if secret is None else self._grants.grant(secret, streams))
            found[secret] = grant.shapes if grant is not None else {}
        return found

    def _refuse(self, stream: int, reason: str) -> None:
        if (now := time.monotonic()) - self._said_at >= SAID_SECONDS:
            self._said_at = now
            log.warning("a reading of datastream %d is refused: %s", stream, reason)
