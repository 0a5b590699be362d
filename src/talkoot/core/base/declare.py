"""What a programme declares. Plain values only: code is named as "module:attribute" and imported when used.

A programme is a package with one `Programme` value, found by the entry-point group `talkoot.programmes`.
The core's own rooms declare themselves in the same form.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, cast

from talkoot.core.base.text import Text

Section = Literal["see", "use", "take_part", "plan", "open"]
SECTIONS: Final[tuple[Section, ...]] = ("see", "use", "take_part", "plan", "open")
Badge = Literal["measured", "modelled", "simulated", "registered"]
# The role that everyone who has an account holds, without being given it.
RESIDENT: Final = "resident"


def resolve(reference: str) -> Callable[..., Any]:
    """Import "module:attribute" and return the attribute.

    Raises ImportError or AttributeError where the reference names nothing.
    """
    module, _, attribute = reference.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), attribute))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its names, the JSON Schema (2020-12) of its attributes and how the map shows it."""

    code: str
    name: Text
    plural: Text
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    geometry: tuple[str, ...] = ("Point",)
    broader: str = ""
    description: Text = field(default_factory=Text)
    searchable: bool = True


@dataclass(frozen=True, slots=True)
class Variable:
    """An observed or modelled property, with its unit as a UCUM code."""

    code: str
    name: Text
    unit: str
    description: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission and the roles that hold it. `anyone` opens it to visitors who are not signed in.

    A role held in the city's own organisation covers everything; one held in another organisation covers what
    that organisation owns. The role RESIDENT is everybody's who has an account.
    """

    code: str
    title: Text
    roles: frozenset[str] = frozenset()
    anyone: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A role that people hold in organisations: its code, its name and what it is for."""

    code: str
    name: Text
    summary: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class Layer:
    """A map layer over the register's tiles (by kinds) or a GeoJSON address of the programme's own.

    `paint` holds MapLibre style layers without `id` and `source`; `legend` pairs a colour token with words.
    """

    code: str
    title: Text
    kinds: tuple[str, ...] = ()
    url_name: str = ""
    paint: tuple[Mapping[str, Any], ...] = ()
    legend: tuple[tuple[str, Text], ...] = ()
    shown: bool = True
    order: int = 50


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a thing's page. `render(request, thing)` returns safe HTML, or "" for nothing to show.

    For things of its `kinds` it stands instead of the panel whose code `replaces` has, and shows what that would.
    """

    code: str
    title: Text
    render: str
    kinds: tuple[str, ...] = ()
    order: int = 50
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """A provider of search hits. `find(actor, query, limit)` returns `SearchHit`s."""

    code: str
    title: Text
    find: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One hit: what it is called, what it is, where it leads."""

    title: str
    what: str
    url: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Open data. `rows()` yields flat dicts (with `geometry` as GeoJSON where `spatial`)."""

    code: str
    title: Text
    description: Text
    rows: str
    licence: str
    attribution: str = ""
    spatial: bool = False
    columns: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Procedure:
    """Something that can be computed: a run of it is a job. `run(context)` does the work.

    `parameters` is a JSON Schema with defaults; `version` changes when results would. `permission` is needed to ask
    for a run, `view` to see runs and what came out of them ("": anyone may); who may ask should hold both.
    `summary` names the values of its runs' summary, each with its unit in brackets where it has one, `results`
    what they leave, by code.
    """

    code: str
    title: Text
    run: str
    permission: str
    version: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    view: str = ""
    summary: Mapping[str, Text] = field(default_factory=dict)
    results: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A job that is no run (an import, a clean-up). `run(context, **payload)` does the work.

    `permission` is needed to queue it; unless said otherwise it is the operator's.
    """

    code: str
    title: Text
    run: str
    max_attempts: int = 3
    permission: str = "compute.queue_task"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Queue a task again and again."""

    code: str
    task: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class Chore:
    """Standing work that is too small and too frequent for a job. `do()` does a piece of it within a few seconds.

    One worker at a time does it, about every `every`; killed in its midst, it is done again.
    """

    code: str
    do: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class Health:
    """A part of /health. `check()` returns a dict with at least `ok`."""

    code: str
    check: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number shown to people: never without unit, source and badge; modelled ones with their range."""

    title: str
    value: str
    unit: str
    source: str
    badge: Badge
    low: str = ""
    high: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Personal data a programme holds: why, how long, and the duties of export and erasure.

    `export(account_uid)` returns JSON-ready data; `erase(account_uid)` returns how many records it erased.
    `by_consent` says that the data may be held only while the person's consent to this purpose lasts.
    """

    code: str
    title: Text
    purpose: Text
    keep_days: int
    export: str
    erase: str
    by_consent: bool = False


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place in the navigation, by what people come to do."""

    section: Section
    title: Text
    url_name: str
    summary: Text = field(default_factory=Text)
    permission: str = ""
    order: int = 50


@dataclass(frozen=True, slots=True)
class Programme:
    """All that a programme plugs in. Every field but `code` and `title` may be left out.

    `app` is the Django application's dotted path, `urls` its URL configuration (mounted at /<language>/<mount>/),
    `api` a "module:router" (mounted at /api/v1/<code>/), `commands` a "module:app" of Typer with one line of help
    (`commands_alone` names those that work on files, without a city),
    `figures` functions `(actor) -> list[Figure]` for the home page, `demo` functions `(progress) -> None` that fill
    the demo city, `subscriptions` outbox topics and the functions `(payload) -> None` they reach, `simulators` what
    `talkoot simulate` can play, as "module:app" by name.
    """

    code: str
    title: Text
    app: str = ""
    urls: str = ""
    mount: str = ""
    api: str = ""
    commands: str = ""
    commands_name: str = ""
    commands_help: str = ""
    commands_alone: frozenset[str] = frozenset()
    kinds: tuple[Kind, ...] = ()
    relations: Mapping[str, Text] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()
    permissions: tuple[Permission, ...] = ()
    roles: tuple[Role, ...] = ()
    layers: tuple[Layer, ...] = ()
    panels: tuple[Panel, ...] = ()
    searches: tuple[Search, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    tasks: tuple[Task, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    chores: tuple[Chore, ...] = ()
    health: tuple[Health, ...] = ()
    figures: tuple[str, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    navigation: tuple[NavItem, ...] = ()
    demo: tuple[str, ...] = ()
    subscriptions: Mapping[str, str] = field(default_factory=dict)
    simulators: Mapping[str, str] = field(default_factory=dict)
