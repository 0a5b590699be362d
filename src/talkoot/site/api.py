"""The HTTP API: every programme's router under one OpenAPI document at /api/docs."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from talkoot import __version__
from talkoot.core.base.declare import resolve
from talkoot.core.base.errors import InvalidError, Problem, TalkootError
from talkoot.core.base.programmes import programmes

MEDIA_TYPE: Final = "application/problem+json"
# What any address may answer beside its own success.
ERRORS: Final = {
    400: "The request is malformed.",
    403: "Who asks may not see this.",
    404: "There is nothing there, or it may not be seen.",
    409: "The present state forbids it.",
    422: "The input has errors; each is named with its field.",
}
_TEXT: Final = {"type": "string"}
_FIELD: Final = {
    "type": "object",
    "properties": {"field": _TEXT, "message": _TEXT, "fix": _TEXT},
    "required": ["field", "message"],
}
PROBLEM: Final = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {"type": "array", "items": _FIELD},
    },
    "required": ["type", "title", "status", "detail"],
}


class Api(NinjaAPI):
    """The API, whose description names the errors that any address may answer."""

    def get_openapi_schema(self, **given: Any) -> Any:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(**given)
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for item in document["paths"].values():
            for operation in item.values():
                for status, text in ERRORS.items():
                    operation["responses"].setdefault(status, {"description": text, "content": content})
        return document


api = Api(title="Talkoot", version=__version__, docs_url=None, urls_namespace="api")


@api.exception_handler(TalkootError)
def as_problem(request: HttpRequest, error: TalkootError) -> HttpResponse:
    """Answer a service's error as problem details (RFC 9457)."""
    return HttpResponse(msgspec.json.encode(error.as_problem()), status=error.status, content_type=MEDIA_TYPE)


@api.exception_handler(ValidationError)
def as_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer parameters of wrong types as the same problem details."""
    problems = (Problem(".".join(map(str, each["loc"][1:])), f"{each['msg']}.") for each in error.errors)
    return as_problem(request, InvalidError(problems))


for programme in programmes():
    if programme.api:
        router: Any = resolve(programme.api)
        api.add_router(f"/{programme.code}", router, tags=[str(programme.title)])
