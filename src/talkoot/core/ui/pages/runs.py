"""Runs: what was computed, with which parameters and inputs; adopting one and comparing two."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talkoot.core.base import lake
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.programmes import procedures
from talkoot.core.base.services import may, require
from talkoot.core.compute import results, services
from talkoot.core.compute.comparing import Compared
from talkoot.core.compute.models import OPEN_STATES, Adoption, ResultSet, Run, State
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of, whole_number
from talkoot.core.ui.jobs import job_view, title_of
from talkoot.core.ui.parameters import ParameterForm, parameter_rows, summary_rows
from talkoot.core.ui.tables import Cell, Column, Table

SHOWN: Final = 50
PARTS: Final = ("about", "parameter", "input", "summary", "result")


def runs(request: HttpRequest) -> HttpResponse:
    """The newest runs, of one procedure where the address names it, with what this visitor may start."""
    actor = actor_of(request)
    wanted = request.GET.get("procedure", "")
    found = Run.objects.annotate(adopted=Exists(_standing_adoptions())).order_by("-pk")
    if wanted in procedures():
        found = found.filter(procedure=wanted)
    if before := whole_number(request.GET.get("after", "")):
        found = found.filter(pk__lt=before)
    shown = list(found[: SHOWN + 1])
    context = {
        "runs": shown[:SHOWN],
        "next": shown[SHOWN - 1].pk if len(shown) > SHOWN else "",
        "titles": {run.procedure: title_of(run.procedure) for run in shown},
        "procedures": list(procedures().values()),
        "wanted": wanted,
        "startable": [found for found in procedures().values() if may(actor, found.permission)],
    }
    return render(request, "ui/runs.html", context)


def _standing_adoptions() -> Any:
    return Adoption.objects.filter(run=OuterRef("pk"), ended_at__isnull=True)


def find_run(uid: UUID) -> Run:
    """Return a run with its author. Raises NotFoundError."""
    found = Run.objects.select_related("author").filter(uid=uid).first()
    if found is None:
        raise NotFoundError(_("There is no such run. Old runs that were never adopted are deleted."))
    return found


def run(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One run: how it stands, with what it was made, what came out."""
    actor = actor_of(request)
    found = find_run(uid)
    adopted = results.current(found.procedure)
    job = results.job_of(found)
    may_adopt = may(actor, "compute.adopt")
    context = {
        "run": found,
        "title": title_of(found.procedure),
        "job": job_view(job, actor) if job is not None and found.state in OPEN_STATES else None,
        "parameters": parameter_rows(found.procedure, found.parameters),
        "summary": summary_rows(found.summary),
        "results": _results_table(found),
        "is_adopted": adopted is not None and adopted.pk == found.pk,
        "other": adopted if adopted is not None and adopted.pk != found.pk else None,
        "may_adopt": may_adopt and found.state == State.SUCCEEDED,
        "may_retry": job is not None and found.state in (State.FAILED, State.CANCELLED),
        "job_uid": job.uid if job else None,
        "author": found.author if may_adopt or actor.account == found.author else None,
    }
    return render(request, "ui/run.html", context)


def _results_table(found: Run) -> Table:
    types = {
        ResultSet.Type.TABLE: _("table"),
        ResultSet.Type.RASTER: _("raster"),
        ResultSet.Type.PATHS: _("paths"),
        ResultSet.Type.PLAN: _("plan"),
    }
    columns = [
        Column("name", _("Name")),
        Column("type", _("Type")),
        Column("rows", _("Rows"), numeric=True),
        Column("bytes", _("Size"), unit="kB", numeric=True),
    ]
    rows = [
        (
            Cell(result.name, reverse("ui:run-result", kwargs={"uid": found.uid, "name": result.name})),
            types[ResultSet.Type(result.type)],
            result.rows or "",
            max(1, round(result.bytes / 1000)),
        )
        for result in found.results.order_by("name")
    ]
    return Table(_("Results"), columns, rows, id="results", empty=_("There are no results yet."), caption_hidden=True)


