"""The addresses of the SensorThings service: /sensorthings/v1.1 and all below it."""

from __future__ import annotations

from django.urls import path

from talkoot.core.observations.sta.views import service

urlpatterns = [
    path("sensorthings/v1.1", service),
    path("sensorthings/v1.1/", service),
    path("sensorthings/v1.1/<path:path>", service, name="sensorthings"),
]
