"""The addresses of the SensorThings service, mounted at /sensorthings/v1.1."""

from __future__ import annotations

from django.urls import path

from talkoot.core.observations.sta.views import service

urlpatterns = [
    path("", service),
    path("/", service),
    path("/<path:path>", service, name="sensorthings"),
]
