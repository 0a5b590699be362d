"""Identifiers that sort by time of making, and the URIs of things under the city's own base."""

from __future__ import annotations

import os
import time
import uuid

from django.conf import settings


def new_uid() -> uuid.UUID:
    """Return a version 7 UUID (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def uri_of(uid: uuid.UUID) -> str:
    """Return the stable URI of a thing; the base moves with the city's TALKOOT_BASE_URI."""
    return f"{settings.BASE_URI.rstrip('/')}/id/{uid}"
