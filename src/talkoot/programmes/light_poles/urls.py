"""Addresses of this programme's pages, below their language and /poles/."""

from __future__ import annotations

from django.urls import path

from talkoot.programmes.light_poles import pages

app_name = "light_poles"
urlpatterns = [
    path("", pages.plan, name="plan"),
    path("adopt/<uuid:uid>/", pages.adopt_plan, name="adopt"),
]
