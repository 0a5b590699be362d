"""Importing the city's own registers: send a file, see what it holds, confirm, follow, read the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.programmes import kinds
from talkoot.core.base.services import require
from talkoot.core.catalogue.formats import FORMATS
from talkoot.core.compute.services import queue_task
from talkoot.core.register.importing import Description, describe, load_mapping
from talkoot.core.register.models import Import, RejectedRow
from talkoot.core.ui import uploads
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.mapping_form import MappingForm, field_names
from talkoot.core.ui.tables import Cell, Column, Export, Table
from talkoot.core.ui.things import kind_plural

SHOWN: Final = 50
REJECTED_SHOWN: Final = 200
TASK: Final = "register.import"


def imports(request: HttpRequest) -> HttpResponse:
    """The newest imports and the form to send a file in."""
    actor = actor_of(request)
    require(actor, TASK)
    problems: list[str] = []
    if request.method == "POST":
        try:
            kept = uploads.keep(actor, _file_of(request))
            return redirect("ui:import-confirm", uid=kept.uid)
        except InvalidError as error:
            problems = [f"{problem.message} {problem.fix}" for problem in error.problems]
    found = list(Import.objects.select_related("source").order_by("-pk")[:SHOWN])
    context = {"table": _imports_table(found), "problems": problems, "endings": ",".join(uploads.ENDINGS)}
    return render(request, "ui/imports.html", context, status=422 if problems else 200)


def _file_of(request: HttpRequest) -> UploadedFile[Any]:
    """Return the file of a form. The form's last field tells that the whole of it arrived."""
    if "whole" not in request.POST:
        raise InvalidError("file", _("The file did not arrive whole."), _("Send it again."))
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise InvalidError("file", _("No file was chosen."), _("Choose a file and send it."))
    return file


def _imports_table(found: list[Import]) -> Table:
    columns = [
        Column("file", _("File")),
        Column("source", _("Source")),
        Column("when", _("Started")),
        Column("added", _("Added"), numeric=True),
        Column("changed", _("Changed"), numeric=True),
        Column("rejected", _("Rejected"), numeric=True),
    ]
    rows = [
        (
            Cell(reading.file_name, reverse("ui:import", kwargs={"uid": reading.uid})),
            str(reading.source),
            timezone.localtime(reading.started_at),
            reading.counts.get("added", 0),
            reading.counts.get("changed", 0),
            reading.counts.get("rejected", 0),
        )
        for reading in found
    ]
    return Table(_("Imports so far"), columns, rows, id="imports", empty=_("Nothing has been imported yet."))


def confirm(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What the file holds and how it will be read; sent, the import begins as a job."""
    actor = actor_of(request)
    upload = uploads.find(actor, uid)
    kind = request.GET.get("kind", "")
    try:
        described = describe(upload.path, kind if kind in kinds() else "")
    except InvalidError as error:
        return render(
            request, "ui/import_refused.html", {"file": upload.path.name, "problems": error.problems}, status=422
        )
    if not described.columns:
        return _confirm_extract(request, actor, upload, described)
    form = MappingForm(described, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        mapping = form.mapping()
        try:
            load_mapping(mapping)
        except InvalidError as error:
            add_problems(form, error, field_names(form))
        else:
            return _begin(actor, upload, mapping["source"]["code"], mapping)
    context = {
        "upload": upload,
        "file": upload.path.name,
        "described": described,
        "sample": _sample_table(described),
        "form": form,
        "kinds": [(code, kind_plural(code), code == form.kind) for code in kinds()],
    }
    return render(request, "ui/import_confirm.html", context, status=422 if form.errors else 200)


def _confirm_extract(
    request: HttpRequest, actor: Actor, upload: uploads.Upload, described: Description
) -> HttpResponse:
    """Confirm an OpenStreetMap extract, in which there is nothing to map."""
    if request.method == "POST":
        return _begin(actor, upload, None, None)
    context = {"upload": upload, "file": upload.path.name, "described": described, "sample": None, "form": None}
    return render(request, "ui/import_confirm.html", context)


def _begin(actor: Actor, upload: uploads.Upload, source: str | None, mapping: dict[str, Any] | None) -> HttpResponse:
    payload = {"path": str(upload.path.relative_to(settings.HOME)), "source": source, "mapping": mapping}
    job = queue_task(actor, TASK, payload, key=f"{TASK}:{upload.uid}")
    return redirect("ui:job", uid=job.uid)


def _sample_table(described: Description) -> Table:
    columns = [Column(column, column) for column in described.columns]
    return Table(_("The first rows"), columns, described.rows, id="sample")


def find_import(uid: UUID) -> Import:
    """Return an import with its source. Raises NotFoundError."""
    found = Import.objects.select_related("source").filter(uid=uid).first()
    if found is None:
        raise NotFoundError(_("There is no such import."))
    return found


def reading(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The result of an import: how much was added, changed, closed and rejected, and why."""
    require(actor_of(request), TASK)
    found = find_import(uid)
    rejected = list(found.rejected.order_by("pk")[: REJECTED_SHOWN + 1])
    table = Table(
        _("Rejected rows"),
        [Column("row", _("Row")), Column("reason", _("Why"))],
        [(row.row, row.reason) for row in rejected[:REJECTED_SHOWN]],
        id="rejected",
        exports=[Export("CSV", reverse("ui:import-rejected", kwargs={"uid": uid}))] if rejected else [],
        empty=_("Every row was taken in."),
    )
    context = {"reading": found, "counts": _count_rows(found), "table": table, "more": len(rejected) > REJECTED_SHOWN}
    return render(request, "ui/import.html", context)


def _count_rows(found: Import) -> list[tuple[str, Any]]:
    words = {
        "added": _("Added"),
        "changed": _("Changed"),
        "unchanged": _("Unchanged"),
        "closed": _("No longer there"),
        "reopened": _("There again"),
        "rejected": _("Rejected"),
        "succeeded": _("Split or merged"),
        "mended": _("Mended"),
        "overlapping_buildings": _("Pairs of buildings that overlap"),
        "relations_without_object": _("Relations to what is not there"),
    }
    plain = {name: value for name, value in found.counts.items() if isinstance(value, int)}
    order = [name for name in words if name in plain] + [name for name in plain if name not in words]
    return [(words.get(name, name.replace("_", " ")), plain[name]) for name in order]


def rejected_rows(request: HttpRequest, uid: UUID) -> StreamingHttpResponse:
    """All rejected rows of an import as CSV."""
    require(actor_of(request), TASK)
    found = find_import(uid)
    rows = FORMATS["csv"].write(_rejected(found), ("row", "reason"), False)
    response = StreamingHttpResponse(rows, content_type=FORMATS["csv"].media_type)
    response["Content-Disposition"] = f'attachment; filename="rejected-{found.uid}.csv"'
    return response


def _rejected(found: Import) -> Iterator[dict[str, str]]:
    for row in RejectedRow.objects.filter(reading=found).order_by("pk").iterator(chunk_size=2000):
        yield {"row": row.row, "reason": row.reason}
