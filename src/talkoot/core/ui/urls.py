"""Addresses of the core's pages, each below its language."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
