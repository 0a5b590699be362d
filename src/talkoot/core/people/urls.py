"""Addresses of this room's pages, below /<language>/people/."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "people"
urlpatterns: list[URLPattern] = []
