"""Personal data of this programme: who sent networks, trips and counts in."""

from __future__ import annotations

from typing import Any

from talkoot.programmes.traffic.models import TrafficInput


def export(account_uid: str) -> list[dict[str, Any]]:
    """Return what an account has sent in, JSON-ready."""
    return [
        {
            "input": str(item.uid),
            "kind": item.kind,
            "name": item.name,
            "file_name": item.file_name,
            "uploaded_at": item.uploaded_at.isoformat(),
        }
        for item in TrafficInput.objects.filter(author__uid=account_uid).order_by("id")
    ]


def erase(account_uid: str) -> int:
    """Take the account's name off what it has sent in and return how many; what was sent in is the city's."""
    return TrafficInput.objects.filter(author__uid=account_uid).update(author=None)
