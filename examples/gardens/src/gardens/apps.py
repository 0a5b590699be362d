"""The Django application."""

from django.apps import AppConfig


class GardensConfig(AppConfig):
    name = "gardens"
    default_auto_field = "django.db.models.BigAutoField"
