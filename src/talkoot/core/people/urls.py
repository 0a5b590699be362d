"""Addresses of this room's pages, below /<language>/people/."""

from __future__ import annotations

from django.urls import path

from talkoot.core.people.pages import organisations, own, trail

app_name = "people"
urlpatterns = [
    path("me/", own.own, name="own"),
    path("me/profile/", own.profile, name="profile"),
    path("me/data/", own.download, name="download"),
    path("me/sessions/end/", own.end_sessions, name="end-sessions"),
    path("me/erase/", own.erase, name="erase"),
    path("me/consents/<str:purpose>/give/", own.give_consent, name="give-consent"),
    path("me/consents/<str:purpose>/withdraw/", own.withdraw_consent, name="withdraw-consent"),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/<slug:code>/", organisations.organisation, name="organisation"),
    path("organisations/<slug:code>/close/", organisations.close, name="close-organisation"),
    path("organisations/<slug:code>/roles/<int:membership>/end/", organisations.end_role, name="end-role"),
    path("organisations/<slug:code>/roles/<int:membership>/give/", organisations.give_again, name="give-again"),
    path("trail/", trail.trail, name="trail"),
    path("trail/export/", trail.export, name="trail-export"),
]
