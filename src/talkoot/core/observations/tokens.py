"""Keys with which devices and programs use the SensorThings interface: shown once, kept as digests."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotAllowedError
from talkoot.core.base.services import ANYWHERE, require, service
from talkoot.core.observations.access import WRITE, Device, require_measured
from talkoot.core.observations.checks import require_storable
from talkoot.core.observations.models import Datastream, Token

PREFIX: Final = "talkoot_"
SECRET_BYTES: Final = 32


@service("register.view")
def make_token(
    actor: Actor,
    *,
    name: str,
    datastreams: Sequence[Datastream] = (),
    account: Any = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a key and return it with its secret, which is shown this once.

    With `datastreams` it is a device's: it writes to these and may nothing else. Without, it acts as `account`, the
    actor's own by default. Raises NotAllowedError for a stream the actor may not write to, or another's account.
    Raises ConflictError for a modelled stream: nobody writes to it.
    """
    account = account or actor.account
    if account is None or (account != actor.account and not actor.system):
        raise NotAllowedError("A key belongs to the account that makes it. Sign in, or name the account at the shell.")
    for datastream in datastreams:
        require_measured(datastream)
        require(actor, WRITE, datastream)
    if not datastreams:
        require(actor, WRITE, ANYWHERE)
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidError("expires_at", "This is past.", "Give a moment to come, or none.")
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(name=name, digest=_digest(secret), account=account, is_bound=bool(datastreams), expires_at=expires_at)
    require_storable(token)
    token.save()
    token.datastreams.set(datastreams)
    audit.note(f"token {token.pk}", datastreams=[datastream.pk for datastream in datastreams])
    return token, secret


@service("register.view")
def end_token(actor: Actor, token: Token) -> Token:
    """Let a key open nothing from now on. Raises NotAllowedError for another's, ConflictError for an ended one."""
    if not actor.system and token.account != actor.account:
        require(actor, "observations.edit")
    if token.ended_at is not None:
        raise ConflictError("The key has ended already.")
    token.ended_at = timezone.now()
    token.save(update_fields=["ended_at"])
    audit.note(f"token {token.pk}")
    return token


def actor_of_token(secret: str, request_id: str) -> Actor | None:
    """Return who comes with the secret of a key, or None where the key is none that opens now.

    A bound key makes a Device of its streams; any other acts as its account.
    """
    live = Q(ended_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
    tokens = Token.objects.filter(live, account__is_active=True).select_related("account")
    token = tokens.filter(digest=_digest(secret)).first()
    if token is None:
        return None
    if not token.is_bound:
        return Actor(account=token.account, door="api", request_id=request_id)
    streams = frozenset(token.datastreams.values_list("pk", flat=True))
    return Device(door="api", request_id=request_id, streams=streams)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
