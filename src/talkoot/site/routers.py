"""Which database file each model lives in; on PostgreSQL all live together."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db import models

JOBS_MODELS: Final = frozenset({"job", "worker", "schedulestate", "duty"})


class RoomRouter:
    """Sends jobs, workers and schedules to the jobs' database, all else to the default one."""

    def _database(self, app_label: str, model_name: str) -> str:
        in_jobs = app_label == "compute" and model_name in JOBS_MODELS
        return settings.JOBS_DATABASE if in_jobs else "default"

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        """Return the database of the model."""
        return self._database(model._meta.app_label, model._meta.model_name or "")

    db_for_write = db_for_read

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool:
        """Allow relations within one database only."""
        # By the objects' own words and not by their types: request.user is a lazy stand-in for an account.
        homes = [self._database(each._meta.app_label, each._meta.model_name or "") for each in (one, other)]
        return homes[0] == homes[1]

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        """Make each table where its model lives, and nothing else in the jobs' database."""
        if db == "default" and settings.JOBS_DATABASE == "default":
            return True
        if model_name is None:
            return db == str(hints.get("database", "default"))
        return db == self._database(app_label, model_name)
