"""Runs in words of the active language: what they read, what they leave, what two of them are compared by."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from talkoot.core.base.programmes import kinds, procedures
from talkoot.core.compute.comparing import Compared, Part
from talkoot.core.ui.parameters import parameter_rows, summary_label
from talkoot.core.ui.things import kind_plural, value_words

DIGEST_SHOWN: Final = 12


def input_words(code: str) -> str:
    """Return what a run read: the things of a kind, else its code in words."""
    return kind_plural(code) if code in kinds() else code.replace("_", " ")


def result_words(procedure: str, code: str) -> str:
    """Return what a run left: the procedure's word for it, else its code in words."""
    declared = procedures().get(procedure)
    name = declared.results.get(code) if declared else None
    return str(name) if name else code.replace("_", " ")


def part_words(part: Part) -> str:
    """Return what a line of a comparison belongs to."""
    return {
        "about": _("Run"),
        "parameter": _("Parameter"),
        "input": _("Input"),
        "summary": _("What came out"),
        "result": _("Result"),
    }[part]


def line_words(procedure: str, line: Compared) -> str:
    """Return what a line of a comparison is about, with its unit."""
    if line.part == "parameter":
        [row] = parameter_rows(procedure, {line.name: None})
        return f"{row.label} ({row.unit})" if row.unit else row.label
    if line.part == "summary":
        return summary_label(procedure, line.name)
    if line.part == "input":
        return _("%(name)s: digest") % {"name": input_words(line.name)}
    if line.part == "about":
        return {"version": _("Version of the procedure"), "scenario": _("Scenario")}.get(line.name, line.name)
    code, _space, aspect = line.name.partition(" ")
    name = {"name": result_words(procedure, code)}
    return _("%(name)s: rows") % name if aspect == "(rows)" else _("%(name)s: digest") % name


def line_value(line: Compared, value: Any) -> Any:
    """Return a value of a line as it is shown: words, a number, or the beginning of a digest."""
    if value is None or value == "":
        return "–"
    if line.part == "input" or line.name.endswith("(digest)"):
        return f"{str(value)[:DIGEST_SHOWN]}…"
    if line.part == "about":
        return value
    shown = value_words(value)
    return shown if isinstance(shown, int | float | str) else str(shown)
