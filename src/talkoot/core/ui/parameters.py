"""Parameters, inputs and summaries of runs in words: labels and units from the procedure's JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import get_language

from talkoot.core.base.declare import Procedure
from talkoot.core.base.programmes import procedures
from talkoot.core.base.text import Text
from talkoot.core.ui.forms import schema_field
from talkoot.core.ui.things import unit_words, value_words


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A named value with its unit."""

    code: str
    label: str
    value: Any
    unit: str = ""


def label_in(schema: Mapping[str, Any], code: str) -> str:
    """Return the label of a property: its `x-name` by language, its `title`, else its code."""
    name = Text.of(schema["x-name"]) if isinstance(schema.get("x-name"), Mapping) else Text()
    return name.in_language(get_language()) or str(schema.get("title", "")) or code.replace("_", " ")


def help_in(schema: Mapping[str, Any]) -> str:
    """Return the explanation of a property: its `x-help` by language, else its `description`."""
    name = Text.of(schema["x-help"]) if isinstance(schema.get("x-help"), Mapping) else Text()
    return name.in_language(get_language()) or str(schema.get("description", ""))


def parameter_rows(procedure: str, parameters: Mapping[str, Any]) -> list[ValueRow]:
    """Return a run's parameters in the order of the procedure's schema."""
    declared = procedures().get(procedure)
    schemas: Mapping[str, Any] = declared.parameters.get("properties", {}) if declared else {}
    order = [code for code in schemas if code in parameters] + [code for code in parameters if code not in schemas]
    return [
        ValueRow(
            code,
            label_in(schemas.get(code, {}), code),
            value_words(parameters[code]),
            unit_words(schemas.get(code, {}).get("x-unit", "")),
        )
        for code in order
    ]


def summary_label(procedure: str, code: str) -> str:
    """Return the label of a value of a run's summary: the procedure's word for it, else its code in words."""
    declared = procedures().get(procedure)
    name = declared.summary.get(code) if declared else None
    return str(name) if name else code.replace("_", " ")


def summary_rows(procedure: str, summary: Mapping[str, Any]) -> list[ValueRow]:
    """Return the plain values of a run's summary; what is nested is for the programme's own page to show."""
    return [
        ValueRow(code, summary_label(procedure, code), value_words(value))
        for code, value in summary.items()
        if isinstance(value, str | int | float)
    ]


class ParameterForm(forms.Form):
    """The form of a procedure's parameters, made from its schema."""

    def __init__(self, procedure: Procedure, data: Any = None) -> None:
        super().__init__(data)
        required = procedure.parameters.get("required", ())
        for code, schema in procedure.parameters.get("properties", {}).items():
            field = schema_field(schema, label_in(schema, code), help_in(schema))
            field.required = code in required
            field.initial = schema.get("default")
            self.fields[code] = field

    def given(self) -> dict[str, Any]:
        """Return the parameters that were filled in."""
        return {code: value for code, value in self.cleaned_data.items() if value not in (None, "")}
