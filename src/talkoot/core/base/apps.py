"""The Django application of this room."""

from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "talkoot.core.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"
