"""The HTTP API: every programme's router under one OpenAPI document at /api/docs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from talkoot import __version__
from talkoot.core.base.declare import resolve
from talkoot.core.base.errors import TalkootError
from talkoot.core.base.programmes import programmes

api = NinjaAPI(title="Talkoot", version=__version__, docs_url=None, urls_namespace="api")


@api.exception_handler(TalkootError)
def as_problem(request: HttpRequest, error: TalkootError) -> HttpResponse:
    """Answer a service's error as problem details (RFC 9457)."""
    return api.create_response(request, error.as_problem(), status=error.status)


for programme in programmes():
    if programme.api:
        router: Any = resolve(programme.api)
        api.add_router(f"/{programme.code}", router, tags=[str(programme.title)])
