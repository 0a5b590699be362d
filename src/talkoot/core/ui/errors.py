"""Error pages: what happened, what to do, nothing lost. The same words as problem details for programs."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talkoot.core.base.errors import Problem, TalkootError
from talkoot.core.base.text import LANGUAGES
from talkoot.core.ui.incoming import is_fragment


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What an error page says: its title, what happened, and what to do."""

    title: Any
    detail: Any
    advice: Any = ""


TEXTS = {
    400: ErrorText(
        gettext_lazy("The request could not be read"),
        gettext_lazy("What arrived was incomplete or not in the form this address expects."),
        gettext_lazy("Go back and send it again. If it was a file, check that it opens on your own computer."),
    ),
    403: ErrorText(
        gettext_lazy("You may not do this"),
        gettext_lazy("This page or action needs a permission that you do not have."),
        gettext_lazy("Sign in, or ask your organisation's manager for the role."),
    ),
    404: ErrorText(
        gettext_lazy("There is nothing at this address"),
        gettext_lazy("The page may have moved, or the address has a typing error."),
        gettext_lazy("Search for it, or start from the home page."),
    ),
    409: ErrorText(
        gettext_lazy("Not possible just now"),
        gettext_lazy("Something else has changed this meanwhile."),
        gettext_lazy("Load the page again and see how it stands."),
    ),
    413: ErrorText(
        gettext_lazy("That is too much at once"),
        gettext_lazy("What you sent is larger than this address takes."),
        gettext_lazy("Send less, or in parts."),
    ),
    422: ErrorText(
        gettext_lazy("Something needs to be corrected"),
        gettext_lazy("Not everything could be accepted as it was given. Nothing was saved."),
        gettext_lazy("Go back, correct what is listed here and send it again."),
    ),
    500: ErrorText(
        gettext_lazy("Something went wrong on our side"),
        gettext_lazy("The fault is recorded. Nothing you had saved is lost."),
        gettext_lazy("Try again in a moment. If it repeats, tell us the number below."),
    ),
}


def wants_problem(request: HttpRequest) -> bool:
    """Tell whether the caller is a program that reads problem details and not a person with a page."""
    return request.path.startswith("/api/") or not request.accepts("text/html")


def error_page(
    request: HttpRequest,
    status: int,
    *,
    detail: str = "",
    problems: list[Problem] | None = None,
    language: str = "",
) -> HttpResponse:
    """Render the page, the htmx fragment or the problem document of an HTTP status.

    `detail` replaces the general words; `problems` lists each field with its fix; `language` names an unknown
    one that was asked for.
    """
    text = TEXTS.get(status) or TEXTS[400 if status < 500 else 500]
    request_id = getattr(request, "request_id", "")
    if wants_problem(request):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": str(detail or text.detail),
            "instance": request_id,
        }
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    context = {
        "text": text,
        "status": status,
        "detail": detail,
        "problems": problems or [],
        "unknown_language": language,
        "request_id": request_id,
    }
    template = "ui/parts/error.html" if is_fragment(request) else "ui/error.html"
    return render(request, template, context, status=status)


def error_response(request: HttpRequest, error: TalkootError) -> HttpResponse:
    """Answer a service's error in the form the caller reads."""
    if wants_problem(request):
        return JsonResponse(error.as_problem(), status=error.status, content_type="application/problem+json")
    problems = getattr(error, "problems", None)
    return error_page(request, error.status, detail="" if problems else str(error), problems=problems)


def unknown_language(path: str) -> str:
    """Return the first part of the path where it looks like a language the city does not speak, else ""."""
    first = path.lstrip("/").split("/", 1)[0]
    looks_like_one = first.isalpha() and len(first) == 2 and first.islower()
    return first if looks_like_one and first not in LANGUAGES else ""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handler of 400: unreadable bodies, lying lengths, forbidden hosts."""
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handler of 403."""
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handler of 404; an unknown language gets the list of those there are."""
    return error_page(request, 404, language=unknown_language(request.path))


def server_error(request: HttpRequest) -> HttpResponse:
    """Handler of 500: a page that needs neither the database nor the context processors."""
    text = TEXTS[500]
    if wants_problem(request):
        return error_page(request, 500)
    context = {"text": text, "request_id": getattr(request, "request_id", "")}
    return HttpResponse(render_to_string("ui/broken.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without its token: most often a page left open over a sign-out."""
    detail = _("The form was open too long or came from another site. Load the page again and send it once more.")
    return error_page(request, 403, detail=detail)
