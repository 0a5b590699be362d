"""The Django application of this room."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "talkoot.core.ui"
    label = "ui"
    default_auto_field = "django.db.models.BigAutoField"
