"""Sessions in the database: signing out ends one for good, and a person can end all of theirs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone

from talkoot.core.people.models import Account, Session


class SessionStore(DatabaseSessionStore):
    """Django's database sessions, with the account they belong to in a column of its own."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model whose rows are the sessions."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to be stored for `data`, with the account that is signed in by it."""
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        signed_in = data.get(SESSION_KEY)
        row.account_id = int(signed_in) if signed_in is not None else None
        return row


def end_sessions(account: Account, *, but: str | None = None) -> int:
    """End every session of the account except the one of key `but`; return how many."""
    ended, _ = Session.objects.filter(account_id=account.pk).exclude(session_key=but or "").delete()
    return ended


def count_sessions(account: Account) -> int:
    """Return in how many browsers the account is signed in."""
    return Session.objects.filter(account_id=account.pk, expire_date__gt=timezone.now()).count()
