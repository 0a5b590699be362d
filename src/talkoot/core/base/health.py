"""The state of the city's parts: web, database, and whatever the rooms and programmes declare."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections

from talkoot.core.base.declare import resolve
from talkoot.core.base.programmes import declared

log = logging.getLogger(__name__)


def report() -> dict[str, Any]:
    """Return a JSON-ready document: `ok`, `version`, and for each part a dict with `ok` and what it measured."""
    parts = {"web": {"ok": True}, "database": _tried("database", _databases)}
    for check in declared("health"):
        parts[check.code] = _tried(check.code, resolve(check.check))
    return {"ok": all(part["ok"] for part in parts.values()), "version": settings.VERSION, **parts}


def _tried(code: str, check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a check; one that raises is not well, and why stands in the log alone, since anyone may read this."""
    try:
        return check()
    except Exception:
        log.exception("the health check %s failed", code)
        return {"ok": False}


def _databases() -> dict[str, Any]:
    start = time.perf_counter()
    for alias in connections:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    milliseconds = round((time.perf_counter() - start) * 1000, 2)
    return {"ok": True, "engine": connections["default"].vendor, "milliseconds": milliseconds}
