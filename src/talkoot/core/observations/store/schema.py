"""The database of recent readings and of what the lake holds: its tables, and how it is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

VERSION: Final = 2
PAGES_PER_CHECKPOINT: Final = 32_768  # 128 MB of write-ahead log: the more of it, the fewer pages are copied twice

# reading: `seq` is the commit that wrote a row last, `seq - back` the one that first wrote it (0: it stands for a
#   row of the lake). A row with flag 255 says that its key is no more.
# stream: counters of each datastream, kept in the commit that changes them. Readings before `raw_before` and
#   hourly summaries before `hours_before` are no more.
# sealed: which file holds a day. Rows of that day before `until` with `seq` up to the file's are in it; `clearing`:
#   such rows are still being deleted here.
# part: what of a stream is in the file of a day.
# day: how many rows of a day are in `reading`.
# calibration: how the raw values of a stream are read from a moment on: value = raw * factor + offset.
TABLES: Final = """
CREATE TABLE reading (
    stream INTEGER NOT NULL, t INTEGER NOT NULL, rt INTEGER NOT NULL,
    n INTEGER NOT NULL, value REAL, flag INTEGER NOT NULL, more TEXT,
    seq INTEGER NOT NULL, back INTEGER NOT NULL,
    PRIMARY KEY (stream, t, rt)
) WITHOUT ROWID;
CREATE TABLE stream (
    stream INTEGER PRIMARY KEY, next INTEGER NOT NULL, count INTEGER NOT NULL, first_t INTEGER,
    latest_t INTEGER, latest_rt INTEGER, latest_n INTEGER, latest_value REAL, latest_flag INTEGER, latest_more TEXT,
    raw_before INTEGER, hours_before INTEGER
);
CREATE TABLE sealed (
    day INTEGER PRIMARY KEY, file TEXT NOT NULL, digest TEXT NOT NULL, hours TEXT NOT NULL,
    hours_digest TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, seq INTEGER NOT NULL,
    until INTEGER NOT NULL, clearing INTEGER NOT NULL
);
CREATE TABLE part (
    stream INTEGER NOT NULL, day INTEGER NOT NULL, rows INTEGER NOT NULL,
    n_min INTEGER NOT NULL, n_max INTEGER NOT NULL,
    PRIMARY KEY (stream, day)
) WITHOUT ROWID;
CREATE TABLE day (day INTEGER PRIMARY KEY, hot INTEGER NOT NULL);
CREATE TABLE state (seq INTEGER NOT NULL, version INTEGER NOT NULL);
INSERT INTO state VALUES (0, 0);
CREATE TABLE calibration (
    stream INTEGER NOT NULL, since INTEGER NOT NULL, factor REAL NOT NULL, offset REAL NOT NULL,
    PRIMARY KEY (stream, since)
) WITHOUT ROWID;
"""
# What a database lacks that was made by an earlier version, by that version.
STEPS: Final = {1: TABLES[TABLES.index("CREATE TABLE calibration") :]}


def connect(path: Path, *, writes: bool = False) -> sqlite3.Connection:
    """Open the database, made on first use or brought to this version; only the writer opens it for writing.

    A commit is on the disk when it returns (synchronous=FULL in write-ahead logging).
    """
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        _bring_up(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    connection.execute("PRAGMA mmap_size=1073741824")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA wal_autocheckpoint={PAGES_PER_CHECKPOINT if writes else 0}")
    if not writes:
        connection.execute("PRAGMA query_only=1")
    return connection


def _bring_up(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise RuntimeError(f"{path} was made by a newer version ({found}); install that.")
        lacking = [TABLES] if found == 0 else [STEPS[version] for version in range(found, VERSION)]
        for statement in "".join(lacking).split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
