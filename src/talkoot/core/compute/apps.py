"""The Django application of this room."""

from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "talkoot.core.compute"
    label = "compute"
    default_auto_field = "django.db.models.BigAutoField"
