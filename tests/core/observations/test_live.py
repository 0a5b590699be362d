"""Live readings: the newest of each datastream, however slowly a listener reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Collection
from pathlib import Path
from typing import Any

import pytest

from talkoot.core.observations import live
from talkoot.core.observations.live import Live, TooManyListenersError
from talkoot.core.observations.store.batch import Batch
from talkoot.core.observations.store.client import AsyncWriterClient
from tests.observing import observer

MINUTE = 60_000_000


async def next_readings(events: AsyncGenerator[bytes, None]) -> list[dict[str, Any]]:
    """Return what the next event that tells of readings says."""
    async with asyncio.timeout(10):
        async for event in events:
            if found := [json.loads(line[6:]) for line in event.splitlines() if line.startswith(b"data: ")]:
                return found
    raise AssertionError("the events ended")


async def listening(live: Live, streams: list[int]) -> AsyncGenerator[bytes, None]:
    """Begin to listen."""
    events = live.events(streams)
    assert (await anext(events)).startswith(b":")
    return events


def test_what_is_made_private_is_told_no_more_but_to_those_who_may_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: set[int] = set()
    monkeypatch.setattr(live, "FRESH_SECONDS", 0.0)

    async def private(streams: Collection[int]) -> set[int]:
        return hidden & set(streams)

    async def run() -> None:
        writer = AsyncWriterClient(tmp_path)
        feed = Live(writer.subscribe, private)
        stranger = await listening(feed, [1, 2])
        friend = feed.events([1, 2], [1])
        await anext(friend)
        while not (await writer.ping())["subscribers"]:
            await asyncio.sleep(0.01)
        await writer.write(Batch.of([1], [MINUTE], [1.0]))
        assert [told["result"] for told in await next_readings(stranger)] == [1.0]
        assert [told["result"] for told in await next_readings(friend)] == [1.0]
        hidden.add(1)
        await writer.write(Batch.of([1, 2], [2 * MINUTE] * 2, [2.0, 3.0]))
        assert [told["result"] for told in await next_readings(stranger)] == [3.0]
        assert sorted(told["result"] for told in await next_readings(friend)) == [2.0, 3.0]
        await stranger.aclose()
        await friend.aclose()
        await writer.close()

    with observer(tmp_path):
        asyncio.run(run())


def test_a_listener_hears_the_newest_and_never_goes_back_in_time(tmp_path: Path) -> None:
    async def run() -> None:
        writer = AsyncWriterClient(tmp_path)
        feed = Live(writer.subscribe)
        events = await listening(feed, [1, 2])
        while not (await writer.ping())["subscribers"]:
            await asyncio.sleep(0.01)
        for number in range(50):  # faster than the listener is told
            await writer.write(Batch.of([1, 3], [number * MINUTE] * 2, [number, 0.5]))
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["result"] != 49:
            heard += await next_readings(events)
        assert len(heard) < 50
        assert [reading["result"] for reading in heard] == sorted({reading["result"] for reading in heard})
        await writer.write(Batch.of([1], [10 * MINUTE + 1], [7.0]))  # a late one
        more = ['{"result":"dry"}']
        await writer.write(Batch.of([2], [MINUTE], [None], more=more))
        expected = {"datastream": 2, "time": "1970-01-01T00:01:00Z", "result": "dry", "flag": 0}
        assert await next_readings(events) == [expected]
        await events.aclose()
        while (await writer.ping())["subscribers"]:
            await asyncio.sleep(0.01)
        await writer.close()

    with observer(tmp_path):
        asyncio.run(run())


def test_listeners_are_bounded_and_let_go_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_LISTENERS", 2)

    async def run() -> None:
        feed = Live(AsyncWriterClient(tmp_path).subscribe)  # whose writer is away: it is asked again and again
        events = [await listening(feed, [1]) for _ in range(2)]
        with pytest.raises(TooManyListenersError):
            await anext(feed.events([1]))
        await events.pop().aclose()
        events.append(await listening(feed, [1]))
        feed.end()
        async with asyncio.timeout(5):
            for each in events:
                async for event in each:
                    assert event.startswith(b":")

    asyncio.run(run())
