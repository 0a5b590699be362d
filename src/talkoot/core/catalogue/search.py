"""Datasets among the hits of the one search."""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import SearchHit
from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.catalogue.datasets import OpenDataset, datasets

OPEN_DATA: Final = Text(fi="avoin data", sv="öppna data", en="open data")


def find(actor: Actor, query: str, limit: int) -> list[SearchHit]:
    """Return the datasets whose title or description holds every word of the query, in any language."""
    words = query.casefold().split()
    found = [dataset for dataset in datasets() if all(word in _words_of(dataset) for word in words)]
    return [
        SearchHit(str(dataset.title), str(OPEN_DATA), reverse("ui:dataset", kwargs={"code": dataset.code}))
        for dataset in found[:limit]
    ]


def _words_of(dataset: OpenDataset) -> str:
    texts = [getattr(text, code) for text in (dataset.title, dataset.description) for code in LANGUAGES]
    return " ".join([*texts, dataset.code]).casefold()
