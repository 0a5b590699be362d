"""`talkoot city`: import a city's sources into the register, and look up what it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.programmes import kinds
from talkoot.core.register.models import Import, Thing

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OfKind = Annotated[list[str] | None, typer.Option("--kind", help="Only this kind; may be given again.")]
SHOWN_REJECTIONS = 20


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An .osm.pbf, .geojson, .gpkg or .csv file.")],
    mapping: Annotated[Path | None, typer.Option(help="Mapping file (YAML or JSON); not for .osm.pbf.")] = None,
    source: Annotated[str, typer.Option(help="Code of the source; otherwise the mapping's, or osm.")] = "",
    mend: Annotated[bool, typer.Option(help="Mend areas that cross themselves instead of rejecting them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a file of a source. Again is safe: only what changed is written, what vanished is closed."""
    from talkoot.core.register.importing import import_file

    with _progress() as tell:
        reading = import_file(operator(), file, source_code=source or None, mapping=mapping, mend=mend, progress=tell)
    if as_json:
        typer.echo(json.dumps(_import_facts(reading), ensure_ascii=False))
        return
    _print_import(reading)


@app.command()
def describe(
    file: Annotated[Path, typer.Argument(help="A .geojson, .gpkg or .csv file.")],
    kind: Annotated[str, typer.Option(help="Kind of its things; otherwise guessed from the file's name.")] = "",
    layer: Annotated[str, typer.Option(help="Layer of a GeoPackage that has several.")] = "",
) -> None:
    """Propose a mapping for a file, as YAML to be completed: at least with the licence."""
    import yaml

    from talkoot.core.register.importing import describe as described

    found = described(file, kind, layer=layer)
    rows = f"{found.count} rows{'' if found.whole else ' looked at'}"
    typer.echo(f"# {file.name}: {found.format}, {rows}. Columns: {', '.join(found.columns)}")
    typer.echo(yaml.safe_dump(found.guess, allow_unicode=True, sort_keys=False), nl=False)


@app.command()
def things(
    kind: Annotated[str, typer.Argument(help="Kind of things; without it, how many there are of each.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List open things of a kind, or count the things of each kind."""
    from talkoot.core.register.queries import counts_by_kind

    if not kind:
        counts = counts_by_kind()
        _print_rows(["kind", "things"], [[code, counts[code]] for code in sorted(counts)], as_json)
        return
    if kind not in kinds():
        raise InvalidError("kind", f"{kind!r} is no kind of thing.", f"Use one of: {', '.join(sorted(kinds()))}.")
    _print_things(Thing.objects.filter(kind=kind, valid_to__isnull=True).order_by("id")[:limit], as_json)


@app.command()
def find(
    words: Annotated[list[str], typer.Argument(help="Words in Finnish, Swedish or English.")],
    kind: OfKind = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Find things by words."""
    from talkoot.core.register.search import search_things

    _print_things(search_things(" ".join(words), limit=limit, kinds=tuple(kind or ())), as_json)


@app.command()
def near(
    lon: Annotated[float, typer.Argument(help="Longitude in degrees.", min=-180, max=180)],
    lat: Annotated[float, typer.Argument(help="Latitude in degrees.", min=-90, max=90)],
    kind: OfKind = None,
    count: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List the things nearest to a place, with their distance in metres."""
    from talkoot.core.register.queries import nearest

    found = nearest(lon, lat, count=count, kinds=tuple(kind or ()))
    rows = [[*_thing_row(thing), round(metres, 1)] for thing, metres in found]
    _print_rows(["identifier", "kind", "name", "source's identifier", "metres"], rows, as_json)


@app.command()
def show(
    thing: Annotated[str, typer.Argument(help="The thing's identifier, or SOURCE:IDENTIFIER of its source.")],
) -> None:
    """Show all that the register says of a thing, as JSON."""
    from talkoot.core.register.history import state

    found = _thing(thing)
    relations = [
        {"type": relation.type, "object": str(relation.object.uid)}
        for relation in found.relations_out.filter(valid_to__isnull=True).select_related("object")
    ]
    said = {"uid": str(found.uid), "uri": found.uri, **state(found), "relations": relations}
    typer.echo(json.dumps(said, ensure_ascii=False, indent=2))


@app.command()
def imports(limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, as_json: AsJson = False) -> None:
    """List imports, newest first."""
    recent = Import.objects.select_related("source").order_by("-id")[:limit]
    if as_json:
        typer.echo(json.dumps([_import_facts(reading) for reading in recent], ensure_ascii=False))
        return
    for reading in recent:
        _print_import(reading, rejected=False)


def _thing(named: str) -> Thing:
    source, _, identifier = named.partition(":")
    things = Thing.objects.select_related("source", "within", "owner")
    try:
        found = things.filter(uid=UUID(named)).first()
    except ValueError:
        of_source = things.filter(source__code=source).exclude(external_id="")
        found = of_source.filter(external_id=identifier).first()
    if found is None:
        raise NotFoundError(f"There is no thing {named}. Find it with `talkoot city find WORDS`.")
    return found


def _thing_row(thing: Thing) -> list[Any]:
    return [str(thing.uid), thing.kind, str(thing.name), thing.external_id]


def _print_things(found: Any, as_json: bool) -> None:
    _print_rows(["identifier", "kind", "name", "source's identifier"], list(map(_thing_row, found)), as_json)


def _print_rows(columns: list[str], rows: list[list[Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


def _import_facts(reading: Import) -> dict[str, Any]:
    return {
        "uid": str(reading.uid),
        "source": reading.source.code,
        "file": reading.file_name,
        "digest": reading.file_digest,
        "started": reading.started_at.isoformat(),
        "finished": reading.finished_at.isoformat() if reading.finished_at else None,
        "counts": reading.counts,
        "rejected": [
            {"row": row.row, "reason": row.reason} for row in reading.rejected.order_by("id")[:SHOWN_REJECTIONS]
        ],
    }


def _print_import(reading: Import, *, rejected: bool = True) -> None:
    console = Console(highlight=False)
    counts = ", ".join(
        f"{count} {what.replace('_', ' ')}" for what, count in reading.counts.items() if isinstance(count, int)
    )
    state = "" if reading.finished_at else " (not finished)"
    console.print(f"{reading.file_name} into {reading.source.code}{state}: {counts or 'nothing'}.", markup=False)
    if not rejected:
        return
    for row in reading.rejected.order_by("id")[:SHOWN_REJECTIONS]:
        console.print(f"  rejected {row.row}: {row.reason}", markup=False)
    if (more := int(reading.counts.get("rejected", 0)) - SHOWN_REJECTIONS) > 0:
        console.print(f"  and {more} more; the import's page lists them.", markup=False)


@contextmanager
def _progress() -> Iterator[Callable[[float, str], None]]:
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def tell(share: float, message: str) -> None:
            bar.update(task, completed=share, description=message)

        yield tell
