"""Who makes a request, told from its cookies alone: for what the event loop answers without Django's views."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpResponse

from talkoot.core.base.actors import Actor
from talkoot.core.base.services import ANYWHERE, may

_sessions = SessionMiddleware(lambda request: HttpResponse())


def actor_of_cookies(environ: dict[str, Any]) -> Actor:
    """Return the signed-in account of a request's WSGI environment, or a visitor. Asks the database."""
    close_old_connections()
    try:
        request = WSGIRequest(environ)
        _sessions.process_request(request)
        user = get_user(request)
        return Actor(account=user if user.is_authenticated else None)
    finally:
        close_old_connections()


def may_send_files(environ: dict[str, Any]) -> bool:
    """Tell whether who makes the request may send more than a form's bytes: the files of an import."""
    return may(actor_of_cookies(environ), "register.import", ANYWHERE)
