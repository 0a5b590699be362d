"""One import of a source at a time, whichever process of whichever machine runs it."""

from __future__ import annotations

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from talkoot.core.base.errors import ConflictError


@contextmanager
def sole_import(source_code: str) -> Iterator[None]:
    """Hold the source for one import; a killed process lets go of it.

    Raises ConflictError while another import of the source is under way.
    """
    held = _postgresql if connection.vendor == "postgresql" else _file
    with held(source_code) as free:
        if not free:
            words = _(
                "Another import of the source {source_code} is under way. Wait for it to end, or cancel it."
            ).format(source_code=source_code)
            raise ConflictError(words)
        yield


@contextmanager
def _postgresql(source_code: str) -> Iterator[bool]:
    key = zlib.crc32(f"talkoot import {source_code}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        free = bool(cursor.fetchone()[0])
    try:
        yield free
    finally:
        if free:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


@contextmanager
def _file(source_code: str) -> Iterator[bool]:
    path = settings.HOME / "locks" / f"import-{source_code}.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
