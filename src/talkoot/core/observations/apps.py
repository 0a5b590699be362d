"""The Django application of this room."""

from django.apps import AppConfig


class ObservationsConfig(AppConfig):
    """Observations: what is measured over time."""

    name = "talkoot.core.observations"
    label = "observations"
