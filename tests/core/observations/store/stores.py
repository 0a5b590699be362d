"""A store in a folder of its own, with its writer's ledger in this process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store import frames
from talkoot.core.observations.store.batch import Batch, Readings
from talkoot.core.observations.store.buckets import Buckets
from talkoot.core.observations.store.housekeeping import Housekeeper, Swap
from talkoot.core.observations.store.ledger import Ledger
from talkoot.core.observations.store.reading import FILE, Store
from talkoot.core.observations.store.sealing import Sealer

Content = tuple[float | None, int, str | None]
Key = tuple[int, int, int]


@dataclass
class Town:
    """Everything of one store, without processes: a swap goes to the ledger's own housekeeper."""

    home: Path

    def __post_init__(self) -> None:
        (self.home / frames.FOLDER).mkdir(parents=True, exist_ok=True)
        self.lake = FolderLake(self.home / "lake")
        self.open()
        self.store = Store(self.home, self.lake)
        self.sealer = Sealer(self.home, self.store, self)  # type: ignore[arg-type]

    def open(self) -> None:
        """Open the ledger, as a writer that starts does."""
        self.ledger = Ledger(self.home / FILE, self.lake)
        self.housekeeper = Housekeeper(self.ledger)

    def swap(self, swap: Swap) -> bool:
        """Put a sealed day in place, as the writer does."""
        return self.housekeeper.swap(swap)

    def tidy(self) -> None:
        """Do all that waits between commits."""
        deadline = time.monotonic() + 20
        while self.housekeeper.step():
            assert time.monotonic() < deadline

    def close(self) -> None:
        self.store.close()
        self.ledger.close()


def batch(rows: dict[Key, Content] | list[tuple[Key, Content]]) -> Batch:
    """Make a batch of keys and contents."""
    pairs = list(rows.items()) if isinstance(rows, dict) else rows
    return Batch.of(
        (key[0] for key, _ in pairs),
        (key[1] for key, _ in pairs),
        (content[0] for _, content in pairs),
        rt=(key[2] for key, _ in pairs),
        flag=(content[1] for _, content in pairs),
        more=[content[2] for _, content in pairs],
    )


def contents(rows: Readings) -> dict[Key, Content]:
    """Return readings as keys and contents; no key may be there twice."""
    keys = list(zip(rows.stream.tolist(), rows.t.tolist(), rows.rt.tolist(), strict=True))
    values = [None if value != value else value for value in rows.value.tolist()]
    found = dict(zip(keys, zip(values, rows.flag.tolist(), rows.more or [None] * len(rows), strict=True), strict=True))
    assert len(found) == len(keys)
    return found


def same(some: Buckets, others: Buckets) -> bool:
    """Tell whether buckets are the same bit by bit."""
    return all(np.array_equal(getattr(some, name), getattr(others, name)) for name in Buckets.__slots__)
