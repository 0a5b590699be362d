"""Addresses without a language: health, metrics, things' URIs, tiles, the interface's documentation."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
