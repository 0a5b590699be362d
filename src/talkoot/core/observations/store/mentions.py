"""Whether any reading names a feature of interest of its own, looked for where rare things about readings stand."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from talkoot.core.observations.store.batch import DELETED
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.snapshot import Snapshot

STEPS: Final = 1_000_000  # of the database's machine between two looks at the clock


def names_feature(store: Store, feature: int, seconds: float) -> bool:
    """Tell whether any reading names the feature. Raises TimeoutError where that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    with store.snapshot() as snapshot:
        for stream, t in _near(snapshot, f'"feature":{feature}', deadline):
            found = snapshot.window(np.array([stream], np.int64), t, t + 1)
            if any(text and msgspec.json.decode(text).get("feature") == feature for text in found.more or ()):
                return True
    return False


def _near(snapshot: Snapshot, text: str, deadline: float) -> Iterator[tuple[int, int]]:
    """Yield stream and time of readings that say the text of themselves, or did once."""
    yield from _recent(snapshot.connection, text, deadline)
    for sealed in snapshot.manifest.sealed.values():
        for streams, times, texts in snapshot.cold.rare(sealed.file):
            if time.monotonic() > deadline:
                raise TimeoutError
            for stream, t, said in zip(streams.tolist(), times.tolist(), texts, strict=True):
                if said is not None and text in said:
                    yield stream, t


def _recent(connection: sqlite3.Connection, text: str, deadline: float) -> list[tuple[int, int]]:
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        return connection.execute(
            f"SELECT stream, t FROM reading WHERE instr(more, ?) AND flag <> {DELETED}",  # noqa: S608
            (text,),
        ).fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise TimeoutError from error
        raise
    finally:
        connection.set_progress_handler(None, 0)
