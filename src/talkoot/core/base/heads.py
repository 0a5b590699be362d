"""The heads of the audit chain, in a file beside the database that only grows.

Each line is a JSON object: number and digest of the last entry sealed, the time, and an HMAC-SHA-256 by the city's
audit key over these and the line before. A city that ships the file elsewhere as it grows, or lets the file system make
it append-only, can prove what its trail said even to somebody who held the key.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

LINE_LIMIT: Final = 1000
START: Final = ""


class ForgedError(Exception):
    """A line of the file was not written by a sealer of this city, or lines before it are missing."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a sealing: its number, its digest in hexadecimal, when it was witnessed (UTC)."""

    number: int
    digest: str
    at: datetime


def path() -> Path:
    """Return where the heads are kept."""
    found: Path = settings.HOME / "audit" / "heads.jsonl"
    return found


class Witness:
    """The heads' file, locked and open for writing at its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._key = _key()
        self.last_number, self._last_mac = _last(file)

    def append(self, head: Head) -> None:
        """Write a head so that it outlasts a loss of power."""
        mac = _mac(self._key, self._last_mac, head)
        line = {"number": head.number, "digest": head.digest, "at": head.at.isoformat(), "mac": mac}
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.last_number, self._last_mac = head.number, mac


@contextmanager
def locked() -> Iterator[Witness]:
    """Open the heads' file for one sealer of this machine at a time."""
    where = path()
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(where, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _drop_torn_line(file)
        yield Witness(file)


def read() -> Iterator[Head]:
    """Yield the heads in order, as many as the file holds now.

    Raises ForgedError at the first line that is not as a sealer wrote it.
    """
    if not path().exists():
        return
    key = _key()
    with path().open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        before, number, line_number = START, 0, 0
        while file.tell() < end and (line := file.readline(LINE_LIMIT)).endswith(b"\n"):
            line_number += 1
            head, mac = _parse(line, line_number)
            if not hmac.compare_digest(mac, _mac(key, before, head)) or head.number <= number:
                raise ForgedError(f"Line {line_number} of {path()} was changed, or lines before it are missing.")
            before, number = mac, head.number
            yield head


def _parse(line: bytes, line_number: int) -> tuple[Head, str]:
    try:
        content = json.loads(line)
        head = Head(int(content["number"]), str(content["digest"]), datetime.fromisoformat(content["at"]))
        return head, str(content["mac"])
    except (ValueError, KeyError, TypeError) as error:
        raise ForgedError(f"Line {line_number} of {path()} cannot be read: {error}.") from error


def _mac(key: bytes, before: str, head: Head) -> str:
    message = f"{before}|{head.number}|{head.digest}|{head.at.astimezone(UTC).isoformat()}"
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    key: str = settings.CITY.secret("audit_key")
    return key.encode()


def _last(file: BinaryIO) -> tuple[int, str]:
    """Return number and HMAC of the file's last line; what is wrong with it is for the verification to say."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - LINE_LIMIT))
    lines = file.read().splitlines()
    file.seek(0, os.SEEK_END)
    try:
        head, mac = _parse(lines[-1], len(lines))
    except (IndexError, ForgedError):
        return 0, START
    return head.number, mac


def _drop_torn_line(file: BinaryIO) -> None:
    """Cut off a last line whose writing was interrupted: it was never a head."""
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - LINE_LIMIT)
    file.seek(start)
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.truncate(start + tail.rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)
