"""Forms of the core's pages: a thing's form is made from the JSON Schema of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from django import forms
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.register.models import Thing
from talkoot.core.ui.templatetags.ui import number
from talkoot.core.ui.things import attribute_schemas, label_of, unit_words, value_words

ATTRIBUTE: Final = "attribute-"
LONGEST_FREE: Final = 20_000


def add_problems(form: forms.Form, error: InvalidError, fields: Mapping[str, str] | None = None) -> None:
    """Show what a service found wrong at the form's own fields; `fields` gives their names where they differ."""
    for problem in error.problems:
        name = (fields or {}).get(problem.field, problem.field)
        words = f"{problem.message} {problem.fix}".strip()
        if name in form.fields:
            form.add_error(name, words)
        else:
            form.add_error(None, f"{problem.field}: {words}" if problem.field else words)


def schema_field(schema: Mapping[str, Any], label: str, help_text: str = "") -> forms.Field:
    """Return the form field of a property by its JSON Schema: its type, bounds, choices and unit."""
    unit = unit_words(schema.get("x-unit", ""))
    common: dict[str, Any] = {"label": f"{label} ({unit})" if unit else label, "required": False}
    common["help_text"] = f"{help_text} {_between(schema)}".strip()
    if "enum" in schema:
        choices = [("", "–"), *((value, value_words(value)) for value in schema["enum"])]
        return forms.ChoiceField(choices=choices, **common)
    bounds: dict[str, Any] = {"min_value": schema.get("minimum"), "max_value": schema.get("maximum")}
    if schema.get("type") == "number":
        widget = AmountInput(attrs={"step": "any", "inputmode": "decimal"})
        return forms.FloatField(widget=widget, **bounds, **common)
    if schema.get("type") == "integer":
        return forms.IntegerField(**bounds, **common)
    if schema.get("type") == "boolean":
        choices = [("", "–"), ("true", _("yes")), ("false", _("no"))]
        return forms.TypedChoiceField(choices=choices, coerce=lambda value: value == "true", empty_value=None, **common)
    return forms.CharField(max_length=schema.get("maxLength", 1000), **common)


class AmountInput(forms.NumberInput):
    """A field for a number that shows a whole one without decimals, as people write it."""

    def format_value(self, value: Any) -> str | None:
        """Return what stands in the field."""
        whole = isinstance(value, float) and value.is_integer()
        words: str | None = super().format_value(int(value) if whole else value)
        return words


def _between(schema: Mapping[str, Any]) -> str:
    if "minimum" not in schema or "maximum" not in schema:
        return ""
    return _("Between %(least)s and %(most)s.") % {
        "least": number(schema["minimum"]),
        "most": number(schema["maximum"]),
    }


class ThingForm(forms.Form):
    """Names, place and attributes of a thing. `recorded_at` tells whether somebody else changed it meanwhile."""

    recorded_at = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, thing: Thing, data: Any = None) -> None:
        self.thing = thing
        self.schemas = attribute_schemas(thing.kind)
        super().__init__(data, initial=self._initial(thing))
        labels = {"fi": _("Name in Finnish"), "sv": _("Name in Swedish"), "en": _("Name in English")}
        for language in LANGUAGES:
            self.fields[f"name_{language}"] = forms.CharField(label=labels[language], max_length=200, required=False)
        if self._is_point(thing):
            for code, label, bound in (("lon", _("Longitude (°)"), 180), ("lat", _("Latitude (°)"), 90)):
                widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
                self.fields[code] = forms.FloatField(label=label, min_value=-bound, max_value=bound, widget=widget)
        for code, schema in self.schemas.items():
            self.fields[ATTRIBUTE + code] = schema_field(schema, label_of(thing.kind, code))
        if not self.schemas:
            self.fields["free"] = forms.CharField(
                label=_("Attributes"),
                help_text=_('As a JSON object, such as {"colour": "red"}.'),
                widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
                max_length=LONGEST_FREE,
                required=False,
            )

    @staticmethod
    def _is_point(thing: Thing) -> bool:
        return thing.geometry is not None and thing.shape.geom_type == "Point"

    def _initial(self, thing: Thing) -> dict[str, Any]:
        initial: dict[str, Any] = {"recorded_at": thing.recorded_at.isoformat()}
        initial |= {f"name_{language}": getattr(thing.name, language) for language in LANGUAGES}
        if self._is_point(thing):
            initial |= {"lon": thing.shape.x, "lat": thing.shape.y}
        for code, value in thing.attributes.items():
            initial[ATTRIBUTE + code] = str(value).lower() if isinstance(value, bool) else value
        if not self.schemas:
            initial["free"] = msgspec.json.format(msgspec.json.encode(thing.attributes), indent=2).decode()
        return initial

    def clean_free(self) -> dict[str, Any]:
        """Read the free attributes: a JSON object."""
        try:
            value = msgspec.json.decode(self.cleaned_data["free"] or "{}", type=dict[str, Any])
        except msgspec.DecodeError:
            raise forms.ValidationError(_("This is no JSON object.")) from None
        return value

    def attributes(self) -> dict[str, Any]:
        """Return the attributes as the form has them; what the schema does not know stays as it is."""
        if not self.schemas:
            return dict(self.cleaned_data["free"])
        kept = {code: value for code, value in self.thing.attributes.items() if code not in self.schemas}
        given = {code: self.cleaned_data.get(ATTRIBUTE + code) for code in self.schemas}
        return kept | {code: value for code, value in given.items() if value not in (None, "")}

    def changes(self) -> dict[str, Any]:
        """Return what differs from the thing, as `change_thing` takes it (without provenance)."""
        found: dict[str, Any] = {}
        name = Text(**{language: self.cleaned_data[f"name_{language}"] for language in LANGUAGES})
        if name != self.thing.name:
            found["name"] = name
        if (attributes := self.attributes()) != self.thing.attributes:
            found["attributes"] = attributes
        if "lon" in self.fields:
            place = [self.cleaned_data["lon"], self.cleaned_data["lat"]]
            if place != [self.thing.shape.x, self.thing.shape.y]:
                found["geometry"] = {"type": "Point", "coordinates": place}
        return found
