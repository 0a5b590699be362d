"""The administration: a window into the records for the city's operators, through which nothing is written."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from talkoot.core.base.models import AuditEntry, PersonKey
from talkoot.core.base.programmes import CORE_ROOMS, programmes

SECRETS = frozenset({"password"})
PLAIN = (
    models.CharField,
    models.BooleanField,
    models.DateTimeField,
    models.IntegerField,
    models.FloatField,
    models.UUIDField,
)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows a model's records to those who may look, and lets nobody add, change or delete one."""

    actions = None
    list_per_page = 50
    # An exact count walks the whole table; the pages do without.
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the record itself, then its plain fields."""
        plain = [field.name for field in self.model._meta.fields if isinstance(field, PLAIN)]
        return ["__str__", *[name for name in plain if name not in SECRETS][:6]]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field but those that hold secrets."""
        return [field.name for field in self.model._meta.fields if field.name not in SECRETS]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return all fields, those not editable included."""
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds here: writing goes through services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here: writing goes through services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here: writing goes through services."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may enter may look."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may enter sees every room."""
        return self.admin_site.has_permission(request)


class ReadOnlySite(admin.AdminSite):
    """The administration's site: every model of the house, read only, behind the city's own sign-in."""

    site_header = site_title = "Talkoot"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take in our own read-only pages; the libraries' own pages write and show secrets, and stay outside."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Return the addresses, after every model that no room registered itself was given its page."""
        for model in _models_of_the_house():
            if not self.is_registered(model):
                super().register(model, ReadOnlyAdmin)
        return super().get_urls()

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the visitor holds the permission to look into the administration."""
        return bool(request.user.is_active and request.user.is_staff)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Send visitors to the city's sign-in, with its limits and second factors."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return login_required(_enter)(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Send to the account's own page."""
        return redirect("account_change_password")


def _enter(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


def _models_of_the_house() -> list[type[models.Model]]:
    own = {f"talkoot.core.{room}" for room in CORE_ROOMS}
    for programme in programmes():
        if programme.app:
            own.add(programme.app.partition(".apps.")[0])
    found = [model for config in apps.get_app_configs() if config.name in own for model in config.get_models()]
    # A session's key lets whoever reads it in as its owner, and it would stand in the page's address. The trail has
    # a page and a permission of its own, and the keys under which persons stand in it are nobody's to look up here.
    return [model for model in found if not issubclass(model, (AbstractBaseSession, AuditEntry, PersonKey))]
