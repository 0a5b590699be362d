"""The Django applications of this room."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BaseConfig(AppConfig):
    name = "talkoot.core.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"


class ReadOnlyAdminConfig(AdminConfig):
    """Django's administration with the house's own read-only site in place of its own."""

    default_site = "talkoot.core.base.admin_site.ReadOnlySite"
