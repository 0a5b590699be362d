"""The form in which staff confirm how a file's columns become things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import LANGUAGES
from talkoot.core.register.importing import Description
from talkoot.core.register.importing.formats import CSV
from talkoot.core.ui.things import label_of, unit_words

COLUMN: Final = "column-"
UNIT: Final = "unit-"
# Licences that a city most often gives its own data under, as SPDX identifiers.
LICENCES: Final = ("CC-BY-4.0", "CC0-1.0", "ODbL-1.0", "CC-BY-SA-4.0")


class MappingForm(forms.Form):
    """Source, identifier, names, place and attributes: each a column of the file."""

    def __init__(self, described: Description, data: Any = None) -> None:
        guess = described.guess
        super().__init__(data, initial=_initial(guess))
        self.kind: str = guess["kind"]
        self.columns = [("", "–"), *((column, column) for column in described.columns)]
        self.has_place_columns = described.format == CSV
        self.fixed = {key: guess[key] for key in ("layer",) if key in guess}
        self._add_source()
        self._add_identity()
        if self.has_place_columns:
            self._add_place()
        for code in kinds()[self.kind].schema.get("properties", {}):
            self._add_attribute(code)

    def _column(self, label: str, *, required: bool = False, help_text: str = "") -> forms.ChoiceField:
        return forms.ChoiceField(choices=self.columns, label=label, required=required, help_text=help_text)

    def _add_source(self) -> None:
        self.fields["source_name"] = forms.CharField(label=_("Name of the source"), max_length=200)
        self.fields["source_code"] = forms.SlugField(
            label=_("Code of the source"),
            max_length=60,
            help_text=_("Importing again under the same code updates what was imported before."),
        )
        licences = [("", "–"), *((licence, licence) for licence in LICENCES)]
        self.fields["licence"] = forms.ChoiceField(
            choices=licences, label=_("Licence"), help_text=_("On what terms others may use the data.")
        )
        self.fields["attribution"] = forms.CharField(label=_("Attribution"), max_length=200, required=False)

    def _add_identity(self) -> None:
        self.fields["id"] = self._column(
            _("Identifier"), required=True, help_text=_("The column that tells the rows apart and stays the same.")
        )
        labels = {"fi": _("Name in Finnish"), "sv": _("Name in Swedish"), "en": _("Name in English")}
        for language in LANGUAGES:
            self.fields[f"name_{language}"] = self._column(labels[language])

    def _add_place(self) -> None:
        self.fields["x"] = self._column(_("East or longitude"))
        self.fields["y"] = self._column(_("North or latitude"))
        self.fields["wkt"] = self._column(_("Place as well-known text (WKT)"))
        self.fields["crs"] = forms.CharField(
            label=_("Coordinate system"), max_length=40, required=False, help_text=_("Such as EPSG:3067 or EPSG:4326.")
        )

    def _add_attribute(self, code: str) -> None:
        self.fields[COLUMN + code] = self._column(label_of(self.kind, code))
        unit = unit_words(kinds()[self.kind].schema["properties"][code].get("x-unit", ""))
        if unit:
            self.fields[UNIT + code] = forms.CharField(
                label=_("%(attribute)s: unit in the file") % {"attribute": label_of(self.kind, code)},
                help_text=_("Only where it is not %(unit)s.") % {"unit": unit},
                max_length=20,
                required=False,
            )

    def mapping(self) -> dict[str, Any]:
        """Return the mapping as the importer takes it."""
        given = self.cleaned_data
        made: dict[str, Any] = {
            "kind": self.kind,
            "source": {
                "code": given["source_code"],
                "name": given["source_name"],
                "licence": given["licence"],
                "attribution": given["attribution"],
            },
            "id": given["id"],
            **self.fixed,
        }
        names = {language: given[f"name_{language}"] for language in LANGUAGES if given[f"name_{language}"]}
        if names:
            made["name"] = names
        if place := {part: given[part] for part in ("x", "y", "wkt") if given.get(part)}:
            made |= {"geometry": place, "crs": given["crs"]}
        if attributes := dict(self._attributes()):
            made["attributes"] = attributes
        return made

    def _attributes(self) -> Any:
        for name, column in self.cleaned_data.items():
            if name.startswith(COLUMN) and column:
                code = name.removeprefix(COLUMN)
                unit = self.cleaned_data.get(UNIT + code, "")
                yield code, {"column": column, "unit": unit} if unit else column


def _initial(guess: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values out of a proposed mapping."""
    source = guess["source"]
    initial: dict[str, Any] = {
        "source_name": source["name"],
        "source_code": source["code"],
        "licence": source["licence"],
        "id": guess["id"],
        "crs": guess.get("crs", ""),
        **{f"name_{language}": column for language, column in guess.get("name", {}).items()},
        **guess.get("geometry", {}),
    }
    for code, value in guess.get("attributes", {}).items():
        column, unit = (value, "") if isinstance(value, str) else (value["column"], value.get("unit", ""))
        initial |= {COLUMN + code: column, UNIT + code: unit}
    return initial


def field_names(form: MappingForm) -> dict[str, str]:
    """Return the form's field of each field of a mapping, so that what is wrong shows beside it."""
    names = {"source.code": "source_code", "source.name": "source_name", "source.licence": "licence"}
    names |= {f"geometry.{part}": part for part in ("x", "y", "wkt")}
    names |= {f"name.{language}": f"name_{language}" for language in LANGUAGES}
    for name in form.fields:
        if name.startswith(COLUMN):
            names[f"attributes.{name.removeprefix(COLUMN)}"] = name
        if name.startswith(UNIT):
            names[f"attributes.{name.removeprefix(UNIT)}.unit"] = name
    return names
