"""Addresses of this programme's pages, below their language and /traffic/."""

from __future__ import annotations

from django.urls import path

from talkoot.programmes.traffic import input_pages, pages

app_name = "traffic"
urlpatterns = [
    path("", pages.traffic, name="traffic"),
    path("new/", pages.new_model, name="new"),
    path("compare/", pages.compare, name="compare"),
    path("inputs/", input_pages.inputs, name="inputs"),
    path("inputs/<uuid:uid>/delete/", input_pages.delete, name="delete-input"),
    path("report/<uuid:uid>/", pages.report, name="report"),
    path("adopt/<uuid:uid>/", pages.adopt_model, name="adopt"),
]
