"""Whatever is damaged in database or lake, verification finds it and says where; a whole store passes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_django.fixtures
from typer.testing import CliRunner

from talkoot.core.observations import cli
from talkoot.core.observations.store import files
from talkoot.core.observations.store.batch import DAY, HOUR, Readings
from talkoot.core.observations.store.snapshot import Snapshot
from talkoot.core.observations.store.verify import Report, verify
from tests.core.observations.store.stores import Content, Key, Town, batch

ROWS: dict[Key, Content] = {
    (stream, day * DAY + hour * HOUR, 0): (float(stream + hour), 0, None)
    for stream in (1, 2, 3)
    for day in (0, 1)
    for hour in range(5)
}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A store with two sealed days, a correction and a late reading of the first, and a day that is not sealed."""
    made = Town(tmp_path)
    made.ledger.write(batch(ROWS))
    for day in (0, 1):
        made.sealer.seal(day)
    made.tidy()
    recent = {(1, 0, 0): (9.0, 1, None), (1, 7, 0): (1.0, 0, None), (2, 2 * DAY, 0): (5.0, 0, None)}
    made.ledger.write(batch(recent))
    yield made
    made.close()


def checked(town: Town) -> Report:
    with town.store.snapshot() as snapshot:
        return verify(snapshot)


def test_a_whole_store_passes(town: Town) -> None:
    found = checked(town)
    assert found.problems == []
    assert (found.days, found.sealed_rows, found.recent_rows, found.streams) == (2, 30, 3, 3)


def sealed_file(town: Town, column: str = "file") -> Path:
    (name,) = town.ledger.connection.execute(f"SELECT {column} FROM sealed WHERE day = 0").fetchone()
    return town.home / "lake" / str(name)


def flip_a_bit(town: Town) -> None:
    path = sealed_file(town)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_short(town: Town) -> None:
    path = sealed_file(town, "hours")
    path.write_bytes(path.read_bytes()[:-1])


def delete_file(town: Town) -> None:
    sealed_file(town).unlink()


def statement(sql: str) -> Callable[[Town], None]:
    """Return damage that a statement does to the database."""

    def damage(town: Town) -> None:
        assert town.ledger.connection.execute(sql).rowcount > 0
        town.ledger.connection.execute("UPDATE state SET version = version + 1")

    return damage


def rewritten(change: Callable[[Readings], Readings]) -> Callable[[Town], None]:
    """Return damage that writes a day's file anew, with the right digest but other readings."""

    def damage(town: Town) -> None:
        with town.store.snapshot() as snapshot:
            name = snapshot.manifest.sealed[0].file
            rows = change(Readings.join(list(snapshot.cold.blocks(name))))
        digest = files.write_readings(town.lake, f"{name}.new", [rows]).hexdigest()
        town.ledger.connection.execute("UPDATE sealed SET file = file || '.new', digest = ? WHERE day = 0", (digest,))
        town.ledger.connection.execute("UPDATE state SET version = version + 1")

    return damage


def other_hours(town: Town) -> None:
    with town.store.snapshot() as snapshot:
        name = snapshot.manifest.sealed[0].hours
        hours = snapshot.cold.hours(name)
    hours.max = hours.max + np.eye(1, len(hours.max))[0]
    digest = files.write_hours(town.lake, f"{name}.new", hours).hexdigest()
    town.ledger.connection.execute(
        "UPDATE sealed SET hours = hours || '.new', hours_digest = ? WHERE day = 0", (digest,)
    )
    town.ledger.connection.execute("UPDATE state SET version = version + 1")


def valued(rows: Readings) -> Readings:
    rows.value = rows.value + np.eye(1, len(rows))[0]
    return rows


def moved(rows: Readings) -> Readings:
    rows.t = rows.t + np.where(rows.stream == 3, DAY, 0)
    return rows


