"""Finding things by words, in any of the three languages.

Every word of the query must be met, in whatever inflection, by the thing's name or one of its searchable words;
the last letters of a word may be left out. Things whose whole name is the query come first, then those whose name
begins with it, then the others, those with all the words in their name before the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.db import connection
from django.urls import reverse

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import SearchHit
from talkoot.core.base.programmes import kinds as declared_kinds
from talkoot.core.base.services import require
from talkoot.core.register.boxes import open_things
from talkoot.core.register.documents import forms_in_any, kind_token, plain, whole_name, words
from talkoot.core.register.indexes import TSVECTOR
from talkoot.core.register.models import Thing
from talkoot.core.register.needs import require_count, require_kinds

MAX_LIMIT: Final = 100
MAX_QUERY_WORDS: Final = 8
MAX_QUERY: Final = 500
# So many of the things that meet all words are looked at and ranked.
POOL: Final = 200
SHORTEST_PREFIX: Final = 2


def search_things(query: str, *, limit: int = 20, kinds: Sequence[str] = ()) -> list[Thing]:
    """Return the open things found by the words of `query`, the best first.

    Any text is a query; one without a word finds nothing, and no more than 8 words count. Parameters: `limit`, at
    most 100; `kinds` to look for (all, if none). Raises InvalidError for an unknown kind or a limit out of range.
    """
    require_kinds(kinds)
    require_count("limit", limit, MAX_LIMIT)
    asked = words(query[:MAX_QUERY])[:MAX_QUERY_WORDS]
    if not asked:
        return []
    name = whole_name(asked)
    found: dict[int, Thing] = {}
    for terms, pool in (([[_exact(name)]], limit), ([[_prefix(name)]], limit), (_each_word(asked), POOL)):
        if len(found) < limit:
            more = _matching([*terms, *_of_kinds(kinds)], kinds, pool)
            found.update((thing.pk, thing) for thing in _ranked(more, asked) if thing.pk not in found)
    return list(found.values())[:limit]


def find(actor: Actor, query: str, limit: int) -> list[SearchHit]:
    """Return the search hits among the register's things, for the search over everything."""
    require(actor, "register.view")
    return [
        SearchHit(
            title=str(thing),
            what=str(declared_kinds()[thing.kind].name) if thing.kind in declared_kinds() else thing.kind,
            url=reverse("ui:thing", args=[thing.uid]),
        )
        for thing in search_things(query, limit=min(limit, MAX_LIMIT))
    ]


def _each_word(asked: Iterable[str]) -> list[list[str]]:
    """Return, for each word, the terms of which one must be met: its forms, and what begins with it."""
    return [_word_terms(word) for word in dict.fromkeys(asked)]


def _word_terms(word: str) -> list[str]:
    if len(word) < SHORTEST_PREFIX:
        return [_exact(form) for form in forms_in_any(word)]
    rest = [form for form in forms_in_any(word) if not form.startswith(word)]
    return [_prefix(word), *(_exact(form) for form in rest)]


def _of_kinds(kinds: Sequence[str]) -> list[list[str]]:
    return [[_exact(kind_token(kind)) for kind in kinds]] if kinds else []


# Tokens hold letters, digits and the signs "=", "#" and "_" only (documents.words), so no quotation mark ends early.
def _exact(token: str) -> str:
    return f"'{token}'" if connection.vendor == "postgresql" else f'"{token}"'


def _prefix(token: str) -> str:
    return f"'{token}':*" if connection.vendor == "postgresql" else f'"{token}" *'


def _matching(groups: Sequence[Sequence[str]], kinds: Sequence[str], limit: int) -> list[Thing]:
    """Return open things whose tokens meet one term at least of every group."""
    conditions, values = open_things(kinds)
    where = " AND ".join(conditions)
    if connection.vendor == "postgresql":
        # OFFSET 0 keeps the planner to this order: matches one by one from the index, each with its thing.
        expression = " & ".join(f"({' | '.join(group)})" for group in groups)
        statement = f"""
            SELECT t.* FROM (SELECT thing_id FROM register_thingtext WHERE {TSVECTOR} @@ %s::tsquery OFFSET 0) x,
            LATERAL (SELECT * FROM register_thing t WHERE t.id = x.thing_id AND {where} OFFSET 0) t LIMIT %s
            """  # noqa: S608
    else:
        expression = " AND ".join(f"({' OR '.join(group)})" for group in groups)
        statement = f"""
            SELECT t.* FROM register_thingtext_words x CROSS JOIN register_thing t ON t.id = x.rowid
            WHERE register_thingtext_words MATCH %s AND {where} LIMIT %s
            """  # noqa: S608
    return list(Thing.objects.raw(statement, [expression, *values, limit]))


def _ranked(things: Iterable[Thing], asked: Sequence[str]) -> list[Thing]:
    """Return things in order: those with all words in their name before the rest, shorter names first."""
    wanted = [plain(word) for word in asked]

    def rank(thing: Thing) -> tuple[bool, int, int]:
        in_names = {plain(word) for text in thing.name.as_dict().values() for word in words(text)}
        all_there = all(any(word.startswith(part) for word in in_names) for part in wanted)
        return (not all_there, len(str(thing.name)) if thing.name else 10_000, thing.pk)

    return sorted(things, key=rank)
