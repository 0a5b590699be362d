"""Changing what the register says of a thing."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.services import require
from talkoot.core.base.text import Text
from talkoot.core.register import services
from talkoot.core.register.models import Source, Thing
from talkoot.core.ui.forms import ATTRIBUTE, ThingForm, add_problems
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.pages.thing import find_thing, require_shown
from talkoot.core.ui.things import title_of

# Values that the city's own people write down are their own source.
STAFF_SOURCE: Final = "city-staff"


def edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form of a thing; what is sent is written by the register's own service."""
    found = find_thing(uid)
    actor = actor_of(request)
    require(actor, "register.edit", found)
    form = ThingForm(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _save(actor, found, form):
        return redirect(f"{reverse('ui:thing', kwargs={'uid': uid})}?saved=1")
    status = 422 if form.errors else 200
    return render(request, "ui/thing_edit.html", {"thing": found, "name": title_of(found), "form": form}, status=status)


def _save(actor: Actor, found: Thing, form: ThingForm) -> bool:
    """Write the form's changes; False where the form now says what is wrong."""
    changes = form.changes()
    if changes:
        changes["provenance"] = _provenance(actor, found, changes)
    try:
        require_shown(found, form.cleaned_data["recorded_at"])
        if changes:
            services.change_thing(actor, found, **changes)
    except ConflictError as error:
        form.add_error(None, str(error))
        return False
    except InvalidError as error:
        fields = {f"attributes.{code}": ATTRIBUTE + code for code in form.schemas}
        add_problems(form, error, fields | {"geometry": "lon"})
        return False
    return True


def _provenance(actor: Actor, found: Thing, changes: dict[str, Any]) -> dict[str, str]:
    """Return the origins of the thing's values: what was changed by hand comes from the city's staff."""
    _ensure_staff_source(actor)
    attributes = changes.get("attributes", found.attributes)
    by_hand = {code for code, value in attributes.items() if found.attributes.get(code) != value}
    by_hand |= changes.keys() & {"name", "geometry"}
    known = attributes.keys() | {"name", "geometry"}
    kept = {code: origin for code, origin in found.provenance.items() if code in known}
    return kept | dict.fromkeys(by_hand, STAFF_SOURCE)


def _ensure_staff_source(actor: Actor) -> None:
    """Make the source where the city has none yet. The city makes it: an organisation's own editors may not."""
    if not Source.objects.filter(code=STAFF_SOURCE).exists():
        services.ensure_source(
            Actor(system=True, request_id=actor.request_id),
            code=STAFF_SOURCE,
            name=Text(fi="Kaupungin henkilöstö", sv="Stadens personal", en="The city's staff"),
            licence="CC-BY-4.0",
        )
