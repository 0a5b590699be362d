"""How the way in is: a small file in the home, written every two seconds, read for /health, /metrics and the pages."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings

SECONDS: Final = 2.0
STALE_SECONDS: Final = 15.0  # no sign of life for so long: the process has fallen or hangs
STALLED_SECONDS: Final = 30.0  # readings that wait for so long are not stored as they should be


def path() -> Path:
    """Return where the file is."""
    home: Path = settings.HOME
    return home / "mqtt.json"


def beat(facts: Mapping[str, Any]) -> None:
    """Write a sign of life, whole or not at all."""
    new = path().with_suffix(".new")
    new.write_text(json.dumps({**facts, "at": time.time()}))
    new.replace(path())


def last() -> dict[str, Any] | None:
    """Return the last sign of life; None where MQTT was never started, or was ended on purpose."""
    try:
        found: dict[str, Any] = json.loads(path().read_text())
    except FileNotFoundError:
        return None
    return found


def end() -> None:
    """Say that MQTT was ended on purpose."""
    path().unlink(missing_ok=True)


def check() -> dict[str, Any]:
    """Return MQTT's part of /health: not well where it fell, has no broker, or readings wait too long to be stored.

    A city that does not use it is well.
    """
    found = last()
    if found is None:
        return {"ok": True, "running": False}
    now = time.time()
    silent, waiting = now - found["at"], now - found["waiting_since"] if found["waiting_since"] else 0.0
    return {
        "ok": bool(silent < STALE_SECONDS and found["connected"] and waiting < STALLED_SECONDS),
        "running": silent < STALE_SECONDS,
        "connected": found["connected"],
        "silent_seconds": round(silent, 1),
        "waiting_seconds": round(waiting, 1),
    }


def counts() -> dict[str, float]:
    """Return what became of readings since MQTT was started, for /metrics."""
    found = last() or {}
    return {name: float(found.get(name, 0)) for name in ("received", "stored", "rejected")}


def states() -> dict[str, float]:
    """Return whether there is a broker and for how many seconds readings wait or nothing was heard, for /metrics."""
    if last() is None:
        return {}
    told = check()
    return {
        "connected": float(told["connected"]),
        "silent_seconds": told["silent_seconds"],
        "waiting_seconds": told["waiting_seconds"],
    }
