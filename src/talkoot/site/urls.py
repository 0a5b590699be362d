"""All addresses: the core's rooms, every programme at its mount, one API."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from talkoot.core.base.programmes import programmes
from talkoot.site.api import api
from talkoot.site.operation import health, metrics

urlpatterns = [
    path("api/v1/", api.urls),
    path("", include("talkoot.core.observations.sta.urls")),
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("", include("talkoot.core.ui.plain_urls")),
    *i18n_patterns(
        path("", include("talkoot.core.ui.urls")),
        path("account/", include("allauth.urls")),
        path("admin/", admin.site.urls),
        *[path(f"{p.mount}/" if p.mount else "", include(p.urls)) for p in programmes() if p.urls],
    ),
]

handler400 = "talkoot.core.ui.errors.bad_request"
handler403 = "talkoot.core.ui.errors.permission_denied"
handler404 = "talkoot.core.ui.errors.page_not_found"
handler500 = "talkoot.core.ui.errors.server_error"
