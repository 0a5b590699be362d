"""The executor: the same arrays from this machine's cores and from a real Dask cluster of two workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from talkoot.core.compute.errors import TryAgainError
from talkoot.core.compute.executor import executor
from tests.cities import free_port
from tests.processes import REPOSITORY, until


def wave(part: int) -> np.ndarray:
    """Return a piece of work with rounding in it, so that equal means equal."""
    x = np.linspace(part, part + 1, 1001)
    return np.cumsum(np.sin(x) ** 3 / (1 + x))


def process_of(part: int) -> int:
    """Return who does this, after a while, so that one worker alone cannot do all."""
    time.sleep(0.2)
    return os.getpid()


def wrong(part: int) -> None:
    """Fail."""
    raise ValueError(f"part {part}")


def end(part: int) -> None:
    """Fall."""
    os._exit(1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two worker processes on this machine."""
    folder = tmp_path_factory.mktemp("dask")
    address = f"tcp://127.0.0.1:{free_port()}"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0"}
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", address, "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
    with (folder / "log").open("wb") as log:
        common = {"cwd": folder, "env": environment, "stdout": log, "stderr": log}
        processes = [subprocess.Popen(scheduler, **common)]  # type: ignore[call-overload]
        processes += [subprocess.Popen([*worker, "--no-nanny"], **common) for _ in range(2)]  # type: ignore[call-overload]
    try:
        until(lambda: (folder / "log").read_text().count("Registered to") >= 2)
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_local_processes_do_the_work(settings: Settings) -> None:
    with executor(2) as pool:
        found = list(pool.map(wave, range(4)))
        assert os.getpid() not in set(pool.map(process_of, range(4)))
    assert all(np.array_equal(ours, wave(part)) for part, ours in enumerate(found))


def test_an_error_of_the_work_comes_back() -> None:
    with executor(1) as pool, pytest.raises(ValueError, match="part 3"):
        pool.submit(wrong, 3).result()


def test_a_process_that_falls_is_told() -> None:
    with executor(1) as pool, pytest.raises(BrokenProcessPool):
        pool.submit(end, 0).result()


def test_a_cluster_gives_the_same_arrays_as_the_local_pool(settings: Settings, cluster: str) -> None:
    with executor(2) as pool:
        local = list(pool.map(wave, range(8)))
    settings.CLUSTER = cluster
    with executor() as pool:
        far = list(pool.map(wave, range(8)))
        assert len(set(pool.map(process_of, range(8)))) == 2
        with pytest.raises(ValueError, match="part 3"):
            pool.submit(wrong, 3).result()
    assert all(np.array_equal(one, other) for one, other in zip(local, far, strict=True))


def test_a_cluster_that_is_away_is_worth_another_try(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkoot.core.compute.executor.CONNECT_SECONDS", 1)
    settings.CLUSTER = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(TryAgainError, match="does not answer"), executor():
        pass


def test_a_folder_may_hold_the_work(tmp_path: Path) -> None:
    """What is submitted may be a method of a value that pickles, such as a path."""
    (tmp_path / "one").write_text("1")
    with executor(1) as pool:
        assert pool.submit((tmp_path / "one").read_text).result() == "1"
