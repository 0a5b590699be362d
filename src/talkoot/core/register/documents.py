"""The words by which a thing is found: stemmed in three languages by Snowball, since databases lack Finnish.

Both databases index the same tokens and know nothing of languages: a word stands as it is and as its stem, each
also without diacritics ("toolo" finds Töölö). A whole name stands as one token more, marked by "=", the
kind as another, marked by "#".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from threading import Lock
from typing import Any, Final

import snowballstemmer

from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import LANGUAGES, Text

WORD: Final = re.compile(r"[^\W_]+")
MAX_WORD: Final = 60
MAX_WORDS: Final = 60
MAX_WHOLE_NAME: Final = 200
ATTRIBUTES: Final = ("category", "operator", "address", "name", "use", "species")
TAGS: Final = (
    "addr:street",
    "addr:housenumber",
    "addr:city",
    "alt_name",
    "old_name",
    "short_name",
    "official_name",
    "brand",
    "operator",
    "network",
    "ref",
    "amenity",
    "shop",
    "cuisine",
    "leisure",
    "tourism",
    "sport",
)

_STEMMERS: Final = {
    "fi": snowballstemmer.stemmer("finnish"),
    "sv": snowballstemmer.stemmer("swedish"),
    "en": snowballstemmer.stemmer("english"),
}
_STRONG_GRADE: Final = {"ng": "nk", "d": "t", "v": "p"}
_WEAK_GRADE: Final = re.compile(r"(?:ng|d|v)(?=[aeiouyäö]?$)")
_stemming = Lock()  # a stemmer works on its own state


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, in order; punctuation only separates them."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return [word[:MAX_WORD] for word in WORD.findall(folded)]


def plain(word: str) -> str:
    """Return the word without diacritics: ö as o, å as a."""
    if word.isascii():
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


@lru_cache(maxsize=200_000)
def forms(word: str, language: str) -> tuple[str, ...]:
    """Return the tokens of a word in lower case: itself and its stem, each also without diacritics.

    A Finnish stem also stands in the strong grade, which Snowball leaves as it is: kadu(n) as katu, helsing(in) as
    helsink(i).
    """
    with _stemming:
        stem = _STEMMERS[language].stemWord(word)
    tokens = [word, stem]
    if language == "fi":
        tokens.append(_WEAK_GRADE.sub(lambda found: _STRONG_GRADE[found[0]], stem))
    return tuple(dict.fromkeys((*tokens, *map(plain, tokens))))


@lru_cache(maxsize=20_000)
def forms_in_any(word: str) -> tuple[str, ...]:
    """Return the tokens of a word whose language is not known: those of all three."""
    return tuple(dict.fromkeys(form for language in LANGUAGES for form in forms(word, language)))


def whole_name(name_words: Iterable[str]) -> str:
    """Return the token of a whole name, by which an exact hit comes first."""
    return ("=" + "_".join(plain(word) for word in name_words))[:MAX_WHOLE_NAME]


def kind_token(kind: str) -> str:
    """Return the token that every thing of a kind carries."""
    return f"#{kind}"


def document(kind: str, name: Text, attributes: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
    """Return the tokens of a thing, separated by spaces, each once; "" for one that cannot be searched for.

    A thing without any word of its own is not found by the name of its kind alone.
    """
    declared = kinds()[kind]
    if not declared.searchable:
        return ""
    tokens: dict[str, None] = {}
    for language, text in name.as_dict().items():
        in_name = words(text)[:MAX_WORDS]
        if in_name:
            tokens[whole_name(in_name)] = None
        for word in in_name:
            tokens.update(dict.fromkeys(forms(word, language)))
    for word in list(_other_words(attributes, tags))[:MAX_WORDS]:
        tokens.update(dict.fromkeys(forms_in_any(word)))
    if tokens:
        tokens[kind_token(kind)] = None
        for language, text in declared.name.as_dict().items():
            for word in words(text):
                tokens.update(dict.fromkeys(forms(word, language)))
    return " ".join(tokens)


def _other_words(attributes: Mapping[str, Any], tags: Mapping[str, Any]) -> Iterator[str]:
    for values, keys in ((attributes, ATTRIBUTES), (tags, TAGS)):
        for key in keys:
            if isinstance(value := values.get(key), str):
                yield from words(value[:1000])
