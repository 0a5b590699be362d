"""The one seam to scale: engines take an Executor, a pool of this machine's cores or a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings

from talkoot.core.compute.errors import TryAgainError

CONNECT_SECONDS: Final = 10


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def executor(workers: int | None = None) -> Iterator[Executor]:
    """Give an Executor: Dask's where settings.CLUSTER names a scheduler, else processes on `workers` cores (all).

    What is submitted must be importable functions and picklable values, since either runs elsewhere. The context
    ends when all work is done; an error within it cancels what has not begun. Raises TryAgainError where the
    cluster does not answer.
    """
    if settings.CLUSTER:
        with _cluster(settings.CLUSTER) as pool:
            yield pool
    else:
        with _local(workers or cores()) as pool:
            yield pool


@contextmanager
def _local(workers: int) -> Iterator[Executor]:
    # A fresh interpreter per process: forked ones would share database connections and threads' locks.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown(wait=True)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    import distributed

    connect: Any = distributed.Client
    try:
        client = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise TryAgainError(f"The cluster at {address} does not answer. Is its scheduler running?") from error
    with client:
        pool: Executor = client.get_executor(pure=False)
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False)  # Dask's way of cancelling what is not done
            raise
        pool.shutdown(wait=True)


def end_with_parent() -> None:
    """End this process when the one that started it dies, also where that one was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent,), name="end-with-parent", daemon=True).start()


def _wait_and_end(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
