"""Bodies are received whole or refused for what is wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.site import bodies
from talkoot.site.bodies import (
    MEMORY_BYTES,
    BodyError,
    CutShortError,
    TooLargeError,
    TooSlowError,
    declared_length,
    receive_body,
)


def received(pieces: Sequence[bytes], length: int | None, bound: int = 1 << 20, *, whole: bool = True) -> bytes:
    """Return what is received of a body that comes in pieces; one that is not whole ends with its connection."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False} if whole else {"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def run() -> bytes:
        with await receive_body(receive, length, bound) as body:
            return body.read()

    return asyncio.run(run())


@given(st.lists(st.binary(max_size=50), max_size=6), st.booleans())
def test_a_whole_body_arrives_unchanged_whether_it_told_its_length_or_not(pieces: list[bytes], told: bool) -> None:
    whole = b"".join(pieces)
    assert received(pieces, len(whole) if told else None) == whole


@given(st.lists(st.binary(max_size=50), max_size=6), st.integers(1, 100))
def test_a_body_that_ends_before_its_length_is_refused(pieces: list[bytes], missing: int) -> None:
    with pytest.raises(CutShortError):
        received(pieces, sum(map(len, pieces)) + missing, whole=False)


def test_a_large_body_goes_to_a_file_and_comes_back_whole() -> None:
    pieces = [bytes([number]) * 100_000 for number in range(8)]
    assert len(b"".join(pieces)) > 2 * MEMORY_BYTES
    assert received(pieces, 800_000) == b"".join(pieces)


def test_too_much_is_refused_at_once_where_the_length_says_so_and_at_the_bound_where_it_lies() -> None:
    with pytest.raises(TooLargeError):
        received([], 101, 100)
    with pytest.raises(TooLargeError):
        received([b"x" * 60, b"x" * 60], None, 100)


def test_a_body_that_stops_arriving_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.05)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(10)
        raise AssertionError

    with pytest.raises(TooSlowError):
        asyncio.run(receive_body(receive, 5, 100))


def test_the_length_is_read_from_the_headers() -> None:
    assert declared_length([(b"host", b"a")]) == 0
    assert declared_length([(b"content-length", b"12")]) == 12
    assert declared_length([(b"transfer-encoding", b"chunked")]) is None
    with pytest.raises(BodyError):
        declared_length([(b"content-length", b"-1")])
    with pytest.raises(TooLargeError):
        declared_length([(b"content-length", b"9" * 5000)])
