"""What the frame of every page needs: the city's name, navigation, languages, theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from talkoot.core.base.services import ANYWHERE, may
from talkoot.core.base.text import LANGUAGES
from talkoot.core.observations.alerts.scope import open_alerts
from talkoot.core.people.models import Organisation
from talkoot.core.ui import navigation
from talkoot.core.ui.incoming import actor_of

THEME_COOKIE: Final = "talkoot_theme"
THEMES: Final = ("light", "dark")
LANGUAGE_NAMES: Final = dict(settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language."""

    code: str
    name: str
    url: str
    active: bool


def city_name() -> str:
    """Return the city's name in the active language, or the product's where no city is set up yet."""
    city = Organisation.objects.filter(is_city=True).only("name").first()
    return str(city.name) if city else "Talkoot"


def language_links(request: HttpRequest) -> list[LanguageLink]:
    """Return this page's address in every language; a page outside them leads to each language's home."""
    active = get_language() or "fi"
    path = request.get_full_path()
    first, _, rest = path.lstrip("/").partition("/")
    if first not in LANGUAGES or request.method != "GET":
        rest = ""
    return [LanguageLink(code, LANGUAGE_NAMES[code], f"/{code}/{rest}", code == active) for code in LANGUAGES]


def theme_of(request: HttpRequest) -> str:
    """Return the theme chosen by the visitor, or "" to follow the device."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


class Frame:
    """The frame's values, each found when the template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.sections: list[navigation.SectionEntries] = navigation.sections(actor_of(request))
        self.section, self.entry = navigation.current(request.path, self.sections)
        self.theme = theme_of(request)
        self.version: str = settings.VERSION
        self.language_links = language_links(request)
        self.city = SimpleLazyObject(city_name)
        self._actor = actor_of(request)

    def open_alerts(self) -> int:
        """Return how many alerts are open, for those who look after them; 0 for all others."""
        if not may(self._actor, "observations.alert", ANYWHERE):
            return 0
        return open_alerts(self._actor).count()


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame`, made only for templates that show it."""
    return {"frame": SimpleLazyObject(lambda: Frame(request))}
