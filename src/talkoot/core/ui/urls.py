"""Addresses of the core's pages, each below its language."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from talkoot.core.ui.pages import about, home, preferences, search, section

app_name = "ui"


class SectionConverter(StringConverter):
    """The sections' names in addresses, so that no section takes another page's address."""

    regex = "see|use|take-part|plan|open"


register_converter(SectionConverter, "section")

urlpatterns = [
    path("", home.home, name="home"),
    path("<section:section>/", section.section, name="section"),
    path("search/", search.search, name="search"),
    path("search/suggest/", search.suggest, name="suggest"),
    path("theme/", preferences.theme, name="theme"),
    path("about/sources/", about.sources, name="sources"),
    path("about/accessibility/", about.accessibility, name="accessibility"),
    path("about/privacy/", about.privacy, name="privacy"),
    path("about/status/", about.status, name="status"),
]
