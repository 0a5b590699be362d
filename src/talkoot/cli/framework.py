"""Makes Django ready for a command, when it needs it."""

from __future__ import annotations

import os


def name_settings() -> None:
    """Say where the settings are; they can be read from then on, models cannot."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "talkoot.site.settings")


def setup_django() -> None:
    """Make Django ready for services; only a command that is really called pays for it.

    The shell speaks English, as its help does; a job speaks the language of whoever asked for it.
    """
    name_settings()
    import django
    from django.utils import translation

    django.setup()
    translation.activate("en")
