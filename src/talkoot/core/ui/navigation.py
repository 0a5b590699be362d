"""The navigation: by what people come to do, filled by what the programmes declare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import SECTIONS, NavItem, Section
from talkoot.core.base.programmes import declared
from talkoot.core.base.services import ANYWHERE, may

TITLES: Final[dict[Section, Any]] = {
    "see": pgettext_lazy("section", "See"),
    "use": pgettext_lazy("section", "Use"),
    "take_part": pgettext_lazy("section", "Take part"),
    "plan": pgettext_lazy("section", "Plan"),
    "open": pgettext_lazy("section", "Open"),
}
SUMMARIES: Final[dict[Section, Any]] = {
    "see": gettext_lazy("The city as it is: on the map, in lists and in figures."),
    "use": gettext_lazy("Services and spaces that are there for you."),
    "take_part": gettext_lazy("Have your say and improve the city together."),
    "plan": gettext_lazy("Tools for those who plan and look after the city."),
    "open": gettext_lazy("Data and interfaces that anyone may use."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One place one can go to."""

    title: str
    summary: str
    url: str
    permission: str


@dataclass(frozen=True, slots=True)
class SectionEntries:
    """A part of the navigation with the places in it."""

    code: Section
    title: str
    summary: str
    url: str
    entries: tuple[Entry, ...]


@lru_cache(maxsize=16)
def _sections(language: str) -> tuple[SectionEntries, ...]:
    """Return every section in `language`: the declarations do not change while the process lives."""
    items: list[NavItem] = sorted(declared("navigation"), key=lambda item: item.order)
    return tuple(
        SectionEntries(
            code=section,
            title=str(TITLES[section]),
            summary=str(SUMMARIES[section]),
            url=reverse("ui:section", kwargs={"section": section.replace("_", "-")}),
            entries=tuple(
                Entry(str(item.title), str(item.summary), reverse(item.url_name), item.permission)
                for item in items
                if item.section == section
            ),
        )
        for section in SECTIONS
    )


def sections(actor: Actor) -> list[SectionEntries]:
    """Return the sections that hold something this actor may open, in the active language."""
    found = []
    for section in _sections(get_language() or "fi"):
        entries = tuple(e for e in section.entries if not e.permission or may(actor, e.permission, ANYWHERE))
        if entries:
            found.append(SectionEntries(section.code, section.title, section.summary, section.url, entries))
    return found


def current(path: str, among: list[SectionEntries]) -> tuple[SectionEntries | None, Entry | None]:
    """Return the section and the entry that the address `path` lies in: the longest address that it begins with."""
    best: tuple[SectionEntries | None, Entry | None] = (None, None)
    length = 0
    for section in among:
        if path.startswith(section.url):
            return section, None
        for entry in section.entries:
            if path.startswith(entry.url) and len(entry.url) > length:
                best, length = (section, entry), len(entry.url)
    return best
