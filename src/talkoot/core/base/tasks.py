"""The background work of this room that can wait for a free slot."""

from __future__ import annotations

from typing import Any

from talkoot.core.base import outbox


def forget_delivered(context: Any) -> dict[str, int]:
    """Task base.forget_delivered: remove the events that were delivered a week ago or longer."""
    return {"removed": outbox.forget_delivered()}
