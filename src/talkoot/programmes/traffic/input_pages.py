"""The page of networks, trips and counts: send them in, see what was read of them, delete them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import require
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.templatetags.ui import number
from talkoot.programmes.traffic import uploads
from talkoot.programmes.traffic.forms import InputForm, kind_words
from talkoot.programmes.traffic.models import TrafficInput

SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def inputs(request: HttpRequest) -> HttpResponse:
    """What has been sent in, and the form to send more."""
    require(actor_of(request), uploads.PERMISSION)
    form = InputForm(request.POST, request.FILES) if request.method == "POST" else InputForm()
    if request.method == "POST" and (made := _sent_in(request, form)) is not None:
        messages.success(request, _("“%(name)s” is kept: %(read)s.") % {"name": made.name, "read": summary_words(made)})
        return redirect("traffic:inputs")
    rows = [(item, kind_words(item.kind), summary_words(item)) for item in TrafficInput.objects.all()[:SHOWN]]
    return render(request, "traffic/inputs.html", {"form": form, "rows": rows}, status=422 if form.errors else 200)


@require_POST
def delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Delete what was sent in."""
    require(actor_of(request), uploads.PERMISSION)
    item = uploads.find(uid)
    uploads.delete_input(actor_of(request), item)
    messages.success(request, _("“%s” is deleted. Models that were made of it stay.") % item.name)
    return redirect("traffic:inputs")


def _sent_in(request: HttpRequest, form: InputForm) -> TrafficInput | None:
    """Keep the file of the form; where something is wrong with it, that stands at its field."""
    if not form.is_valid():
        return None
    file: UploadedFile[Any] = form.cleaned_data["file"]
    try:
        return uploads.upload(
            actor_of(request),
            form.cleaned_data["kind"],
            form.cleaned_data["name"],
            file.name or "",
            file,
            length_unit=form.cleaned_data["length_unit"],
        )
    except InvalidError as error:
        add_problems(form, error)
        return None


def summary_words(item: TrafficInput) -> str:
    """Say what was read of a file."""
    told = item.summary
    if item.kind == TrafficInput.Kind.NETWORK:
        placed = _("with places on the map") if told["placed"] else _("without places on the map")
        links = ngettext("%(count)s link", "%(count)s links", told["links"]) % {"count": number(told["links"])}
        nodes = ngettext("%(count)s node", "%(count)s nodes", told["nodes"]) % {"count": number(told["nodes"])}
        return f"{links}, {nodes}, {_zones(told['zones'])}, {number(told['km'])} km, {placed}"
    if item.kind == TrafficInput.Kind.TRIPS:
        vehicles = _("%s vehicles in the busiest hour") % number(told["vehicles"])
        return f"{vehicles}, {_zones(told['zones'])}"
    counts = ngettext("%(count)s count", "%(count)s counts", told["counts"]) % {"count": number(told["counts"])}
    links = ngettext("on %(count)s link", "on %(count)s links", told["links"]) % {"count": number(told["links"])}
    hours = _("hours %s") % ", ".join(map(str, told["hours"]))
    return f"{counts} {links}, {hours}"


def _zones(count: int) -> str:
    return ngettext("%(count)s zone", "%(count)s zones", count) % {"count": number(count)}
