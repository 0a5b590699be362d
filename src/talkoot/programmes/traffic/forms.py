"""Forms of traffic's pages: what a model is made with, and files that are sent in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from talkoot.core.base.programmes import procedures
from talkoot.core.ui.parameters import ParameterForm
from talkoot.programmes.traffic.models import TrafficInput
from talkoot.programmes.traffic.services import MODEL
from talkoot.programmes.traffic.uploads import ENDINGS

INPUTS: Final = ("network", "trips", "counts")
LISTS: Final = ("closed_links", "toll_links")
HOURS: Final = 24


class ModelForm(ParameterForm):
    """The form of a model's parameters: uploads are chosen by name, lists of roads are lines, hours are ticked."""

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(procedures()[MODEL], data)
        sent_in = list(TrafficInput.objects.all())
        for kind in INPUTS:
            self.fields[kind] = _choice(self.fields[kind], kind, sent_in)
        for code in LISTS:
            self.fields[code] = _lines(self.fields[code])
        self.fields["hours"] = _hours(self.fields["hours"])
        self.fields["date"].required = False
        self.fields["date"].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        self.order_fields(["scenario", *INPUTS])
        self.fields["scenario"] = forms.CharField(
            label=_("Name of the scenario"),
            help_text=_("What you call it, such as “Main street closed”."),
            max_length=120,
            required=False,
        )
        self.order_fields(["scenario", *INPUTS])
        for code, value in (initial or {}).items():
            if code in self.fields:
                self.fields[code].initial = "\n".join(value) if code in LISTS else value

    def given(self) -> dict[str, Any]:
        """Return the parameters that were filled in, as the procedure takes them."""
        found = super().given()
        found.pop("scenario", None)
        for code in LISTS:
            found[code] = [line.strip() for line in str(found.get(code, "")).splitlines() if line.strip()]
        found["hours"] = sorted(int(hour) for hour in found["hours"])
        return found


def _choice(field: forms.Field, kind: str, sent_in: Iterable[TrafficInput]) -> forms.Field:
    nothing = {
        "network": _("the register's roads"),
        "trips": _("trips estimated from the city"),
        "counts": _("the city's own counters"),
    }
    choices = [("", nothing[kind]), *((str(item.uid), item.name) for item in sent_in if item.kind == kind)]
    return forms.ChoiceField(label=field.label, choices=choices, required=False)


def _lines(field: forms.Field) -> forms.Field:
    how = _("One on each line.")
    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})
    return forms.CharField(
        label=field.label, help_text=f"{field.help_text} {how}", widget=widget, max_length=40_000, required=False
    )


def _hours(field: forms.Field) -> forms.Field:
    choices = [(str(hour), f"{hour:02d}") for hour in range(HOURS)]
    return forms.MultipleChoiceField(
        label=field.label,
        help_text=field.help_text,
        choices=choices,
        initial=[str(hour) for hour in range(HOURS)],
        widget=forms.CheckboxSelectMultiple,
    )


class InputForm(forms.Form):
    """The form by which a network, trips or counts are sent in."""

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        self.fields["kind"] = forms.ChoiceField(
            label=_("What it holds"), choices=[(kind, kind_words(kind)) for kind in TrafficInput.Kind.values]
        )
        self.fields["name"] = forms.CharField(label=_("Name"), max_length=120)
        endings = ",".join(sorted({ending for known in ENDINGS.values() for ending in known}))
        self.fields["file"] = forms.FileField(label=_("File"), widget=forms.FileInput(attrs={"accept": endings}))
        self.fields["length_unit"] = forms.ChoiceField(
            label=_("Unit of lengths"),
            help_text=_("Only for a network in TNTP, which does not tell it."),
            choices=[(unit, unit) for unit in TrafficInput.Unit.values],
            initial="km",
        )


def kind_words(kind: str) -> str:
    """Return what a file tells of, in words."""
    return {"network": _("Network"), "trips": _("Trips"), "counts": _("Counts")}[kind]
