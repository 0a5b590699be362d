"""The Django application of this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "talkoot.core.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what happens at the door."""
        from talkoot.core.people import signals

        signals.connect()
