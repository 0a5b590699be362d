"""One search over everything: what the programmes declare, in one page and one list of suggestions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Search, SearchHit, resolve
from talkoot.core.base.programmes import declared
from talkoot.core.ui.incoming import actor_of

LONGEST_QUERY: Final = 200
HITS_ON_PAGE: Final = 20
SUGGESTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class HitGroup:
    """The hits of one declared search."""

    code: str
    title: str
    hits: list[SearchHit]


def query_of(request: HttpRequest) -> str:
    """Return the words searched for: trimmed and of bounded length."""
    return " ".join(request.GET.get("q", "").split())[:LONGEST_QUERY].replace("\x00", "")


def find(actor: Actor, query: str, limit: int) -> list[HitGroup]:
    """Ask every declared search for at most `limit` hits; groups without hits are left out."""
    if not query:
        return []
    searches: list[Search] = list(declared("searches"))
    groups = [
        HitGroup(search.code, str(search.title), resolve(search.find)(actor, query, limit)) for search in searches
    ]
    return [group for group in groups if group.hits]


def search(request: HttpRequest) -> HttpResponse:
    """The page of hits."""
    query = query_of(request)
    groups = find(actor_of(request), query, HITS_ON_PAGE)
    return render(request, "ui/search.html", {"query": query, "groups": groups})


def suggest(request: HttpRequest) -> HttpResponse:
    """The list under the search field while one types."""
    query = query_of(request)
    groups = find(actor_of(request), query, SUGGESTIONS) if len(query) >= 2 else []
    hits = [hit for group in groups for hit in group.hits][:SUGGESTIONS]
    return render(request, "ui/parts/suggestions.html", {"query": query, "hits": hits})
