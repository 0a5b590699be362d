"""What arrives becomes batches that the writer takes, however large readings are, and is settled in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from talkoot.core.observations.mqtt.intake import BYTES_IN_BATCH, MOST_IN_BATCH, Arrival, Intake
from talkoot.core.observations.store.batch import Batch

TOPIC = "v1.1/Datastreams(1)/Observations"


class Sender:
    """A connection, and how many of its readings were settled."""

    secret = None

    def __init__(self) -> None:
        self.done = 0

    def settled(self, count: int) -> None:
        self.done += count


class Door:
    """Keeps the sizes of what it was given to read, and the times of what it was given to write."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.counts: list[int] = []
        self.written: list[int] = []

    async def read(self, arrivals: Sequence[Arrival]) -> Batch:
        self.sizes.append(sum(len(arrival.payload) for arrival in arrivals))
        self.counts.append(len(arrivals))
        times = [int(arrival.payload.lstrip(b"0") or b"0") for arrival in arrivals]
        return Batch.of([1] * len(times), times, [1.0] * len(times))

    async def write(self, batch: Batch) -> None:
        self.written += batch.t.tolist()


async def batches_of(payloads: Sequence[bytes]) -> Door:
    door, sender = Door(), Sender()
    intake = Intake(door)
    for payload in payloads:
        intake.take(sender, TOPIC, payload)
    running = asyncio.create_task(intake.run())
    async with asyncio.timeout(20):
        while sender.done < len(payloads):
            await asyncio.sleep(0.01)
    running.cancel()
    assert door.written == list(range(len(payloads)))
    return door


def test_a_batch_has_a_bounded_number_of_bytes() -> None:
    large = BYTES_IN_BATCH // 10
    door = asyncio.run(batches_of([b"%d" % n if n % 2 else (b"%d" % n).zfill(large) for n in range(50)]))
    assert max(door.sizes) <= BYTES_IN_BATCH
    assert len(door.sizes) == 3


def test_one_that_is_larger_goes_alone() -> None:
    door = asyncio.run(batches_of([b"0", b"1".zfill(BYTES_IN_BATCH + 1), b"2"]))
    assert door.counts == [1, 1, 1]


def test_a_batch_has_a_bounded_number_of_readings() -> None:
    door = asyncio.run(batches_of([b"%d" % n for n in range(MOST_IN_BATCH + 1)]))
    assert door.counts == [MOST_IN_BATCH, 1]
