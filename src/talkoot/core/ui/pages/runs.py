"""Runs: what was computed, with which parameters and inputs; adopting one and comparing two."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talkoot.core.base import lake
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.programmes import procedures
from talkoot.core.base.services import may, require
from talkoot.core.catalogue.formats import FORMATS
from talkoot.core.compute import results, services
from talkoot.core.compute.comparing import Compared
from talkoot.core.compute.models import OPEN_STATES, Adoption, ResultSet, Run, State
from talkoot.core.compute.viewing import may_view, viewable_runs
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of, whole_number
from talkoot.core.ui.jobs import job_view, title_of
from talkoot.core.ui.parameters import ParameterForm, parameter_rows, summary_rows
from talkoot.core.ui.run_words import input_words, line_value, line_words, part_words, result_words
from talkoot.core.ui.tables import Cell, Column, Table

SHOWN: Final = 50
PARTS: Final = ("about", "parameter", "input", "summary", "result")
TABLE_FORMATS: Final = ("csv", "json")


def runs(request: HttpRequest) -> HttpResponse:
    """The newest runs, of one procedure where the address names it, with what this visitor may start."""
    actor = actor_of(request)
    wanted = request.GET.get("procedure", "")
    found = viewable_runs(actor).annotate(adopted=Exists(_standing_adoptions())).order_by("-pk")
    offered = [procedure for procedure in procedures().values() if may_view(actor, procedure.code)]
    if any(procedure.code == wanted for procedure in offered):
        found = found.filter(procedure=wanted)
    if before := whole_number(request.GET.get("after", "")):
        found = found.filter(pk__lt=before)
    shown = list(found[: SHOWN + 1])
    context = {
        "runs": shown[:SHOWN],
        "next": shown[SHOWN - 1].pk if len(shown) > SHOWN else "",
        "titles": {run.procedure: title_of(run.procedure) for run in shown},
        "procedures": offered,
        "wanted": wanted,
        "startable": [found for found in procedures().values() if may(actor, found.permission)],
    }
    return render(request, "ui/runs.html", context)


def _standing_adoptions() -> Any:
    return Adoption.objects.filter(run=OuterRef("pk"), ended_at__isnull=True)


def find_run(actor: Actor, uid: UUID) -> Run:
    """Return a run with its author. Raises NotFoundError also for one that the actor may not see."""
    found = viewable_runs(actor).select_related("author").filter(uid=uid).first()
    if found is None:
        raise NotFoundError(_("There is no such run. Old runs that were never adopted are deleted."))
    return found


def run(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One run: how it stands, with what it was made, what came out."""
    actor = actor_of(request)
    found = find_run(actor, uid)
    adopted = results.current(found.procedure)
    job = results.job_of(found)
    may_adopt = may(actor, "compute.adopt")
    context = {
        "run": found,
        "title": title_of(found.procedure),
        "job": job_view(job, actor) if job is not None and found.state in OPEN_STATES else None,
        "parameters": parameter_rows(found.procedure, found.parameters),
        "summary": summary_rows(found.procedure, found.summary),
        "inputs": [(input_words(code), digest) for code, digest in found.inputs.items()],
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
        Column("other", _("Also as")),
    ]
    rows = [
        (
            Cell(
                result_words(found.procedure, result.name),
                reverse("ui:run-result", kwargs={"uid": found.uid, "name": result.name}),
            ),
            types[ResultSet.Type(result.type)],
            result.rows or "",
            max(1, round(result.bytes / 1000)),
            _as_json(found, result),
        )
        for result in found.results.order_by("name")
    ]
    return Table(
        _("Results as files"), columns, rows, id="results", empty=_("There are no results yet."), caption_hidden=True
    )


def _as_json(found: Run, result: ResultSet) -> Cell | str:
    if result.type != ResultSet.Type.TABLE:
        return ""
    kwargs = {"uid": found.uid, "name": result.name, "format": "json"}
    return Cell(FORMATS["json"].name, reverse("ui:run-table", kwargs=kwargs))


def result(request: HttpRequest, uid: UUID, name: str) -> HttpResponseBase:
    """One result as a file, streamed: a table as CSV, a plan and paths as JSON, a raster as NumPy's own."""
    found = find_run(actor_of(request), uid).results.filter(name=name).first()
    if found is None:
        raise NotFoundError(_("This run has no such result."))
    if found.type == ResultSet.Type.TABLE:
        return _table(found, "csv")
    is_json = found.type in (ResultSet.Type.PLAN, ResultSet.Type.PATHS)
    media_type, ending = ("application/json", "json") if is_json else ("application/octet-stream", "npz")
    file = lake.open_input(found.path)
    return FileResponse(file, as_attachment=True, filename=f"{found.name}.{ending}", content_type=media_type)


def table(request: HttpRequest, uid: UUID, name: str, format: str) -> HttpResponseBase:
    """A table of a run in the format asked for, streamed row by row."""
    found = find_run(actor_of(request), uid).results.filter(name=name, type=ResultSet.Type.TABLE).first()
    if found is None or format not in TABLE_FORMATS:
        raise NotFoundError(_("This run has no such result."))
    return _table(found, format)


def _table(found: ResultSet, format: str) -> StreamingHttpResponse:
    chosen = FORMATS[format]
    columns, rows = results.rows(found.run, found.name)
    response = StreamingHttpResponse(chosen.write(rows, columns, False), content_type=chosen.media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.name}.{chosen.code}"'
    return response


@require_POST
def adopt(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make the run the city's current picture."""
    actor = actor_of(request)
    services.adopt(actor, find_run(actor, uid))
    return redirect("ui:run", uid=uid)


@require_POST
def end_adoption(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Leave the city without a current picture of the run's procedure."""
    actor = actor_of(request)
    services.end_adoption(actor, find_run(actor, uid).procedure)
    return redirect("ui:run", uid=uid)


def compare(request: HttpRequest) -> HttpResponse:
    """Two runs side by side: `run` twice in the address."""
    uids = request.GET.getlist("run")
    if len(uids) != 2:
        raise InvalidError("run", _("Two runs are needed to compare."), _("Go back and choose two."))
    actor = actor_of(request)
    first, second = (find_run(actor, _uid(uid)) for uid in uids)
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
    columns = [
        Column("part", _("Part")),
        Column("name", _("What")),
        Column("first", _column_title(first), numeric=True),
        Column("second", _column_title(second), numeric=True),
        Column("change", _("Change"), numeric=True),
    ]
    rows = []
    for line in sorted(lines, key=lambda line: PARTS.index(line.part)):
        change = "" if not line.differs else line.change if line.change is not None else _("differs")
        values = line_value(line, line.first), line_value(line, line.second)
        rows.append((part_words(line.part), line_words(first.procedure, line), *values, change))
    return Table(_("Side by side"), columns, rows, id="comparison")


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
