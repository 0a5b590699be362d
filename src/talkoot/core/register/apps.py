"""The Django application of this room."""

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    name = "talkoot.core.register"
    label = "register"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let /metrics tell what the register holds."""
        from talkoot.core.base import metrics
        from talkoot.core.register.queries import counts_by_kind

        metrics.collect("talkoot_things", "Things that are there now, by kind.", "kind", counts_by_kind)
