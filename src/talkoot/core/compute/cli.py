"""`talkoot worker` and `talkoot jobs`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from django.db.models import Q
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.compute import following, queue, services
from talkoot.core.compute.models import Job, Run, State
from talkoot.core.compute.progress import Show
from talkoot.core.compute.results import job_of
from talkoot.core.compute.worker import GRACE_SECONDS, Worker

worker_app = typer.Typer()
app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@worker_app.command()
def worker(
    slots: Annotated[int, typer.Option(min=1, max=64, help="Jobs at a time.")] = 2,
    lease: Annotated[
        float, typer.Option(min=1.0, help="Seconds after which a lost worker's job goes to another.")
    ] = queue.LEASE_SECONDS,
    grace: Annotated[
        float, typer.Option(min=0.0, help="Seconds a job has to end once it is cancelled or the worker stops.")
    ] = GRACE_SECONDS,
) -> None:
    """Carry out queued jobs until stopped."""
    Worker(slots=slots, lease=lease, grace=grace).run()


@app.command("list")
def list_jobs(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    jobs = list((Job.objects.all() if every else queue.open_jobs()).order_by("-id")[:limit])
    if as_json:
        _print_json([_job_facts(job) for job in jobs])
        return
    table = Table(Column("job", no_wrap=True), "task", "state", "done", "message")
    what = _procedures_of(jobs)
    for job in jobs:
        table.add_row(
            str(job.uid), what.get(job.run_uid, job.task), job.state, f"{job.progress:.0%}", job.error or job.message
        )
    Console().print(table)


@app.command("runs")
def list_runs(
    procedure: Annotated[str, typer.Option(help="Of this procedure only.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    runs = Run.objects.order_by("-id")
    runs = (runs.filter(procedure=procedure) if procedure else runs)[:limit]
    if as_json:
        _print_json([_run_facts(run) for run in runs])
        return
    table = Table(Column("run", no_wrap=True), "procedure", "scenario", "state", "summary")
    for run in runs:
        summary = ", ".join(f"{name} {value}" for name, value in run.summary.items())
        table.add_row(str(run.uid), run.procedure, run.scenario, run.state, run.error or summary)
    Console().print(table)


@app.command("run")
def start(
    procedure: Annotated[str, typer.Argument(help="Code of a declared procedure.")],
    parameters: Annotated[str, typer.Option(help="JSON object, or @FILE with one.")] = "{}",
    scenario: Annotated[str, typer.Option(help="What this run is a picture of.")] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Carry it out here, or see it queued.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start a run and see it through."""
    run = services.start_run(operator(), procedure, _parameters(parameters), scenario)
    if wait:
        with progress_bar(procedure) as show:
            following.finish_run(run, show)
    _print_json(_run_facts(run)) if as_json else typer.echo(f"{run.uid} {run.state}{_because(run.error)}")
    _exit_by(State(run.state), asked_to_wait=wait)


@app.command()
def follow(job: Annotated[str, typer.Argument(help="Identifier of a job or run.")]) -> None:
    """Show a job's progress until it ends."""
    found = _job(job)
    with progress_bar(_procedures_of([found]).get(found.run_uid, found.task)) as show:
        following.follow(found, show)
    typer.echo(f"{found.uid} {found.state}{_because(found.error)}")
    _exit_by(State(found.state), asked_to_wait=True)


@app.command()
def cancel(job: Annotated[str, typer.Argument(help="Identifier of a job or run.")]) -> None:
    """Cancel a job."""
    found = services.cancel_job(operator(), _job(job))
    typer.echo(f"{found.uid} {'cancelled' if found.state == State.CANCELLED else 'is asked to stop'}")


@app.command()
def retry(job: Annotated[str, typer.Argument(help="Identifier of a job or run.")]) -> None:
    """Ask again for what failed or was cancelled."""
    typer.echo(f"{services.retry_job(operator(), _job(job)).uid} queued")


@app.command()
def compare(first: str, second: str, as_json: AsJson = False) -> None:
    """Compare two runs of one procedure."""
    lines = services.compare(_run(first), _run(second))
    if as_json:
        _print_json([{"part": c.part, "name": c.name, "first": c.first, "second": c.second} for c in lines])
        return
    table = Table("", "", "first", "second", "change")
    for line in lines:
        change = "" if line.change is None else f"{line.change:+g}"
        style = "bold" if line.differs else "dim"
        table.add_row(line.part, line.name, _shown(line.first), _shown(line.second), change, style=style)
    Console().print(table)


@app.command()
def adopt(run: Annotated[str, typer.Argument(help="Identifier of a run.")]) -> None:
    """Adopt a run as the city's current picture."""
    adopted = services.adopt(operator(), _run(run))
    typer.echo(f"{adopted.run.uid} is now the city's picture of {adopted.procedure}")


@app.command("end-adoption")
def end_adoption(procedure: Annotated[str, typer.Argument(help="Code of a procedure.")]) -> None:
    """Leave the city without a current picture of a procedure."""
    ended = services.end_adoption(operator(), procedure)
    typer.echo(f"{ended.run.uid} is no longer the city's picture of {procedure}")


def _parameters(given: str) -> Any:
    try:
        return json.loads(Path(given[1:]).read_text() if given.startswith("@") else given)
    except OSError as error:
        raise InvalidError("parameters", f"{given[1:]} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InvalidError("parameters", f"Not JSON ({error}).", 'Write them as {"name": value}.') from error


def _identifier(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError as error:
        fix = "Copy one from: talkoot jobs list, or talkoot jobs runs."
        raise InvalidError("identifier", f"{given[:60]!r} is none.", fix) from error


def _run(uid: str) -> Run:
    found = Run.objects.filter(uid=_identifier(uid)).first()
    if found is None:
        raise NotFoundError(f"There is no run {uid}.")
    return found


def _job(uid: str) -> Job:
    found = Job.objects.filter(Q(uid=_identifier(uid)) | Q(run_uid=_identifier(uid))).first()
    if found is None:
        raise NotFoundError(f"There is no job {uid}.")
    return found


def _procedures_of(jobs: Sequence[Job]) -> dict[uuid.UUID | None, str]:
    """Return the procedures of those jobs that carry out runs, by the run."""
    uids = [job.run_uid for job in jobs if job.run_uid]
    return dict(Run.objects.filter(uid__in=uids).values_list("uid", "procedure"))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _because(error: str) -> str:
    return f": {error}" if error else ""


def _exit_by(state: State, *, asked_to_wait: bool) -> None:
    if asked_to_wait and state != State.SUCCEEDED:
        raise typer.Exit(1)


def _job_facts(job: Job) -> dict[str, Any]:
    return {
        "uid": str(job.uid),
        "run": str(job.run_uid) if job.run_uid else None,
        "task": job.task,
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
        "error": job.error,
        "queued_at": job.queued_at.isoformat(),
    }


def _run_facts(run: Run) -> dict[str, Any]:
    job = job_of(run)
    return {
        "uid": str(run.uid),
        "job": str(job.uid) if job else None,
        "procedure": run.procedure,
        "version": run.version,
        "scenario": run.scenario,
        "state": run.state,
        "parameters": run.parameters,
        "summary": run.summary,
        "error": run.error,
        "results": {found.name: {"type": found.type, "rows": found.rows} for found in run.results.all()},
    }


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def progress_bar(what: str) -> Iterator[Show]:
    """Show a bar on the terminal; give what moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[message]}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(what, total=1.0, message="")

        def show(share: float, message: str) -> None:
            progress.update(bar, completed=share, message=message[:60])

        yield show
