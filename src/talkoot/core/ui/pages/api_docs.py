"""The documentation of the HTTP interfaces, drawn on the server from their own OpenAPI documents."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse

from talkoot.core.base.programmes import programmes
from talkoot.core.observations.sta.openapi.document import PATH, document
from talkoot.core.observations.sta.views import ROOT
from talkoot.core.ui.openapi import OperationGroup, groups, tagged


@lru_cache(maxsize=1)
def _groups(address: str) -> list[OperationGroup]:
    """Return the API's operations, read once: the declarations do not change while the process lives."""
    match = resolve(address)
    answer = match.func(HttpRequest(), *match.args, **match.kwargs)
    return groups(msgspec.json.decode(answer.content), reverse("api:api-root"))


@lru_cache(maxsize=1)
def _sensorthings() -> list[OperationGroup]:
    return tagged(document(ROOT), ROOT)


def api_docs(request: HttpRequest) -> HttpResponse:
    """Every address of the interfaces with its parameters and answers; reading ones can be tried."""
    address = reverse("api:openapi-json")
    titles = {programme.code: str(programme.title) for programme in programmes()}
    interfaces = [
        ("Talkoot", address, [(titles.get(group.code, group.code), group.operations) for group in _groups(address)]),
        ("SensorThings", f"{ROOT}/{PATH}", [(group.code, group.operations) for group in _sensorthings()]),
    ]
    return render(request, "ui/api_docs.html", {"interfaces": interfaces})
