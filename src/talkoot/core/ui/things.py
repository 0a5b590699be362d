"""How a thing is shown: what it is called, its values with unit and origin, when it came and went."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import Text
from talkoot.core.register.models import Thing
from talkoot.core.ui.words import OF_A_KIND, words_of

ASSUMED: Final = "assumed:"
USUAL_FOR: Final = "default for "
NO_UID: Final = "00000000-0000-0000-0000-000000000000"
COMMON: Final = {
    "yes": gettext_lazy("yes"),
    "no": gettext_lazy("no"),
    "limited": gettext_lazy("with limits"),
    "designated": gettext_lazy("made for it"),
    "forward": gettext_lazy("in the direction of the line"),
    "backward": gettext_lazy("against the direction of the line"),
}
# What the rules of assumptions speak of, as the importers write it.
RULE_WORDS: Final = {
    "street lamps": gettext_lazy("light poles"),
    "buildings": gettext_lazy("buildings"),
    "building": gettext_lazy("building"),
    "highway": gettext_lazy("road"),
    "junction": gettext_lazy("junction"),
    "oneway": gettext_lazy("one-way"),
    "maxspeed": gettext_lazy("speed limit"),
    "min_level": gettext_lazy("lowest storey"),
    "levels": gettext_lazy("storeys"),
    "height": gettext_lazy("height"),
}
# UCUM codes as people write them; every other code stands as it is.
UNITS: Final = {
    **{"1": "", "m2": "m²", "m3": "m³", "Cel": "°C", "%": "%", "deg": "°", "min": "min", "h": "h"},
    **{"{EUR}": "€", "{EUR}/h": "€/h"},
}


def kind_title(kind: str) -> str:
    """Return the name of a kind in the active language."""
    found = kinds().get(kind)
    return str(found.name) if found else kind


def kind_plural(kind: str) -> str:
    """Return the name of many of a kind in the active language."""
    found = kinds().get(kind)
    return str(found.plural) if found else kind


def title_of(thing: Thing) -> str:
    """Return what a thing is called: its name, else its kind and its number in the source."""
    return named(thing.name, thing.kind, thing.external_id, thing.uid)


def named(name: Text, kind: str, external_id: str, uid: UUID) -> str:
    """Return a thing's title of its parts, where the whole row is not at hand."""
    if name:
        return str(name)
    number = external_id.rsplit("/", 1)[-1] if external_id else str(uid)[-6:]
    return f"{kind_title(kind)} {number}"


def address_of(uid: UUID | str) -> str:
    """Return the address of a thing's page in the active language."""
    return _address(get_language()).replace(NO_UID, str(uid))


@lru_cache(maxsize=16)
def _address(language: str | None) -> str:
    """Return the address with a uid to be replaced: lists have too many rows to resolve each one's anew."""
    return reverse("ui:thing", kwargs={"uid": NO_UID})


def added_at(uid: UUID) -> datetime:
    """Return when a thing was added: the milliseconds that begin its identifier (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((uid.int >> 80) / 1000, UTC)


def unit_words(code: str) -> str:
    """Return a UCUM unit as people write it."""
    return UNITS.get(code, code)


def value_words(value: Any, kind: str = "") -> Any:
    """Return a value in words of the active language where it is one of the register's common words.

    `kind` is that of the thing whose value it is. Several words with semicolons between them are a list.
    """
    if isinstance(value, bool):
        return str(COMMON["yes" if value else "no"])
    if isinstance(value, str) and ";" in value and " " not in value:
        value = value.split(";")
    if isinstance(value, list):
        return ", ".join(str(value_words(item, kind)) for item in value)
    if not isinstance(value, str):
        return value
    common = COMMON.get(value) if (kind, value) not in OF_A_KIND else None
    return str(common) if common is not None else words_of(value, get_language() or "fi", kind)


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """An attribute as a page shows it: label, value, unit, and where the value comes from."""

    code: str
    label: str
    value: Any
    unit: str
    origin: str
    assumed: bool
    url: str = ""


def label_of(kind: str, attribute: str) -> str:
    """Return the label of an attribute of a kind in the active language."""
    schema = attribute_schemas(kind).get(attribute, {})
    name = Text.of(schema.get("x-name")) if schema.get("x-name") else Text()
    return name.in_language(get_language()) or schema.get("title") or attribute.replace("_", " ")


def attribute_schemas(kind: str) -> Mapping[str, Any]:
    """Return the JSON Schema of every attribute of a kind."""
    found = kinds().get(kind)
    properties: Mapping[str, Any] = found.schema.get("properties", {}) if found else {}
    return properties


def attribute_rows(
    kind: str, attributes: Mapping[str, Any], provenance: Mapping[str, str], source: str, sources: Mapping[str, str]
) -> list[AttributeRow]:
    """Return the attributes in the order of the kind's schema, then what the schema does not name.

    `source` is the name of the thing's own source, `sources` names others by code.
    """
    schemas = attribute_schemas(kind)
    order = [code for code in schemas if code in attributes] + sorted(set(attributes) - set(schemas))
    return [
        _attribute_row(kind, code, attributes[code], provenance.get(code, ""), schemas.get(code, {}), source, sources)
        for code in order
    ]


def _attribute_row(
    kind: str,
    code: str,
    value: Any,
    origin: str,
    schema: Mapping[str, Any],
    source: str,
    sources: Mapping[str, str],
) -> AttributeRow:
    assumed = origin.startswith(ASSUMED)
    if assumed:
        words = _("Assumed: %(rule)s") % {"rule": rule_words(origin.removeprefix(ASSUMED))}
    else:
        words = sources.get(origin, origin) or source
    is_address = isinstance(value, str) and value.startswith(("https://", "http://"))
    return AttributeRow(
        code=code,
        label=label_of(kind, code),
        value=value if is_address else value_words(value, kind),
        unit=unit_words(schema.get("x-unit", "")),
        origin=words,
        assumed=assumed,
        url=value if is_address else "",
    )


def rule_words(rule: str) -> str:
    """Return the rule of an assumption in words of the active language; an unknown one as it is written."""
    subject = rule.removeprefix(USUAL_FOR)
    if subject != rule:
        words = ", ".join(_condition_words(part) for part in subject.split(", "))
        return _("the usual value for %(subject)s") % {"subject": words}
    formula, _for, condition = rule.partition(" for ")
    words = _condition_words(formula) if "=" in formula else _formula_words(formula)
    return f"{words} ({_condition_words(condition)})" if condition else words


def _formula_words(formula: str) -> str:
    """Return a rule's formula, such as levels*3.2+1, in words of the active language."""
    for code, word in RULE_WORDS.items():
        formula = re.sub(rf"\b{code}\b", str(word), formula)
    return formula.replace("*", " × ").replace("+", " + ").replace("_", " ")


def _condition_words(condition: str) -> str:
    """Return a condition of a rule, such as building=retail, in words of the active language."""
    code, equals, value = condition.partition("=")
    subject = str(RULE_WORDS.get(code, code.replace("_", " ")))
    return f"{subject}: {value_words(value)}" if equals else subject


@dataclass(frozen=True, slots=True)
class ThingLink:
    """A thing as a list names it."""

    title: str
    what: str
    url: str


def thing_link(thing: Thing) -> ThingLink:
    """Return a thing as a list names it."""
    return ThingLink(title_of(thing), kind_title(thing.kind), address_of(thing.uid))


def thing_links(things: Iterable[Thing]) -> list[ThingLink]:
    """Return things as a list names them."""
    return [thing_link(thing) for thing in things]
