"""The administration's pages of runs and of what hangs on them: they too show only what the visitor may see."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from talkoot.core.base.admin_site import ReadOnlyAdmin
from talkoot.core.compute.models import Adoption, ResultSet, Run
from talkoot.core.compute.viewing import viewable_runs


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Shows the runs that the visitor may see; `of_run` leads from a record to its run."""

    of_run: ClassVar[str] = "pk"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the records of runs that the visitor may see."""
        seen = viewable_runs(request.actor)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(**{f"{self.of_run}__in": seen})


@admin.register(ResultSet, Adoption)
class OfRunAdmin(RunAdmin):
    """Shows what hangs on runs that the visitor may see."""

    of_run = "run"
