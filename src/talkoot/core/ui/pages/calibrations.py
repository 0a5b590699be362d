"""How a datastream is calibrated: seen by all who see it, said by those who may."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.services import may, require
from talkoot.core.observations import access
from talkoot.core.observations.calibrations import CALIBRATE, LARGEST, delete_calibration, is_applied, set_calibration
from talkoot.core.observations.models import Calibration, Datastream
from talkoot.core.ui.forms import AmountInput, add_problems
from talkoot.core.ui.incoming import actor_of

PLACE: Final = "calibrations"  # where on a measurement's page


def _number(label: Any, help_text: Any) -> forms.FloatField:
    widget = AmountInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, help_text=help_text, widget=widget, min_value=-LARGEST, max_value=LARGEST)


class CalibrationForm(forms.Form):
    """A calibration: value = raw value times factor plus offset."""

    valid_from = forms.DateTimeField(
        label=gettext_lazy("Valid from"),
        help_text=gettext_lazy("It holds until the next one, also for what was measured already."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"),
    )
    factor = _number(gettext_lazy("Factor"), gettext_lazy("What the raw value is multiplied by; 1 leaves it."))
    offset = _number(gettext_lazy("Offset"), gettext_lazy("What is added to it, in the unit of the measurement."))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("How it was found, such as the reference instrument."),
        max_length=300,
        required=False,
    )

    def clean_factor(self) -> float:
        """Refuse a factor that would make all values one."""
        factor = float(self.cleaned_data["factor"])
        if factor == 0:
            raise forms.ValidationError(_("A factor of 0 would make all values one."))
        return factor


@dataclass(frozen=True, slots=True)
class Panel:
    """What ui/parts/calibrations.html shows; `form` for those alone who may calibrate.

    `is_open`: the form has something to be looked at. `waiting`: what is read is not by these calibrations yet.
    """

    datastream: Datastream
    rows: list[Calibration]
    form: CalibrationForm | None
    is_open: bool
    waiting: bool


def panel(request: HttpRequest, datastream: Datastream, form: CalibrationForm | None = None) -> Panel:
    """Return how a datastream is calibrated; its form has what the address gives of one, such as one deleted now."""
    rows = list(datastream.calibrations.all())
    if not may(actor_of(request), CALIBRATE, datastream) or datastream.is_multi or datastream.sensor.procedure:
        return Panel(datastream, rows, None, False, False)
    shown = form or CalibrationForm(initial=_initial(request.GET))
    is_open = form is not None or "valid_from" in request.GET
    return Panel(datastream, rows, shown, is_open, not is_applied(datastream.pk, rows))


def _initial(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form begins with: what an address gives, else a calibration from now on that changes nothing."""
    moment = _moment(given.get("valid_from", "")) or timezone.now()
    numbers = {"factor": 1.0, "offset": 0.0}
    for name in numbers:
        with contextlib.suppress(ValueError):
            numbers[name] = float(given.get(name, numbers[name]))
    return {"valid_from": timezone.localtime(moment), "note": given.get("note", ""), **numbers}


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return None if found is None or timezone.is_naive(found) or not 1 < found.year < 9999 else found


def calibrations(request: HttpRequest, key: int) -> HttpResponse:
    """The calibrations of a datastream on a page of their own: a new one is sent here, and shown again if wrong."""
    datastream = _visible(request, key)
    form = CalibrationForm(request.POST) if request.method == "POST" else None
    if form is not None:
        require(actor_of(request), CALIBRATE, datastream)
        if form.is_valid() and _set(request, datastream, form):
            messages.success(request, _("Saved. Values from then on are read by this calibration."))
            return redirect(f"{_address(key)}#{PLACE}")
    context = {"calibrations": panel(request, datastream, form), "address": _address(key)}
    return render(request, "ui/calibrations.html", context, status=422 if form is not None else 200)


def _set(request: HttpRequest, datastream: Datastream, form: CalibrationForm) -> bool:
    """Have a calibration set; tell whether it was, else the form says why not."""
    try:
        set_calibration(actor_of(request), datastream, **form.cleaned_data)
    except InvalidError as error:
        add_problems(form, error)
    except ConflictError as error:
        form.add_error(None, str(error))
    return form.is_valid()


@require_POST
def delete(request: HttpRequest, key: int) -> HttpResponse:
    """Take a calibration back; the form then has it, to be saved again."""
    datastream = _visible(request, key)
    require(actor_of(request), CALIBRATE, datastream)
    moment = _moment(request.POST.get("valid_from", ""))
    gone = datastream.calibrations.filter(valid_from=moment).first() if moment else None
    if gone is None:
        messages.error(request, _("There is no calibration from this moment on."))
        return redirect(f"{_address(key)}#{PLACE}")
    delete_calibration(actor_of(request), datastream, valid_from=gone.valid_from)
    messages.success(request, _("Deleted. The form below still has it: save it to have it again."))
    given = {"valid_from": gone.valid_from.isoformat(), "factor": gone.factor, "offset": gone.offset, "note": gone.note}
    return redirect(f"{_address(key)}?{urlencode(given)}#{PLACE}")


def _visible(request: HttpRequest, key: int) -> Datastream:
    seen = access.datastreams(actor_of(request)).select_related("thing", "sensor")
    if (found := seen.filter(pk=key).first()) is None:
        raise NotFoundError(_("There is no such measurement, or it is not open to you."))
    return found


def _address(key: int) -> str:
    return reverse("ui:measurement", kwargs={"key": key})
