"""The writer as a process: what it refuses, what it tells subscribers, a full disk, and a start without Django."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store import frames, writer
from talkoot.core.observations.store.batch import MAX_STREAM, MAX_TIME, Batch, Readings
from talkoot.core.observations.store.client import AsyncWriterClient, WriterClient
from talkoot.core.observations.store.frames import RefusedError, WriterError
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.writers import Writer, writing

BATCH = Batch.of([1, 2], [10, 20], [1.5, None], more=[None, '{"result":"on"}'])


def test_it_starts_without_django_and_without_what_sealing_needs() -> None:
    script = "import sys, talkoot.site.observer; print({'django', 'pyarrow', 'typer'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


def test_only_one_writes(tmp_path: Path) -> None:
    with writing(tmp_path):
        environment = {**os.environ, "TALKOOT_HOME": str(tmp_path)}
        second = subprocess.run([sys.executable, "-m", "talkoot.site.observer"], env=environment, capture_output=True)
        assert second.returncode == 3
        assert b"another process writes" in second.stderr
        assert (tmp_path / frames.FOLDER).stat().st_mode & 0o777 == 0o700


def test_a_path_longer_than_a_socket_s_address_takes(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    with writing(home):
        ids, status = WriterClient(home).write(BATCH)
        assert (ids.tolist(), status.tolist()) == ([1 << 30, 2 << 30], [0, 0])


def test_what_makes_no_sense_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    with writing(tmp_path):
        client = WriterClient(tmp_path)
        for wrong in (
            Batch.of([0], [1], [1.0]),
            Batch.of([MAX_STREAM], [1], [1.0]),
            Batch.of([1], [MAX_TIME], [1.0]),
            Batch.of([1], [1], [float("inf")]),
            Batch.of([1], [1], [1.0], flag=[255]),
        ):
            with pytest.raises(RefusedError):
                client.write(wrong)
        with pytest.raises(RefusedError, match="differ in length"):
            client.write(Batch(np.ones(2, np.int64), BATCH.t[:1], BATCH.rt, BATCH.value, BATCH.flag, None))
        with pytest.raises(RefusedError, match="no verb"):
            client._ask("sing")
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(tmp_path / frames.FOLDER / frames.NAME))
            raw.sendall(b"\xff" * 100)
            assert raw.recv(10) == b""
        assert client.write(BATCH)[1].tolist() == [0, 0]
        assert client.ping()["problem"] == ""


def test_many_requests_under_way_become_few_commits(tmp_path: Path) -> None:
    async def send() -> int:
        client = AsyncWriterClient(tmp_path)
        before = (await client.ping())["seq"]
        answers = await asyncio.gather(*(client.write(Batch.of([n], [n], [float(n)])) for n in range(1, 201)))
        assert [ids.tolist() for ids, _ in answers] == [[n << 30] for n in range(1, 201)]
        commits = int((await client.ping())["seq"]) - int(before)
        await client.close()
        return commits

    with writing(tmp_path) as writer:
        assert 1 <= asyncio.run(send()) < 100
        assert writer.store().count() == 200


def test_an_event_loop_s_client_finds_the_writer_again(tmp_path: Path) -> None:
    async def send(writer: Writer) -> None:
        client = AsyncWriterClient(tmp_path, seconds=5)
        await client.write(BATCH)
        writer.kill()
        with pytest.raises(WriterError, match="cannot be reached"):
            await client.write(BATCH)
        writer.start()
        assert (await client.write(BATCH))[1].tolist() == [1, 1]
        await client.close()

    with writing(tmp_path) as writer:
        asyncio.run(send(writer))


def test_subscribers_are_told_of_what_is_new_in_their_streams(tmp_path: Path) -> None:
    told: list[Readings] = []
    with writing(tmp_path) as writer:

        def listen() -> None:
            with contextlib.suppress(WriterError):  # the writer was killed
                told.extend(WriterClient(tmp_path).subscribe([2, 5]))

        client = WriterClient(tmp_path)
        listener = threading.Thread(target=listen)
        listener.start()
        while not client.ping()["subscribers"]:
            pass
        client.write(BATCH)
        client.write(BATCH)
        client.write(Batch.of([1, 2], [10, 20], [9.0, 8.0]))
        deadline = time.monotonic() + 10
        while len(told) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        writer.kill()
        listener.join(10)
    # Of three batches the second told nothing new.
    assert [(rows.ids.tolist(), rows.t.tolist(), rows.more) for rows in told] == [
        ([2 << 30], [20], ['{"result":"on"}']),
        ([2 << 30], [20], None),
    ]
    assert told[1].value.tolist() == [8.0]


def test_a_full_disk_acknowledges_nothing_says_so_and_recovers(tmp_path: Path) -> None:
    with writing(tmp_path) as writer:
        client = WriterClient(tmp_path)
        client.write(BATCH)
        assert writer.process is not None
        pid, unlimited = writer.process.pid, resource.RLIM_INFINITY
        size = max(path.stat().st_size for path in tmp_path.glob("observations.sqlite3*"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited))
        large = Batch.of([3] * 20_000, range(20_000), [0.5] * 20_000)
        for _ in range(3):
            with pytest.raises(WriterError, match="nothing was stored"):
                client.write(large)
        assert "nothing was stored" in client.ping()["problem"]
        store = writer.store()
        assert store.count() == 2
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        ids, status = client.write(large)
        assert (ids[0], set(status.tolist())) == (3 << 30, {0})
        assert client.ping()["problem"] == ""
        assert store.count() == 20_002
        with store.snapshot() as snapshot:
            assert verify(snapshot).problems == []
        store.close()


def test_it_tries_again_by_itself_where_nobody_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "TRIAL_SECONDS", 0.0)

    async def problems() -> list[str]:
        served = asyncio.create_task(writer.serve(tmp_path, FolderLake(tmp_path / "lake")))
        client, found = AsyncWriterClient(tmp_path), []
        unlimited = resource.RLIM_INFINITY
        try:
            while not (tmp_path / frames.FOLDER / frames.NAME).exists():
                await asyncio.sleep(0.01)
            size = max(path.stat().st_size for path in tmp_path.glob("observations.sqlite3*"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited))
            with pytest.raises(WriterError, match="nothing was stored"):
                await client.write(Batch.of([3] * 20_000, range(20_000), [0.5] * 20_000))
            found.append((await client.ping())["problem"])
            resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))
            async with asyncio.timeout(10):
                while (await client.ping())["problem"]:
                    await asyncio.sleep(0.1)
            found.append((await client.ping())["problem"])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))
            await client.close()
            served.cancel()
            await asyncio.gather(served, return_exceptions=True)
        return found

    before, after = asyncio.run(problems())
    assert "nothing was stored" in before and not after
