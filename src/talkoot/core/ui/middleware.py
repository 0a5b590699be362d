"""What every request passes: who asks and under which id, the headers that protect, errors made readable."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import TalkootError
from talkoot.core.base.metrics import observe_request
from talkoot.core.base.services import ANYWHERE, may
from talkoot.core.ui.bodies import content_length
from talkoot.core.ui.errors import error_page, error_response
from talkoot.core.ui.incoming import actor_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
BODY_MAX_BYTES: Final = 16 * 1024**2
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def _find_actor(request: HttpRequest) -> Actor:
    """Return who makes the request: the signed-in account or a visitor, by page or by API."""
    user = getattr(request, "user", None)
    account = user if user is not None and user.is_authenticated else None
    door: Any = "api" if request.path.startswith("/api/") else "page"
    return Actor(account=account, door=door, request_id=request.request_id)  # type: ignore[attr-defined]


class RequestMiddleware:
    """Gives the request its id and its actor, and the response the time it took (Server-Timing).

    An id from a reverse proxy is kept where it is well formed. The actor is found on first use, so that a page
    which asks for none costs no look-up of the account.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        start = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        request.actor = SimpleLazyObject(lambda: _find_actor(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        seconds = time.perf_counter() - start
        response.headers["Server-Timing"] = f"app;dur={seconds * 1000:.1f}"
        route = request.resolver_match.route if request.resolver_match else "none"
        observe_request(route, request.method or "", response.status_code, seconds)
        return response


class SecurityHeadersMiddleware:
    """Adds the Content-Security-Policy and turns off what the pages never use."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), payment=(), usb=()")
        return response


class ErrorMiddleware:
    """Refuses bodies beyond their bound before anything reads them, and makes what a service refuses readable.

    A body is bounded by what this visitor could send on purpose: large files only from those who may import.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = content_length(request.META.get("CONTENT_LENGTH") or "0")
        if length is None:
            return error_page(request, 400)
        if length > BODY_MAX_BYTES and length > self._bound(request):
            return error_page(request, 413)
        return self.get_response(request)

    @staticmethod
    def _bound(request: HttpRequest) -> int:
        may_import = may(actor_of(request), "register.import", ANYWHERE)
        return settings.UPLOAD_MAX_BYTES + BODY_MAX_BYTES if may_import else BODY_MAX_BYTES

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a TalkootError in the form the caller reads; leave every other error to Django's handlers."""
        if isinstance(error, TalkootError):
            return error_response(request, error)
        return None
