"""The Django application of this programme."""

from django.apps import AppConfig


class TrafficConfig(AppConfig):
    """Its tables, templates and translations."""

    name = "talkoot.programmes.traffic"
    label = "traffic"
    default_auto_field = "django.db.models.BigAutoField"
