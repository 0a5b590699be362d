"""Lists of things: the page with its filters, its exports, and the list of what a map has in view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base.declare import Kind
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.identifiers import uri_of
from talkoot.core.base.programmes import kinds, layers
from talkoot.core.catalogue.formats import FORMATS
from talkoot.core.people.models import Organisation
from talkoot.core.register.geometries import to_geojson
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import counts_by_kind
from talkoot.core.ui import measured
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.listing import Wanted, every, narrowed, page_of, wanted
from talkoot.core.ui.tables import Cell, Column, Export, Table
from talkoot.core.ui.things import ThingLink, added_at, address_of, kind_plural, kind_title, thing_links, title_of

IN_VIEW: Final = 50
EXPORT_COLUMNS: Final = ("uri", "kind", "name", "external_id", "recorded_at", "attributes")


def things(request: HttpRequest) -> HttpResponse:
    """The list of things, filtered, sorted and paged by the address."""
    asked = wanted(request.GET)
    page = page_of(asked, request.GET.get("after", ""))
    context = {
        "asked": asked,
        "page": page,
        "table": _table(asked, page.things, page.columns),
        "kinds": _kind_choices(asked),
        "owners": Organisation.objects.filter(closed_at__isnull=True).order_by("code"),
        "total": _total(asked),
        "query": "",
    }
    return render(request, "ui/things.html", context)


def _kind_choices(asked: Wanted) -> list[tuple[Kind, int, bool]]:
    counts = counts_by_kind()
    return [(kind, counts[code], code in asked.kinds) for code, kind in kinds().items() if counts.get(code)]


def _total(asked: Wanted) -> int | None:
    """Return how many things the list has where that is known without counting them."""
    if asked.is_narrowed or asked.owner:
        return None
    counts = counts_by_kind()
    return sum(count for kind, count in counts.items() if not asked.kinds or kind in asked.kinds)


def _table(asked: Wanted, found: list[Thing], sortable: tuple[str, ...]) -> Table:
    owners = _owner_names(found)
    columns = [
        Column("name", _("Name"), sortable="name" in sortable),
        Column("kind", _("Kind"), sortable="kind" in sortable),
        *([Column("owner", _("Owner"))] if owners else []),
        Column("added", _("Added"), sortable=True),
    ]
    exports = [
        Export(FORMATS[code].name, f"{reverse('ui:things-export', kwargs={'format': code})}?{asked.parameters()}")
        for code in ("csv", "geojson")
    ]
    rows = [
        (
            Cell(title_of(thing), address_of(thing.uid)),
            kind_title(thing.kind),
            *([owners.get(thing.owner_id or 0, "")] if owners else []),
            timezone.localtime(added_at(thing.uid)).date(),
        )
        for thing in found
    ]
    return Table(
        _("Things"),
        columns,
        rows,
        id="things",
        sort=asked.sort,
        exports=exports,
        empty=_("Nothing fits. Take away a filter to see more."),
        caption_hidden=True,
    )


def _owner_names(found: list[Thing]) -> dict[int, str]:
    keys = {thing.owner_id for thing in found if thing.owner_id}
    return {owner.pk: str(owner.name) for owner in Organisation.objects.filter(pk__in=keys)} if keys else {}


def export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """The whole list as a file, streamed."""
    if format not in ("csv", "geojson"):
        raise NotFoundError(_("Lists can be had as csv or geojson."))
    chosen = FORMATS[format]
    rows = _export_rows(wanted(request.GET))
    response = StreamingHttpResponse(chosen.write(rows, EXPORT_COLUMNS, True), content_type=chosen.media_type)
    stamp = timezone.localdate().isoformat()
    response["Content-Disposition"] = f'attachment; filename="things-{stamp}.{chosen.code}"'
    return response


def _export_rows(asked: Wanted) -> Iterator[dict[str, Any]]:
    for thing in every(asked):
        yield {
            "uri": uri_of(thing.uid),
            "kind": thing.kind,
            "name": str(thing.name),
            "external_id": thing.external_id,
            "recorded_at": thing.recorded_at.isoformat(timespec="seconds"),
            "attributes": thing.attributes,
            "geometry": to_geojson(thing.geometry),
        }


def in_view(request: HttpRequest) -> HttpResponse:
    """The list beside a map: what its shown layers have in view, by kind; what is measured there, with its values."""
    shown = [layer for code in request.GET.getlist("layer") if (layer := layers().get(code))]
    asked = wanted(request.GET)
    of_layers = dict.fromkeys(kind for layer in shown for kind in layer.kinds)
    groups = [_group(asked, kind) for kind in of_layers] if asked.box else []
    given = request.GET.get("measured", "") if measured.CODE in request.GET.getlist("layer") else ""
    context = {
        "measured": measured.in_box(actor_of(request), given, asked.box) if given and asked.box else None,
        "groups": [group for group in groups if group.links],
        "count": sum(len(group.links) for group in groups),
        "has_more": any(group.has_more for group in groups),
        "all_url": f"{reverse('ui:things')}?{replace(asked, kinds=tuple(of_layers)).parameters()}",
    }
    return render(request, "ui/parts/in_view.html", context)


@dataclass(frozen=True, slots=True)
class KindInView:
    """The things of a kind in view; `has_more` tells that not all of them are listed."""

    title: str
    links: list[ThingLink]
    has_more: bool


def _group(asked: Wanted, kind: str) -> KindInView:
    found = narrowed(replace(asked, kinds=(kind,)), IN_VIEW + 1)
    return KindInView(kind_plural(kind), thing_links(found[:IN_VIEW]), len(found) > IN_VIEW)
