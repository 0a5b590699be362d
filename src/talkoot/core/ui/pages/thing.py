"""A thing's page: what it is, where, what it is called, what it has to do with others, and what it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talkoot.core.base.declare import Panel, resolve
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.programmes import declared, layers
from talkoot.core.base.services import may, require
from talkoot.core.base.text import Text
from talkoot.core.register import history, services
from talkoot.core.register.models import Relation, Source, Thing
from talkoot.core.register.relations import relation_types
from talkoot.core.ui import past
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.maps import MapSpec
from talkoot.core.ui.things import ThingLink, attribute_rows, kind_title, named, thing_link, thing_links

NEIGHBOURS: Final = 50
# Degrees around a point, so that a map of one thing shows the street it stands in.
AROUND: Final = 0.0008


@dataclass(frozen=True, slots=True)
class RelationGroup:
    """The things that a thing relates to in one way."""

    title: str
    links: list[ThingLink]


@dataclass(frozen=True, slots=True)
class PanelView:
    """A programme's part of the page."""

    code: str
    title: str
    html: str


def find_thing(uid: UUID) -> Thing:
    """Return a thing with its source and owner. Raises NotFoundError."""
    try:
        return Thing.objects.select_related("source", "owner").get(uid=uid)
    except Thing.DoesNotExist:
        raise NotFoundError(_("The register holds no thing with this identifier.")) from None


def require_shown(found: Thing, recorded_at: str) -> None:
    """Raise ConflictError unless the thing is still as the page showed it, by the moment that the page's form has."""
    if recorded_at != found.recorded_at.isoformat():
        raise ConflictError(_("Somebody changed this meanwhile. Load the page again to see how it stands."))


def thing(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a thing as it is, or as the register had it at the end of the day `on`."""
    found = find_thing(uid)
    on = _day(request.GET.get("on", ""))
    state = _state(found, on)
    sources = {source.code: str(source.name) for source in Source.objects.only("code", "name")}
    name = Text.of(state["name"])
    context = {
        "thing": found,
        "recorded_at": found.recorded_at.isoformat(),
        "title": named(name, state["kind"], state["external_id"], found.uid),
        "kind": kind_title(state["kind"]),
        "names": [(language, word) for language, word in name.as_dict().items()],
        "state": state,
        "on": on,
        "attributes": attribute_rows(
            state["kind"], state["attributes"], state["provenance"], str(found.source.name), sources
        ),
        "places": thing_links(reversed(list(_places(found)))),
        "contains": thing_links(found.contains.defer("geometry", "tags").order_by("pk")[:NEIGHBOURS]),
        "relations": relation_groups(found),
        "panels": panels(request, found) if on is None else [],
        "events": past.events(islice(history.versions(found), past.SHOWN)),
        "may_edit": may(actor_of(request), "register.edit", found),
        "map": _map(found, state),
    }
    return render(request, "ui/thing.html", context)


def _day(text: str) -> datetime | None:
    """Return the last moment of a day of the address. Raises InvalidError where it is no date."""
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise InvalidError("on", _("This is no date."), _("Give it as year-month-day, such as 2026-01-31."))
    return timezone.make_aware(datetime.combine(day, time.max))


def _state(found: Thing, on: datetime | None) -> dict[str, Any]:
    if on is None:
        return history.state(found)
    state = history.as_of(found, on)
    if state is None:
        raise NotFoundError(_("The register did not know this thing on that day."))
    return state


def _places(found: Thing) -> Iterable[Thing]:
    """Yield what the thing stands in, from the nearest outwards: a room's floor, building and site."""
    place = found.within
    while place is not None:
        yield place
        place = place.within


def relation_groups(found: Thing) -> list[RelationGroup]:
    """Return what relates to the thing, in both directions, grouped by how."""
    types = relation_types()
    groups: dict[str, list[ThingLink]] = {}
    standing = Relation.objects.filter(valid_to__isnull=True)
    for relation in standing.filter(subject=found).select_related("object")[:NEIGHBOURS]:
        title = str(types.get(relation.type, relation.type))
        groups.setdefault(title, []).append(thing_link(relation.object))
    for relation in standing.filter(object=found).select_related("subject")[:NEIGHBOURS]:
        title = _("Named by others as: %(relation)s") % {"relation": types.get(relation.type, relation.type)}
        groups.setdefault(title, []).append(thing_link(relation.subject))
    return [RelationGroup(title, links) for title, links in groups.items()]


def panels(request: HttpRequest, found: Thing) -> list[PanelView]:
    """Return what the programmes have to say of the thing; what another panel replaces for its kind is left out."""
    fitting: list[Panel] = [panel for panel in declared("panels") if not panel.kinds or found.kind in panel.kinds]
    replaced = {panel.replaces for panel in fitting}
    wanted = [panel for panel in fitting if panel.code not in replaced]
    views = [
        PanelView(panel.code, str(panel.title), resolve(panel.render)(request, found))
        for panel in sorted(wanted, key=lambda panel: panel.order)
    ]
    return [view for view in views if view.html]


def _map(found: Thing, state: dict[str, Any]) -> MapSpec | None:
    if found.min_lon is None or found.min_lat is None or found.max_lon is None or found.max_lat is None:
        return None
    return MapSpec(
        title=_("Where it is"),
        bounds=(found.min_lon - AROUND, found.min_lat - AROUND / 2, found.max_lon + AROUND, found.max_lat + AROUND / 2),
        layers=tuple(code for code, layer in layers().items() if found.kind in layer.kinds),
        focus=str(found.uid),
        focus_geometry=state["geometry"],
    )


@require_POST
def undo(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take the thing back to what the register said before its last change."""
    found, actor = find_thing(uid), actor_of(request)
    require(actor, "register.edit", found)
    require_shown(found, request.POST.get("recorded_at", ""))
    services.undo_change(actor, found)
    return redirect(f"{reverse('ui:thing', kwargs={'uid': uid})}?saved=1")


def identified(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """The thing's stable address: leads to its page, or to its description for a program that asks for JSON."""
    found = find_thing(uid)
    wants_page = request.accepts("text/html")
    name = "ui:thing" if wants_page else "plain:thing-description"
    response = redirect(reverse(name, kwargs={"uid": found.uid}))
    response.status_code = 303
    response["Vary"] = "Accept, Accept-Language, Cookie"
    return response


def description(request: HttpRequest, uid: UUID) -> JsonResponse:
    """What the register says of a thing, as a GeoJSON feature."""
    found = find_thing(uid)
    state = history.state(found)
    properties = {**{key: value for key, value in state.items() if key != "geometry"}, "licence": found.source.licence}
    feature = {"type": "Feature", "id": found.uri, "geometry": state["geometry"], "properties": properties}
    return JsonResponse(feature, content_type="application/geo+json")
