"""Every word that people see stands in Finnish and Swedish, in every room and programme."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import talkoot
from talkoot.core.base.declare import Programme
from talkoot.core.base.programmes import programmes
from talkoot.core.base.text import Text

SOURCE = Path(talkoot.__file__).parent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
APPS = sorted(path.parent for path in SOURCE.rglob("apps.py"))


def apps_with_words() -> Iterator[Path]:
    """Yield the applications whose code or templates hold words to be translated."""
    for app in APPS:
        if any(messages_of(app)):
            yield app


def messages_of(app: Path) -> Iterator[tuple[str, str | None]]:
    """Yield (message, context) of an application's code and templates, not of the applications below it."""
    below = [other for other in APPS if other != app and app in other.parents]
    for path in [*app.rglob("*.py"), *app.rglob("*.html"), *app.rglob("*.txt")]:
        if any(other in path.parents for other in below) or "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        source = text if path.suffix == ".py" else templatize(text)
        for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            yield (message[0] if isinstance(message, tuple) else message), context


@cache
def words_of(app: Path) -> list[tuple[str, str | None]]:
    """Return all that `messages_of` yields; both languages ask."""
    return list(messages_of(app))


def catalogue_of(app: Path, language: str) -> Catalog:
    """Return the application's translations into a language."""
    path = app / "locale" / language / "LC_MESSAGES" / "django.po"
    assert path.exists(), f"{app.relative_to(SOURCE)} has words and no {language}"
    with path.open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", ["fi", "sv"])
@pytest.mark.parametrize("app", list(apps_with_words()), ids=lambda app: str(app.relative_to(SOURCE)))
def test_nothing_is_left_untranslated(app: Path, language: str) -> None:
    catalogue = catalogue_of(app, language)
    missing = []
    for message, context in words_of(app):
        found = catalogue.get(message, context)
        strings = () if found is None else found.string if isinstance(found.string, tuple) else (found.string,)
        if not strings or not all(strings):
            missing.append(message)
    assert not missing
    assert not [message.id for message in catalogue if message.id and message.fuzzy]


@pytest.mark.parametrize("language", ["fi", "sv"])
@pytest.mark.parametrize("app", list(apps_with_words()), ids=lambda app: str(app.relative_to(SOURCE)))
def test_every_translation_fits_its_message(app: Path, language: str) -> None:
    catalogue = catalogue_of(app, language)
    for message in catalogue:
        if message.id:
            assert not list(message.check(catalogue)), message.id


def texts(value: object, where: str) -> Iterator[tuple[str, Text]]:
    """Yield every Text that a declaration holds, with where it stands."""
    if isinstance(value, Text):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, f"{where}.{key}")
    elif isinstance(value, tuple):
        for inner in value:
            yield from texts(inner, f"{where}.{getattr(inner, 'code', '')}")
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from texts(getattr(value, name), f"{where}.{name}")


@pytest.mark.parametrize("programme", programmes(), ids=lambda programme: programme.code)
def test_every_declared_name_is_in_three_languages(programme: Programme) -> None:
    incomplete = [
        where for where, text in texts(programme, programme.code) if text and not all((text.fi, text.sv, text.en))
    ]
    assert not incomplete
