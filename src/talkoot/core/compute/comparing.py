"""Two runs of one procedure side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.models import ResultSet, Run

Part = Literal["about", "parameter", "input", "summary", "result"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of a comparison: what it is, its value in either run (None where absent), the change of a number."""

    part: Part
    name: str
    first: Any
    second: Any

    @property
    def differs(self) -> bool:
        """Whether the runs differ in this."""
        return bool(self.first != self.second)

    @property
    def change(self) -> float | None:
        """By how much the second is more than the first; None where they are no numbers."""
        if _is_number(self.first) and _is_number(self.second):
            return float(self.second) - float(self.first)
        return None


def compare(run_a: Run, run_b: Run) -> list[Compared]:
    """Return version, scenario, parameters, inputs, summary and results of two runs, line by line.

    Raises InvalidError where they are runs of different procedures.
    """
    if run_a.procedure != run_b.procedure:
        raise InvalidError(
            "run_b",
            _("Its procedure is %(other)s, not %(one)s.") % {"other": run_b.procedure, "one": run_a.procedure},
            _("Choose two runs of one procedure."),
        )
    return [
        Compared("about", "version", run_a.version, run_b.version),
        Compared("about", "scenario", run_a.scenario, run_b.scenario),
        *_side_by_side("parameter", _flat(run_a.parameters), _flat(run_b.parameters)),
        *_side_by_side("input", run_a.inputs, run_b.inputs),
        *_side_by_side("summary", _flat(run_a.summary), _flat(run_b.summary)),
        *_side_by_side("result", _results(run_a), _results(run_b)),
    ]


def _side_by_side(part: Part, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Compared]:
    for name in dict.fromkeys([*first, *second]):
        yield Compared(part, name, first.get(name), second.get(name))


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _results(run: Run) -> dict[str, Any]:
    lines: dict[str, Any] = {}
    for result in run.results.order_by("name"):
        if result.type == ResultSet.Type.TABLE:
            lines[f"{result.name} (rows)"] = result.rows
        lines[f"{result.name} (digest)"] = result.digest[:16]
    return lines


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
