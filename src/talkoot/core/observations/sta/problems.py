"""Errors as every door of the SensorThings service tells them: one shape, whoever answers.

Problem details (RFC 9457), with `code` and `message` beside them as SensorThings clients read them.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from talkoot.core.base.errors import InvalidError, TalkootError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
_HALF_CHARACTER: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")


class UnknownKeyError(TalkootError):
    """The key that came with the request opens nothing."""

    status = 401
    title = "The key is not known"


class MethodError(TalkootError):
    """The address does not take the method."""

    status = 405
    title = "Method not allowed"


class MediaTypeError(TalkootError):
    """The body is of a media type that is not read here."""

    status = 415
    title = "Unsupported media type"


class GroupFailedError(TalkootError):
    """Another request of the same group failed, and nothing of the group was done."""

    status = 424
    title = "Another request failed"


class UnavailableError(TalkootError):
    """Readings cannot be stored or read at the moment."""

    status = 503
    title = "Not possible at the moment"


def status_of(error: TalkootError) -> int:
    """Return the HTTP status of an error; wrong input is 400, as SensorThings clients expect it."""
    return HTTPStatus.BAD_REQUEST.value if isinstance(error, InvalidError) else error.status


def problem_details(error: TalkootError) -> dict[str, Any]:
    """Return the members of an error's answer."""
    status = status_of(error)
    return {**error.as_problem(), "status": status, "code": status, "message": str(error)}


def plain_problem(status: int, detail: str) -> dict[str, Any]:
    """Return the same members for a refusal that is no error of a service: a body that never came whole."""
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank", "title": title, "status": status, "detail": detail, "code": status, "message": detail,
    }  # fmt: skip


def problem_headers(status: int) -> dict[str, str]:
    """Return the headers that go with an error's answer."""
    headers = {"Content-Type": MEDIA_TYPE}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer, Basic realm="SensorThings"'
    return headers


def json_problem(error: Exception, body: bytes) -> str:
    """Return in words why a body could not be read, with the position also where the library gives none."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, UnicodeDecodeError):
        try:
            body.decode()
        except UnicodeDecodeError as wrong:
            return f"it is not in UTF-8 (byte {wrong.start})"
    if "truncated" not in str(error):
        return str(error)
    half = _HALF_CHARACTER.search(body)
    return f"half a character (byte {half.start()})" if half else f"it ends too early (byte {len(body)})"


def problem_of_row(error: ValueError, where: str = "") -> InvalidError:
    """Return what is wrong with an observation as an error that names the member; `where` leads to the observation."""
    field, colon, message = str(error).partition(": ")
    if not colon or " " in field:
        return InvalidError(where or "body", str(error))
    return InvalidError(f"{where}.{field}" if where else field, message)
