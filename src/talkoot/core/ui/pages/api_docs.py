"""The documentation of the HTTP API, drawn on the server from the API's own OpenAPI document."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse

from talkoot.core.base.programmes import programmes
from talkoot.core.ui.openapi import OperationGroup, groups


@lru_cache(maxsize=1)
def _groups(address: str) -> list[OperationGroup]:
    """Return the API's operations, read once: the declarations do not change while the process lives."""
    match = resolve(address)
    answer = match.func(HttpRequest(), *match.args, **match.kwargs)
    return groups(msgspec.json.decode(answer.content), reverse("api:api-root"))


def api_docs(request: HttpRequest) -> HttpResponse:
    """Every address of the API with its parameters and answers; reading ones can be tried."""
    address = reverse("api:openapi-json")
    titles = {programme.code: str(programme.title) for programme in programmes()}
    named = [(titles.get(group.code, group.code), group.operations) for group in _groups(address)]
    return render(request, "ui/api_docs.html", {"groups": named, "document": address})