def result(request: HttpRequest, uid: UUID, name: str) -> HttpResponse:
    """One result as a file: a table as CSV, a plan and paths as JSON, a raster as NumPy's own."""
    found = find_run(uid).results.filter(name=name).first()
    if found is None:
        raise NotFoundError(_("This run has no such result."))
    if found.type == ResultSet.Type.TABLE:
        content, media_type, ending = _table_as_csv(found), "text/csv; charset=utf-8", "csv"
    else:
        content = lake.read_bytes(found.path)
        is_json = found.type in (ResultSet.Type.PLAN, ResultSet.Type.PATHS)
        media_type, ending = ("application/json", "json") if is_json else ("application/octet-stream", "npz")
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.name}.{ending}"'
    return response


def _table_as_csv(found: ResultSet) -> bytes:
    import io

    import pyarrow.csv

    content = io.BytesIO()
    pyarrow.csv.write_csv(results.table(found.run, found.name), content)
    return content.getvalue()


@require_POST
def adopt(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make the run the city's current picture."""
    services.adopt(actor_of(request), find_run(uid))
    return redirect("ui:run", uid=uid)


@require_POST
def end_adoption(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Leave the city without a current picture of the run's procedure."""
    services.end_adoption(actor_of(request), find_run(uid).procedure)
    return redirect("ui:run", uid=uid)


def compare(request: HttpRequest) -> HttpResponse:
    """Two runs side by side: `run` twice in the address."""
    uids = request.GET.getlist("run")
    if len(uids) != 2:
        raise InvalidError("run", _("Two runs are needed to compare."), _("Go back and choose two."))
    first, second = (find_run(_uid(uid)) for uid in uids)
    lines = services.compare(first, second)
    context = {
        "first": first,
        "second": second,
        "title": title_of(first.procedure),
        "table": _comparison(first, second, lines),
    }
    return render(request, "ui/compare.html", context)


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(_("There is no such run. Old runs that were never adopted are deleted.")) from None


def _comparison(first: Run, second: Run, lines: list[Compared]) -> Table:
    labels = {row.code: (row.label, row.unit) for row in parameter_rows(first.procedure, first.parameters)}
    columns = [
        Column("name", _("What")),
        Column("first", _column_title(first), numeric=True),
        Column("second", _column_title(second), numeric=True),
        Column("change", _("Change"), numeric=True),
    ]
    rows = []
    for line in sorted(lines, key=lambda line: PARTS.index(line.part)):
        plain = (line.name.replace("_", " "), "")
        label, unit = labels.get(line.name, plain) if line.part == "parameter" else plain
        name = f"{label} ({unit})" if unit else label
        change = "" if not line.differs else line.change if line.change is not None else _("differs")
        rows.append((name, _plain(line.first), _plain(line.second), change))
    return Table(_("Side by side"), columns, rows, id="comparison")


def _plain(value: Any) -> Any:
    return "–" if value is None else value if isinstance(value, int | float | str) else str(value)


def _column_title(run: Run) -> str:
    moment = timezone.localtime(run.created_at).strftime("%Y-%m-%d %H:%M")
    return f"{run.scenario} {moment}".strip()


def start(request: HttpRequest, procedure: str) -> HttpResponse:
    """The form of a procedure's parameters; what is sent becomes a run, carried out as a job."""
    actor = actor_of(request)
    declared = procedures().get(procedure)
    if declared is None:
        raise NotFoundError(_("There is no such computation."))
    require(actor, declared.permission)
    form = ParameterForm(declared, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.start_run(actor, procedure, form.given())
        except InvalidError as error:
            add_problems(form, error, {f"parameters.{code}": code for code in form.fields})
        else:
            return redirect("ui:run", uid=made.uid)
    context = {"form": form, "procedure": declared}
    return render(request, "ui/run_start.html", context, status=422 if form.errors else 200)