DAMAGE: dict[str, tuple[Callable[[Town], Any], str]] = {
    "bit": (flip_a_bit, "1970-01-01: the file .* is not the one that was written"),
    "short": (cut_short, "hours.parquet is not the one that was written"),
    "missing": (delete_file, "or is missing"),
    "twice": (rewritten(lambda rows: rows.take([0, *range(len(rows))])), "a key is there twice"),
    "disorder": (rewritten(lambda rows: rows.take(slice(None, None, -1))), "not in the order"),
    "other day": (rewritten(moved), "of another day"),
    "lost row": (rewritten(lambda rows: rows.take(slice(1, None))), "it has 14 readings, the database says 15"),
    "value": (rewritten(valued), "hourly summaries are not those"),
    "hours": (other_hours, "hourly summaries are not those"),
    "part": (statement("UPDATE part SET rows = rows + 1 WHERE stream = 2 AND day = 0"), "for 1 streams, such as 2"),
    "part gone": (statement("DELETE FROM part WHERE stream = 3 AND day = 0"), "for 1 streams, such as 3"),
    "count": (statement("UPDATE stream SET count = count - 1 WHERE stream = 3"), "stream 3 has 10 readings"),
    "latest": (statement("UPDATE stream SET latest_value = 7 WHERE stream = 2"), "stream 2: another .* is the latest"),
    "first": (statement("UPDATE stream SET first_t = 5 WHERE stream = 1"), "stream 1: another reading is the first"),
    "day": (statement("UPDATE day SET hot = hot + 1 WHERE day = 2"), "1970-01-03: 1 rows are in the database"),
    "said new": (statement("UPDATE reading SET back = 0 WHERE t = 0"), "said to be new has a key that its file holds"),
    "said over": (statement("UPDATE reading SET back = seq WHERE t = 7"), "replace one that its file does not hold"),
    "recent gone": (statement("DELETE FROM reading WHERE t = 7"), "stream 1 has 10 readings, its counter says 11"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(town: Town, damage: str) -> None:
    harm, words = DAMAGE[damage]
    harm(town)
    found = checked(town)
    assert not found.ok
    assert any(re.search(words, problem) for problem in found.problems), found.problems


def test_files_that_nobody_needs_go_after_a_while(town: Town) -> None:
    town.sealer.seal(0)
    orphan = town.home / "lake" / "observations" / f"1970-01-02-{1:08x}-{2:08x}.parquet"
    orphan.write_bytes(b"of a sealer that was killed")
    assert len(list(town.lake.files("observations"))) == 7
    assert town.sealer.clean() == 0
    assert town.sealer.clean(now=4e9) == 3
    assert len(list(town.lake.files("observations"))) == 4
    assert checked(town).ok


def test_the_shell_tells_of_damage(
    town: Town, monkeypatch: pytest.MonkeyPatch, settings: pytest_django.fixtures.SettingsWrapper
) -> None:
    monkeypatch.setattr(cli, "store", lambda: town.store)
    settings.HOME = town.home
    shell = CliRunner()
    whole = shell.invoke(cli.app, ["verify", "--json"])
    assert (whole.exit_code, json.loads(whole.stdout)["ok"]) == (0, True)
    status = shell.invoke(cli.app, ["status", "--json"])
    told = json.loads(status.stdout)
    assert (told["readings"], told["sealed_days"], told["writer"]["ok"]) == (32, 2, False)
    assert status.exit_code == 1  # nobody writes
    delete_file(town)
    broken = shell.invoke(cli.app, ["verify"])
    assert broken.exit_code == 1
    assert "BROKEN: 1970-01-01" in broken.stderr


def test_a_snapshot_sees_one_moment(town: Town) -> None:
    with town.store.snapshot() as snapshot:
        before = snapshot.count()
        town.ledger.write(batch({(1, 3 * DAY, 0): (1.0, 0, None)}))
        town.sealer.seal(0)
        assert (snapshot.count(), len(snapshot.rows())) == (before, before)
    with town.store.snapshot() as later:
        assert isinstance(later, Snapshot)
        assert (later.count(), len(later.rows())) == (before + 1, before + 1)
