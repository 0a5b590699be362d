"""Addresses without a language: things' URIs, tiles, the interface's documentation."""

from __future__ import annotations

from django.urls import path

from talkoot.core.ui.pages import api_docs, thing, tiles

app_name = "plain"

urlpatterns = [
    path("id/<uuid:uid>", thing.identified, name="thing"),
    path("id/<uuid:uid>.geojson", thing.description, name="thing-description"),
    path("api/docs", api_docs.api_docs, name="api-docs"),
    path("tiles/<int:z>/<int:x>/<int:y>.mvt", tiles.tile, name="tile"),
]
