"""The door of the SensorThings service at /sensorthings/v1.1 for HTTP: who asks, and JSON in and out.

Source: OGC 18-088, SensorThings API part 1: Sensing, version 1.1.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, TalkootError
from talkoot.core.observations.sta.batch import run_batch
from talkoot.core.observations.sta.body import decode
from talkoot.core.observations.sta.openapi.document import PATH as DESCRIPTION
from talkoot.core.observations.sta.openapi.document import description
from talkoot.core.observations.sta.problems import MediaTypeError, MethodError, UnknownKeyError
from talkoot.core.observations.sta.requests import Answer, Asked, handle, problem
from talkoot.core.observations.tokens import actor_of_token

ROOT: Final = "/sensorthings/v1.1"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
METHODS: Final = "GET, HEAD, OPTIONS, POST, PATCH, PUT, DELETE"
JSON: Final = "application/json"
LOGIN_SECONDS: Final = 3600  # until a client asks again


@csrf_exempt
def service(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer a request below the service's root."""
    root = request.build_absolute_uri(ROOT)
    if request.method == "OPTIONS":
        return _open_to_all(HttpResponse(status=204, headers={"Allow": METHODS}))
    try:
        answer = _answered(request, root, path)
    except TalkootError as error:
        answer = problem(error)
    return _open_to_all(_response(answer))


def _answered(request: HttpRequest, root: str, path: str) -> Answer:
    if request.method not in METHODS.split(", "):
        raise MethodError(f"There is no method {(request.method or '')[:20]} here. Use one of: {METHODS}.")
    if path.strip("/") == "Login":
        return _signed_in(request)
    if path.strip("/") == DESCRIPTION:
        return _described(request, root)
    actor = _actor(request)
    content_type = (request.content_type or "").lower()
    if request.method not in SAFE:
        _require_json(request, content_type)
    if path.strip("/") == "$batch":
        if request.method != "POST":
            raise MethodError("A batch is sent with POST.")
        return Answer(200, run_batch(actor, root, decode(request.body)))
    asked = Asked(
        request.method or "",
        path,
        request.META.get("QUERY_STRING", ""),
        content_type,
        lambda: decode(request.body),
        lambda: request.body,
    )
    return handle(actor, root, asked)


def _actor(request: HttpRequest) -> Actor:
    """Return who asks: by a key (Bearer, or as the password of Basic), else by their session."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "":
            signed_in: Actor = request.actor  # type: ignore[attr-defined]
            return Actor(account=signed_in.account, door="api", request_id=signed_in.request_id)
        case "bearer":
            secret = credentials.strip()
        case "basic":
            secret = _password(credentials)
        case _:
            secret = ""
    found = actor_of_token(secret, request.request_id)  # type: ignore[attr-defined]
    if found is None:
        raise UnknownKeyError("This key opens nothing: it is unknown or has ended.")
    return found


def _signed_in(request: HttpRequest) -> Answer:
    """Answer clients that trade a password for a token (RFC 6749, section 4.3): here the password is the key itself."""
    if request.method != "POST":
        raise MethodError("A key is sent with POST.")
    secret = request.POST.get("password", "")
    if actor_of_token(secret, request.request_id) is None:  # type: ignore[attr-defined]
        raise UnknownKeyError("This key opens nothing: it is unknown or has ended. Give a key as the password.")
    return Answer(200, {"access_token": secret, "token_type": "bearer", "expires_in": LOGIN_SECONDS})


def _described(request: HttpRequest, root: str) -> Answer:
    if request.method not in SAFE:
        raise MethodError("This address takes GET.")
    return Answer(200, description(root))


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _require_json(request: HttpRequest, content_type: str) -> None:
    """Raise MediaTypeError for a body of another type: no page of another site can send JSON in a person's name."""
    if request.method == "DELETE" or content_type.endswith("json"):
        return
    raise MediaTypeError(f"The body must be {JSON}, not {content_type[:60] or 'untyped'}.")


def _response(answer: Answer) -> HttpResponse:
    headers = {"Content-Type": JSON, **answer.headers}
    if answer.value is None:
        return HttpResponse(status=answer.status, headers=headers)
    if answer.is_text:
        return HttpResponse(answer.value, status=answer.status, headers={**headers, "Content-Type": "text/plain"})
    try:
        body = msgspec.json.encode(answer.value)
    except (msgspec.MsgspecError, TypeError, UnicodeEncodeError) as error:
        raise InvalidError("body", f"The answer cannot be written as JSON: {error}.") from error
    return HttpResponse(body, status=answer.status, headers=headers)


def _open_to_all(response: HttpResponse) -> HttpResponse:
    """Let pages of other sites read what is open to all; without a person's session (no credentials)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = METHODS
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Expose-Headers"] = "Location"
    return response
