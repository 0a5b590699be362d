"""The Django application of this programme."""

from django.apps import AppConfig


class LightPolesConfig(AppConfig):
    """Its templates, pictures and translations; it has no tables of its own."""

    name = "talkoot.programmes.light_poles"
    label = "light_poles"
