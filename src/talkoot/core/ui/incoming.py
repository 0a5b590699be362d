"""What the middleware gave a request, with its type."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from talkoot.core.base.actors import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Return who makes the request."""
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def is_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page and not for a page."""
    return request.headers.get("HX-Request") == "true"


def whole_number(text: str) -> int:
    """Return the whole number of a parameter, 0 for what is none or too long to be a key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
