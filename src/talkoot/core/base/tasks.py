"""The background work of this room: sealing the audit trail, delivering events, clearing what was delivered."""

from __future__ import annotations

from typing import Any

from talkoot.core.base import outbox, sealer


def seal_audit(context: Any) -> dict[str, int]:
    """Task base.seal_audit: seal the entries written since the last sealing."""
    return {"sealed": sealer.seal_pending()}


def deliver_events(context: Any) -> dict[str, int]:
    """Task base.deliver_events: deliver what is due and remove what was delivered a week ago."""
    return {"delivered": outbox.deliver_pending(), "removed": outbox.forget_delivered()}
