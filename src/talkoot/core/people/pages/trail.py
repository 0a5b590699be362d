"""The audit trail for auditors: what was done, when and under which key; filtered, paged, taken along."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from talkoot.core.base.models import AuditEntry
from talkoot.core.base.services import require
from talkoot.core.base.spreadsheets import guarded
from talkoot.core.base.trail import Filter, entries, export_entries
from talkoot.core.people.pages.forms import TrailForm

PER_PAGE: Final = 50
COLUMNS: Final = (
    "number",
    "at",
    "actor",
    "verb",
    "door",
    "request_id",
    "target",
    "detail",
    "uid",
    "digest",
)


def _filter(form: TrailForm) -> Filter:
    """Return the filter that a form asks for; days are the city's, and the last one is included."""
    values: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    since, until = values.get("since"), values.get("until")
    return Filter(
        verb=values.get("verb", ""),
        actor=values.get("actor", ""),
        target=values.get("target", ""),
        since=timezone.make_aware(datetime.combine(since, time())) if since else None,
        until=timezone.make_aware(datetime.combine(until + timedelta(days=1), time())) if until else None,
    )


@login_required
@never_cache
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Show the trail, newest first."""
    require(request.actor, "base.read_audit")  # type: ignore[attr-defined]
    form = TrailForm(request.GET)
    found = entries(_filter(form))
    before = request.GET.get("before", "")
    if before.isdigit() and len(before) < 19:
        found = found.filter(id__lt=int(before))
    page = list(found[: PER_PAGE + 1])
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "entries": page[:PER_PAGE],
        "next": page[PER_PAGE - 1].pk if len(page) > PER_PAGE else "",
        "query": query.urlencode(),
        "head": AuditEntry.objects.filter(number__isnull=False).order_by("-number").first(),
    }
    return render(request, "people/trail.html", context)


@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Hand out the filtered trail as CSV, or as JSON with one object a line."""
    found = export_entries(request.actor, _filter(TrailForm(request.POST)))  # type: ignore[attr-defined]
    as_json = request.POST.get("format") == "json"
    lines = (json.dumps(entry.as_dict(), ensure_ascii=False) + "\n" for entry in found) if as_json else _csv(found)
    kind, ending = ("application/x-ndjson", "jsonl") if as_json else ("text/csv; charset=utf-8", "csv")
    answer = StreamingHttpResponse(lines, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="audit-trail.{ending}"'
    answer["Cache-Control"] = "no-store"
    return answer


class _Line:
    """The file that a CSV writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(found: Iterator[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for entry in found:
        row = entry.as_dict()
        row["detail"] = json.dumps(row["detail"], ensure_ascii=False)
        yield writer.writerow([guarded(row[column]) for column in COLUMNS])
